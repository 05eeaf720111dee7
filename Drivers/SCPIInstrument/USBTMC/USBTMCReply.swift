import BellModel

/// One reply in the making: several requests, each answered by one transfer, each read in one or more pieces.
///
/// Only a transfer's first packet has a header, and the transfer ends with a short packet. Every length that the device
/// names is held against what it was asked for and what came.
///
/// - SeeAlso: USBTMC 1.0, section 3.3.1.
struct USBTMCReply: Sendable {
    enum Step: Equatable, Sendable {
        /// The transfer goes on: read at most so many bytes.
        case read(Int)
        /// All of the transfer is here, in full packets: the empty one that ends it may follow.
        case readEnd(Int)
        /// The transfer is over, the message is not: ask for more.
        case request
        case complete
    }

    /// Transfers with nothing in them, one after another, that are put up with.
    static let mostEmptyTransfers = 8
    /// Transfers of one message: so many, and one for each 32 bytes of the limit (a full-speed packet has 64).
    private var mostTransfers: Int { 1024 + limit / 32 }
    /// Bytes of a transfer's first read: most replies fit, and Linux makes one request of it (usbfs splits at 16 KiB).
    static let firstPiece = 8 << 10
    /// Bytes of the further reads of a long reply.
    static let laterPiece = 64 << 10

    let limit: Int
    let packet: Int
    let quirks: USBTMCQuirks
    private(set) var message: [UInt8] = []
    private var tag: UInt8 = 0
    private var requested = 0
    private var header: USBTMCHeader?
    /// What came of this transfer, header included.
    private var transfer: [UInt8] = []
    private var emptyTransfers = 0
    private var transfers = 0
    /// An empty packet before a header is passed over so often.
    private var spareEmptyReads = 0
    private var isEnding = false

    /// - Parameters:
    ///   - limit: Bytes of the longest message.
    ///   - packet: Bytes of the endpoint's full packet.
    ///   - isOwedEnd: The last reply's empty packet had not come when it was waited for.
    init(limit: Int, packet: Int, quirks: USBTMCQuirks, isOwedEnd: Bool) {
        self.limit = limit
        self.packet = max(1, packet)
        self.quirks = quirks
        spareEmptyReads = (quirks.contains(.emptyFirstRead) ? 1 : 0) + (isOwedEnd ? 1 : 0)
    }

    /// Bytes that the next request may ask for.
    var wanted: Int { limit - message.count }

    /// Starts a transfer; its first piece is to be read next.
    mutating func requested(_ count: Int, tag: UInt8) -> Step {
        requested = count
        self.tag = tag
        header = nil
        transfer = []
        isEnding = false
        return .read(pieceSize(for: USBTMCHeader.size + count + 3, atMost: USBTMCReply.firstPiece))
    }

    /// Takes what one read gave, `asked` bytes at most.
    ///
    /// - Throws: `instrument.protocol`; the device must then be cleared.
    mutating func take(_ piece: [UInt8], asked: Int) throws(BellError) -> Step {
        if header == nil {
            if piece.isEmpty, spareEmptyReads > 0 {
                spareEmptyReads -= 1
                return .read(asked)
            }
            header = try USBTMCHeader.reply(piece, tag: tag, toleratesTag: quirks.contains(.wrongTags))
        }
        transfer += piece
        if quirks.contains(.headerOnce) { return try takeHeaderOnce(isStuck: piece.isEmpty) }
        let announced = Int(header?.transferSize ?? 0)
        let arrived = transfer.count - USBTMCHeader.size
        guard announced <= requested else {
            throw .usbtmc("the device announces \(announced) bytes where at most \(requested) were asked for")
        }
        guard arrived <= announced + 3 else {
            throw .usbtmc("the device announces \(announced) bytes and sends \(arrived)")
        }
        if arrived >= announced {
            // Only a buffer that was filled leaves open whether a packet follows; else the transfer has ended by itself.
            return !isEnding && piece.count == asked ? ending() : try endTransfer(announced)
        }
        guard !piece.isEmpty, piece.count.isMultiple(of: packet) else {
            throw .usbtmc("the device announces \(announced) bytes and sends \(arrived)")
        }
        return .read(pieceSize(for: announced - arrived + 3, atMost: USBTMCReply.laterPiece))
    }

    /// The packet that would have ended the transfer did not come; the message is whole without it.
    mutating func noEnd() throws(BellError) -> Step { try endTransfer(Int(header?.transferSize ?? 0)) }

    private mutating func ending() -> Step {
        isEnding = true
        return .readEnd(packet)
    }

    private mutating func endTransfer(_ count: Int) throws(BellError) -> Step {
        message += transfer[USBTMCHeader.size...].prefix(count)
        guard case .reply(let isLast, _) = header?.kind, !isLast else { return .complete }
        emptyTransfers = count == 0 ? emptyTransfers + 1 : 0
        guard emptyTransfers < USBTMCReply.mostEmptyTransfers else {
            throw .usbtmc(
                "\(emptyTransfers) transfers with nothing in them followed one another without the message's end")
        }
        transfers += 1
        guard transfers < mostTransfers else {
            throw .usbtmc("\(transfers) transfers brought \(message.count) bytes without the message's end")
        }
        guard message.count < limit else { throw .usbtmc("the reply is longer than \(limit) bytes") }
        return .request
    }

    /// The TransferSize of these devices says too little when the reply is a block; the block's own header is right.
    ///
    /// - Parameter isStuck: The last piece was empty: with another one like it the reply would never end.
    private mutating func takeHeaderOnce(isStuck: Bool) throws(BellError) -> Step {
        let content = transfer.dropFirst(USBTMCHeader.size)
        let block = SCPIBlock.definiteSize(of: content)
        let expected = block ?? Int(header?.transferSize ?? 0)
        guard expected <= requested else {
            throw .usbtmc("the device announces \(expected) bytes where at most \(requested) were asked for")
        }
        guard content.count < expected else {
            message = Array(content.prefix(block.map { $0 + 1 } ?? expected))
            return .complete
        }
        guard !isStuck else {
            throw .usbtmc("the device announces \(expected) bytes and sends \(content.count)")
        }
        return .read(pieceSize(for: expected - content.count + 3, atMost: USBTMCReply.laterPiece))
    }

    /// A multiple of the packet with one to spare, so that an empty packet at the end is taken along.
    private func pieceSize(for count: Int, atMost most: Int) -> Int { (min(count, most) / packet + 1) * packet }
}
