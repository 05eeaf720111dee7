public import BellModel

/// One message of the outcome stream; docs/stream-protocol.md shows every byte.
public enum StreamFrame: Equatable, Sendable {
    /// Certifier → belld. Without a campaign: "here I am", which opens a session. With one: send me everything from
    /// `nextIndex` on; all below is on my disk.
    case want(CampaignID?, session: UInt64, nextIndex: UInt64, credit: StreamCredit)
    /// belld → certifier: the campaign exists and is not finished with.
    case begin(CampaignID, CampaignBegin)
    /// belld → certifier: one arm.
    case outcomes(CampaignID, OutcomesFrame)
    /// belld → certifier: a block is closed; follows the block's last arm.
    case blockEnd(CampaignID, BlockEnd)
    /// belld → certifier: nothing will follow; comes after the last block's end.
    case end(CampaignID, CampaignEnd)
    /// Certifier → belld: all below `nextIndex` is on my disk; `end`: the certificate is, too.
    case acknowledge(CampaignID, session: UInt64, nextIndex: UInt64, end: Bool)
    /// Either way: a frame could not be accepted; `campaign` is nil when it belongs to none.
    case refused(CampaignID?, StreamRefusal)
    /// Certifier → belld each second, answered with the same.
    case alive(session: UInt64)

    /// Version 3 of docs/stream-protocol.md: version 2 told nothing of other plans and anchors.
    public static let version: UInt16 = 3
    /// `BOUT`.
    public static let magic: [UInt8] = [0x42, 0x4f, 0x55, 0x54]
    /// A larger message is malformed.
    public static let maxBytes = 4 << 20

    /// The number on the wire.
    public var type: UInt16 {
        switch self {
        case .want: 1
        case .begin: 2
        case .outcomes: 3
        case .blockEnd: 4
        case .end: 5
        case .acknowledge: 6
        case .refused: 7
        case .alive: 8
        }
    }

    /// The campaign the frame is about, if any.
    public var campaign: CampaignID? {
        switch self {
        case .want(let campaign, _, _, _), .refused(let campaign, _): campaign
        case .begin(let campaign, _), .outcomes(let campaign, _), .blockEnd(let campaign, _), .end(let campaign, _),
            .acknowledge(let campaign, _, _, _):
            campaign
        case .alive: nil
        }
    }
}

extension StreamFrame {
    /// The message's bytes.
    public var encoded: [UInt8] {
        var bytes = Self.magic
        bytes.appendLittleEndian(Self.version)
        bytes.appendLittleEndian(type)
        bytes += campaign?.bytes ?? [UInt8](repeating: 0, count: 16)
        switch self {
        case .want(_, let session, let nextIndex, let credit):
            bytes.appendLittleEndian(session)
            bytes.appendLittleEndian(nextIndex)
            bytes.appendLittleEndian(credit.frames)
            bytes.appendLittleEndian(credit.bytes)
        case .begin(_, let begin): bytes += Array(begin.json.text.utf8)
        case .outcomes(_, let outcomes): outcomes.append(to: &bytes)
        case .blockEnd(_, let block): bytes += Array(block.json.text.utf8)
        case .end(_, let end): bytes += Array(end.json.text.utf8)
        case .acknowledge(_, let session, let nextIndex, let end):
            bytes.appendLittleEndian(session)
            bytes.appendLittleEndian(nextIndex)
            bytes.appendLittleEndian(UInt32(end ? 1 : 0))
            bytes.appendLittleEndian(UInt32(0))
        case .refused(_, let refusal):
            bytes.appendLittleEndian(refusal.reason)
            bytes.appendLittleEndian(UInt16(0))
            bytes += Self.shortened(refusal.text)
        case .alive(let session): bytes.appendLittleEndian(session)
        }
        return bytes
    }

    /// Reads a message from a wire; hostile bytes throw, and never trap.
    ///
    /// - Throws: `stream.malformed`, `stream.version` or `stream.type`.
    public init(decoding bytes: [UInt8]) throws(BellError) {
        guard bytes.count <= Self.maxBytes else {
            throw ByteReader.malformed("it has \(bytes.count) bytes, at most \(Self.maxBytes) are allowed")
        }
        var reader = ByteReader(bytes)
        guard try reader.bytes(4).elementsEqual(Self.magic) else {
            throw ByteReader.malformed("it does not begin with \"BOUT\"")
        }
        let version: UInt16 = try reader.integer()
        guard version == Self.version else {
            throw BellError(
                .streamVersion, "The frame is of version \(version), known is \(Self.version).", at: "outcome stream",
                fix: "use the same version of belld and bellcert")
        }
        let type: UInt16 = try reader.integer()
        let id = CampaignID(bytes: try reader.bytes(16)).flatMap { $0.bytes.allSatisfy { $0 == 0 } ? nil : $0 }
        func campaign() throws(BellError) -> CampaignID {
            guard let id else { throw ByteReader.malformed("a frame of type \(type) must name a campaign") }
            return id
        }
        switch type {
        case 1:
            self = .want(
                id, session: try reader.integer(), nextIndex: try reader.index(),
                credit: StreamCredit(frames: try reader.integer(), bytes: try reader.integer()))
        case 2: self = .begin(try campaign(), try CampaignBegin(json: try reader.json("BEGIN")))
        case 3: self = .outcomes(try campaign(), try OutcomesFrame(reading: &reader))
        case 4: self = .blockEnd(try campaign(), try BlockEnd(json: try reader.json("BLOCK_END")))
        case 5: self = .end(try campaign(), try CampaignEnd(json: try reader.json("END")))
        case 6:
            let session: UInt64 = try reader.integer()
            let next = try reader.index()
            let flags: UInt32 = try reader.integer()
            let _: UInt32 = try reader.integer()
            self = .acknowledge(try campaign(), session: session, nextIndex: next, end: flags & 1 == 1)
        case 7:
            let reason: UInt16 = try reader.integer()
            let _: UInt16 = try reader.integer()
            let text = String(decoding: reader.rest().prefix(StreamRefusal.maxTextBytes), as: UTF8.self)
            self = .refused(id, StreamRefusal(reason: reason, text: text))
        case 8: self = .alive(session: try reader.integer())
        default:
            throw BellError(
                .streamType, "There is no frame type \(type).", at: "outcome stream",
                fix: "use the same version of belld and bellcert")
        }
        try reader.finish()
    }

    /// Whether the bytes claim to be an ERROR frame; such a frame is never answered with another one.
    public static func looksLikeRefusal(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 8 && bytes.starts(with: magic) && bytes[6] == 7 && bytes[7] == 0
    }

    /// Cuts at a character's end, so that the text stays UTF-8.
    private static func shortened(_ text: String) -> [UInt8] {
        var text = text
        while text.utf8.count > StreamRefusal.maxTextBytes {
            text.removeLast(max(1, (text.utf8.count - StreamRefusal.maxTextBytes) / 4))
        }
        return Array(text.utf8)
    }
}
