import DriverKit

/// The simulated source as a USBTMC device with the USB488 functions: the device's side of the protocol as a value.
///
/// - SeeAlso: USBTMC 1.0, sections 3 and 4; USB488 1.0.
public struct USBTMCSource: USBDeviceModel {
    public static let vendor: UInt16 = 0x1209
    public static let product: UInt16 = 0xbe12
    static let bulkOut: UInt8 = 0x01
    static let bulkIn: UInt8 = 0x82
    static let interruptIn: UInt8 = 0x83
    static let packet = 512
    /// Bytes of the longest message that is taken: two of the longest blocks that it gives. What is longer is dropped.
    public static let inputLimit = 8 << 20

    public let descriptors: USBDescriptorSet
    /// The instrument behind the interface.
    public var source: SimulatedSource
    public var faults: Set<SourceFault>
    /// The most payload bytes of one bulk IN transfer; longer answers take several requests.
    public var mostReplyBytes: Int

    /// A bulk OUT transfer of which more is to come.
    struct Incoming {
        var tag: UInt8
        var payloadLeft: Int
        var isLast: Bool
    }

    /// REQUEST_DEV_DEP_MSG_IN that waits for an answer.
    struct Request {
        var tag: UInt8
        var most: Int
        var terminator: UInt8?
    }

    /// A bulk IN transfer under way.
    struct Outgoing {
        var tag: UInt8
        var bytes: [UInt8]
        var sent = 0
        /// What comes after this many bytes never comes.
        var stopsAfter: Int?
    }

    var incoming: Incoming?
    var message: [UInt8] = []
    /// The message under way is longer than ``inputLimit``; what still comes of it is dropped.
    var isOverrun = false
    var transfers = 0
    var request: Request?
    var outgoing: Outgoing?
    /// A bulk IN transfer has to be ended with an empty packet.
    var owesEmptyPacket = false
    /// Answers that nobody has fetched; more than one only with a late one.
    var answers: [[UInt8]] = []
    /// Answers so far; faults count by it.
    public var replies = 0
    var late: (answer: [UInt8], until: SourceFault.Waker)?
    /// A late answer has come; the next message does not drop it as it should.
    var hasStale = false
    var isEndless = false
    /// Tag of a bulk OUT transfer that is not taken.
    var deafTag: UInt8?
    /// How often CHECK_… will still say PENDING.
    var pendingChecks = 0
    var notifications: [[UInt8]] = []
    var isRequestingService = false
    public internal(set) var isRemote = false
    public internal(set) var indications = 0

    /// - Parameter hasInterrupt: With an interrupt endpoint status bytes and service requests come there.
    public init(
        source: SimulatedSource = SimulatedSource(), faults: Set<SourceFault> = [], mostReplyBytes: Int = 1 << 20,
        hasInterrupt: Bool = true
    ) {
        self.source = source
        self.faults = faults
        self.mostReplyBytes = max(1, mostReplyBytes)
        var endpoints = [
            USBEndpoint(address: USBTMCSource.bulkOut, kind: .bulk, maximumPacket: USBTMCSource.packet),
            USBEndpoint(address: USBTMCSource.bulkIn, kind: .bulk, maximumPacket: USBTMCSource.packet),
        ]
        if hasInterrupt {
            // 2^(4 − 1) microframes: 1 ms.
            endpoints.append(
                USBEndpoint(address: USBTMCSource.interruptIn, kind: .interrupt, maximumPacket: 2, interval: 4))
        }
        descriptors = USBDescriptorSet(
            vendor: USBTMCSource.vendor, product: USBTMCSource.product, manufacturer: "belld simulated",
            productName: "Microwave source", serial: source.serial,
            interfaces: [
                .init(number: 0, classCode: 0xFE, subclass: 0x03, protocolCode: 0x01, endpoints: endpoints)
            ])
    }

    var hasInterrupt: Bool { descriptors.interfaces[0].endpoints.count > 2 }

    // MARK: Bulk OUT

    public mutating func wrote(_ bytes: [UInt8], to endpoint: UInt8) -> USBWriteAnswer {
        guard endpoint == USBTMCSource.bulkOut else { return .stall }
        if deafTag != nil { return .wait }
        if incoming != nil { return continueTransfer(bytes[...]) }
        // The padding of a transfer whose last payload byte filled the piece before.
        if bytes.count < 4 { return .taken }
        transfers += 1
        if faults.remove(.stallOut(transfer: transfers)) != nil {
            dropMessage()
            return .stall
        }
        guard bytes.count >= 12, bytes[1] != 0, bytes[2] == 255 - bytes[1] else { return .stall }
        if faults.remove(.deafOut(transfer: transfers)) != nil {
            deafTag = bytes[1]
            return .wait
        }
        let size = (4..<8).reduce(0) { $0 + Int(bytes[$1]) << (8 * ($1 - 4)) }
        switch bytes[0] {
        case 1:
            incoming = Incoming(tag: bytes[1], payloadLeft: size, isLast: bytes[8] % 2 == 1)
            return continueTransfer(bytes[12...])
        case 2:
            guard bytes.count == 12 else { return .stall }
            request = Request(tag: bytes[1], most: size, terminator: bytes[8] & 2 == 0 ? nil : bytes[9])
        case 128: source.trigger()
        default: return .stall
        }
        return .taken
    }

    /// Hosts send one transfer in several pieces; only the first has a header.
    private mutating func continueTransfer(_ bytes: ArraySlice<UInt8>) -> USBWriteAnswer {
        guard var transfer = incoming else { return .stall }
        let payload = bytes.prefix(transfer.payloadLeft)
        collect(payload)
        transfer.payloadLeft -= payload.count
        incoming = transfer
        guard transfer.payloadLeft == 0 else { return .taken }
        incoming = nil
        if transfer.isLast { execute() }
        return .taken
    }

    /// SCPI-1999, volume 2, section 21.8.11: -363 is an input buffer overrun. Said once a message.
    private mutating func collect(_ payload: ArraySlice<UInt8>) {
        guard !isOverrun else { return }
        guard payload.count <= USBTMCSource.inputLimit - message.count else {
            message = []
            isOverrun = true
            source.note(-363, "Input buffer overrun")
            return checkService()
        }
        message += payload
    }

    mutating func dropMessage() {
        message = []
        isOverrun = false
    }

    private mutating func execute() {
        guard !isOverrun else { return dropMessage() }
        let text = message
        message = []
        // IEEE 488.2, section 6.3.2.3: a new message while an answer waits is an error, and the answer is dropped.
        if !answers.isEmpty, !hasStale {
            answers = []
            request = nil
            source.note(-410, "Query INTERRUPTED")
        }
        let isNewline = text.last == UInt8(ascii: "\n")
        if let answer = source.take(isNewline ? text.dropLast() : text) { queue(answer) }
        checkService()
    }

    private mutating func queue(_ answer: [UInt8]) {
        replies += 1
        if faults.remove(.hang(reply: replies)) != nil { return }
        for waker in [SourceFault.Waker.abort, .clear] where faults.remove(.late(reply: replies, until: waker)) != nil {
            late = (answer, waker)
            return
        }
        answers.append(answer)
    }

    /// Lets a late answer come.
    mutating func wake(_ waker: SourceFault.Waker) {
        guard let (answer, until) = late, until == waker else { return }
        late = nil
        answers.append(answer)
        hasStale = true
    }

    // MARK: Bulk IN

    public mutating func read(_ count: Int, from endpoint: UInt8) -> USBReadAnswer {
        if endpoint == USBTMCSource.interruptIn {
            return notifications.isEmpty ? .wait : .data(notifications.removeFirst())
        }
        guard endpoint == USBTMCSource.bulkIn else { return .stall }
        if isEndless { return .data([0x55]) }
        if owesEmptyPacket {
            owesEmptyPacket = false
            return .data([])
        }
        if outgoing == nil { beginReply() }
        if isEndless { return .data([0x55]) }
        if faults.remove(.stallIn(reply: replies)) != nil, outgoing != nil {
            outgoing = nil
            answers = []
            return .stall
        }
        guard var reply = outgoing else { return .wait }
        let end = min(reply.bytes.count, reply.stopsAfter ?? reply.bytes.count)
        guard reply.sent < end else { return .wait }
        let piece = reply.bytes[reply.sent..<min(end, reply.sent + count)]
        reply.sent += piece.count
        outgoing = reply
        if reply.sent == reply.bytes.count {
            outgoing = nil
            // The piece filled the host's buffer: the host cannot know that it was the last one.
            owesEmptyPacket = piece.count == count && reply.bytes.count.isMultiple(of: USBTMCSource.packet)
        }
        return .data(Array(piece))
    }

    private mutating func beginReply() {
        guard let request, let answer = answers.first else { return }
        var payload = answer.prefix(min(request.most, mostReplyBytes))
        var flags: UInt8 = 0
        if let terminator = request.terminator, let place = payload.firstIndex(of: terminator) {
            payload = payload[...place]
            flags |= 2
        }
        let isLast = payload.count == answer.count
        if isLast { flags |= 1 }
        answers[0] = Array(answer.dropFirst(payload.count))
        if isLast {
            answers.removeFirst()
            if answers.isEmpty { hasStale = false }
        }
        self.request = nil
        if faults.remove(.endlessPackets(reply: replies)) != nil {
            isEndless = true
            return
        }
        var tag = request.tag
        if faults.remove(.wrongTag(reply: replies)) != nil { tag = tag == 1 ? 255 : tag - 1 }
        var announced = payload.count
        for case .wrongSize(replies, let difference) in faults {
            announced = max(0, announced + difference)
            faults.remove(.wrongSize(reply: replies, by: difference))
        }
        var bytes: [UInt8] = [2, tag, 255 - tag, 0]
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(announced >> shift & 255)) }
        bytes += [flags, 0, 0, 0]
        bytes += payload
        while bytes.count % 4 != 0 { bytes.append(0) }
        outgoing = Outgoing(tag: request.tag, bytes: bytes)
        for case .stop(replies, let count) in faults {
            outgoing?.stopsAfter = count
            faults.remove(.stop(reply: replies, after: count))
        }
    }

    // MARK: Service

    /// Asks for service once when the status begins to want it.
    mutating func checkService() {
        let wants = source.wantsService(isAnswerWaiting: !answers.isEmpty)
        if wants, !isRequestingService, hasInterrupt {
            notify([0x81, source.statusByte(isAnswerWaiting: !answers.isEmpty) | 0x40])
        }
        isRequestingService = wants
    }

    mutating func notify(_ bytes: [UInt8]) { if notifications.count < 16 { notifications.append(bytes) } }

    // MARK: Reset

    public mutating func clearedHalt(_ endpoint: UInt8) {}

    public mutating func reset() {
        forget()
        notifications = []
        isEndless = false
        faults.remove(.refuseClear)
        late = nil
    }

    /// Empties input and output.
    mutating func forget() {
        incoming = nil
        dropMessage()
        request = nil
        outgoing = nil
        answers = []
        hasStale = false
        owesEmptyPacket = false
        deafTag = nil
        pendingChecks = 0
    }
}
