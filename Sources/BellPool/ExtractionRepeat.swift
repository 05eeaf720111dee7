import BellCrypto
public import BellModel

extension BellError.Code {
    /// An extraction that was repeated gave other bits, or has another recipe.
    public static let poolMismatch = BellError.Code("pool.mismatch", exit: .dataIntegrity)
}

/// Repeats an extraction from the evidence and source two, and compares everything with its recipe.
public struct ExtractionRepeat {
    public let extraction: CampaignExtraction
    /// The certified bits, packed.
    public let bits: [UInt8]

    /// - Parameters:
    ///   - recipe: As it was stored.
    ///   - second: `second-source.bin` as it was stored.
    ///   - bits: `bits.bin` as it was stored; nil where it is not to be compared.
    ///   - place: Names the recipe in errors.
    /// - Throws: `pool.mismatch` with each member that differs; `pool.damaged` when the recipe cannot be read.
    public init(
        _ evidence: PoolEvidence, recipe: JSON, second: [UInt8], at place: String,
        progress: @escaping (Double) -> Void = { _ in }
    ) throws(BellError) {
        let order: ExtractionOrder
        do throws(BellError) {
            order = try ExtractionOrder(recipe: recipe)
        } catch {
            throw BellError(
                .poolDamaged, "The recipe is none of a campaign.", at: place, cause: error.what,
                fix: "restore the file from a copy")
        }
        extraction = try CampaignExtraction(evidence, order: order)
        let stored = recipe["source_two"]?.stringValue
        guard second.count == extraction.secondBytes, Blake2b.hash(second).description == stored else {
            throw BellError(
                .poolMismatch, "Source two is not the one of the recipe.", at: place,
                cause: "it has \(second.count) bytes and the digest \(Blake2b.hash(second).short)…; the recipe's has "
                    + "\(extraction.secondBytes) and \(stored.map { String($0.prefix(8)) } ?? "none")…",
                fix: "give second-source.bin as it was written with the recipe")
        }
        try order.second.check(second)
        let (bits, found) = try extraction.run(second: second, progress: progress)
        let members = Set(found.objectValue?.keys.map { $0 } ?? []).union(recipe.objectValue?.keys.map { $0 } ?? [])
        let differing = members.filter { Self.compared(found, $0) != Self.compared(recipe, $0) }.sorted()
        guard differing.isEmpty else {
            throw BellError(
                .poolMismatch, "The extraction was repeated, and the recipe says otherwise.", at: place,
                cause: "other: \(differing.joined(separator: ", "))", state: "the repeated bits were not written",
                fix: "restore the recipe and the campaign's evidence from a copy")
        }
        self.bits = bits
    }

    /// A member as text; of the assumptions their names, because their words may be put better one day.
    private static func compared(_ recipe: JSON, _ member: String) -> String? {
        guard member == "assumptions", let all = recipe[member]?.objectValue else { return recipe[member]?.text }
        return all.keys.sorted().joined(separator: " ")
    }
}
