import BellCrypto
import BellHost
public import BellModel

extension Pool {
    /// The bits of a withdrawal, packed from bit 7 of byte 0, MSB first; the last byte is padded with zeros.
    ///
    /// Reads nothing but the bytes in which they lie. Only what ``PoolLedger/take(bits:from:purpose:)`` has committed can
    /// be asked for.
    /// - Throws: `pool.damaged` when the file is too short, `file.missing`, `file.access`.
    public func read(_ withdrawal: Withdrawal) throws(BellError) -> [UInt8] {
        precondition(withdrawal.campaign == campaign, "a withdrawal from another pool")
        let end = withdrawal.first + withdrawal.count
        guard end <= bits else { throw damaged("Bit \(end - 1) of \(bits) was asked for.") }
        let bytes = try readBytes(from: withdrawal.first / 8, to: (end + 7) / 8)
        let shift = UInt8(withdrawal.first % 8)
        let count = Int((withdrawal.count + 7) / 8)
        var packed = (0..<count).map { i -> UInt8 in
            let next = i + 1 < bytes.count ? bytes[i + 1] : 0
            return shift == 0 ? bytes[i] : bytes[i] << shift | next >> (8 - shift)
        }
        let rest = withdrawal.count % 8
        // What lies behind the last bit belongs to somebody else.
        if rest != 0 { packed[count - 1] &= ~(0xff >> UInt8(rest)) }
        return packed
    }

    /// Checks that the bits, the recipe and the ledger belong to each other, before a bit is given.
    ///
    /// Hashes the whole file, in pieces.
    /// - Throws: `pool.damaged` with what does not fit.
    public func check() throws(BellError) {
        guard fileExists(files.recipe) else {
            throw damaged(
                "The pool has no recipe.", cause: "its extraction was interrupted, or the file was removed",
                fix: "run `bellctl campaign extract \(campaign)` again")
        }
        let recipe = try PoolRecipe(reading: files.recipe)
        guard recipe.campaign == campaign, recipe.bits == bits, recipe.digest == digest,
            recipe.isSimulated == isSimulated
        else { throw damaged("The recipe is not the one with which this pool was made.", at: files.recipe) }
        guard fileExists(files.bits) else { throw damaged("The pool's bits are gone.") }
        let file = try BitFile(files.bits)
        guard file.size == (bits + 7) / 8 else {
            throw damaged("The pool's bits have \(file.size) bytes; \(bits) bits have \((bits + 7) / 8).")
        }
        var hash = Blake2b()
        try file.pieces { hash.update($0) }
        let found = hash.finish()
        guard found == digest else {
            throw damaged("The pool's bits have the digest \(found.short)…; the recipe says \(digest.short)….")
        }
    }

    private func readBytes(from first: UInt64, to end: UInt64) throws(BellError) -> [UInt8] {
        let file = try BitFile(files.bits)
        guard file.size >= end else { throw damaged("The pool's bits have \(file.size) bytes; \(end) are needed.") }
        return try file.read(at: first, count: Int(end - first))
    }

    private func damaged(
        _ what: String, at place: String? = nil, cause: String? = nil, fix: String? = nil
    ) -> BellError {
        let again =
            "run `bellctl campaign extract \(campaign)`: it makes the same bits again; or restore the campaign's folder from "
            + "a copy"
        return BellError(
            .poolDamaged, what, at: place ?? files.bits, cause: cause, state: "no bit was given", fix: fix ?? again)
    }
}
