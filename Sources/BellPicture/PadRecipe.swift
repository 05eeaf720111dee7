public import BellModel

extension BellError.Code {
    /// A pad's recipe cannot be read, or belongs to another picture.
    public static let padRecipe = BellError.Code("picture.recipe", exit: .usage)
}

/// What is needed to take a pad off again: which bits they were, never the bits.
///
/// It holds no hash of the picture or of the pad: with one, whoever tries all of them would find the picture.
public struct PadRecipe: Equatable, Sendable {
    /// Where the bits came from.
    public enum Source: Equatable, Sendable {
        /// A file; only its name, because its folder is nobody's business.
        case file(String)
        /// A campaign's bits.
        case campaign(CampaignID, Part)
    }

    /// Which of a campaign's bits.
    public enum Part: Equatable, Sendable {
        /// The outcomes a, b of all trials in their order.
        case outcomes
        /// What its extraction took as source two.
        case secondSource
        /// Certified bits, by the number of their withdrawal in the ledger of pools.
        case withdrawal(Int64)

        /// As recipes say it.
        public var name: String {
            switch self {
            case .outcomes: "outcomes"
            case .secondSource: "second-source"
            case .withdrawal: "certified"
            }
        }
    }

    public var source: Source
    /// The first bit's place in the source.
    public var firstBit: UInt64
    /// Eight a sample.
    public var bits: UInt64
    public var width: Int
    public var height: Int
    public var channels: Int
    /// BLAKE2b-256 of the encrypted picture's samples: tells one encrypted picture from another.
    public var cipher: Digest

    public init(source: Source, firstBit: UInt64, picture: Picture, cipher: Digest) {
        (self.source, self.firstBit, bits) = (source, firstBit, UInt64(picture.bits))
        (width, height, channels, self.cipher) = (picture.width, picture.height, picture.channels, cipher)
    }

    static let kind = "belld picture pad"

    public var json: JSON {
        let place: [String: JSON] =
            switch source {
            case .file(let name): ["file": .string(name)]
            case .campaign(let campaign, .withdrawal(let number)):
                ["campaign": .string(campaign.description), "part": "certified", "withdrawal": .int(number)]
            case .campaign(let campaign, let part):
                ["campaign": .string(campaign.description), "part": .string(part.name)]
            }
        return [
            "kind": .string(PadRecipe.kind), "version": 1,
            "pad": .object(place.merging(["first_bit": JSON(count: firstBit), "bits": JSON(count: bits)]) { $1 }),
            "picture": [
                "width": .int(Int64(width)), "height": .int(Int64(height)), "channels": .int(Int64(channels)),
                "encrypted_blake2b_256": .string(cipher.description),
            ],
        ]
    }

    /// Reads a recipe; every number is bounded.
    ///
    /// - Throws: `picture.recipe` with the member.
    public init(json: JSON, source place: String) throws(BellError) {
        func wrong(_ member: String, _ wanted: String) -> BellError {
            BellError(
                .padRecipe, "The recipe's \(member) is not \(wanted).", at: "\(place): \(member)",
                fix: "give the .pad.json that was written beside the encrypted picture")
        }
        func count(_ group: String, _ name: String, _ range: ClosedRange<UInt64>) throws(BellError) -> UInt64 {
            guard let value = json[group]?[name]?.countValue, range.contains(value) else {
                throw wrong("\(group).\(name)", "a whole number in \(range.lowerBound)...\(range.upperBound)")
            }
            return value
        }
        guard json["kind"] == .string(PadRecipe.kind), json["version"]?.intValue == 1 else {
            throw wrong("kind", "\"\(PadRecipe.kind)\", version 1")
        }
        let side = UInt64(Picture.largestSide)
        width = Int(try count("picture", "width", 1...side))
        height = Int(try count("picture", "height", 1...side))
        channels = Int(try count("picture", "channels", 1...3))
        bits = try count("pad", "bits", 1...UInt64(Picture.mostSamples * 8))
        firstBit = try count("pad", "first_bit", 0...(1 << 48))
        guard bits == UInt64(width * height * channels * 8) else { throw wrong("pad.bits", "eight a sample") }
        guard let digest = json["picture"]?["encrypted_blake2b_256"]?.stringValue.flatMap({ Digest(hex: $0) }) else {
            throw wrong("picture.encrypted_blake2b_256", "64 hexadecimal digits")
        }
        cipher = digest
        if let name = json["pad"]?["file"]?.stringValue, name.utf8.count <= 255 {
            source = .file(name)
        } else if let campaign = json["pad"]?["campaign"]?.stringValue.flatMap({ CampaignID(hex: $0) }) {
            switch json["pad"]?["part"]?.stringValue {
            case "outcomes": source = .campaign(campaign, .outcomes)
            case "second-source": source = .campaign(campaign, .secondSource)
            case "certified":
                source = .campaign(campaign, .withdrawal(Int64(try count("pad", "withdrawal", 1...(1 << 53)))))
            default: throw wrong("pad.part", "outcomes, second-source or certified")
            }
        } else {
            throw wrong("pad", "a file or a campaign")
        }
    }
}
