public import BellModel

/// CAPABILITIES: who a board is and what it can do; its answer to HELLO.
public struct Capabilities: Hashable, Sendable {
    public var node: Node
    public var model: String
    public var serial: String
    public var firmware: String
    /// Everything that the board reports comes from a simulation.
    public var simulated: Bool
    /// Ticks a second.
    public var tickRate: TickRate
    /// Ticks a waveform sample lasts; > 0.
    public var ticksPerSample: UInt32
    /// Output channels.
    public var channels: UInt16
    /// Complex samples that all waveforms of a program may have together.
    public var waveformMemory: UInt32
    /// Events that a program may have.
    public var maxEvents: UInt32
    /// Trial records that the board keeps until they are acknowledged; 1 … 2^24.
    public var spoolTrials: UInt32
    /// The board makes its own input bits, and answers RAW_RNG_REQUEST.
    public var hasRNG: Bool
    /// The board signs chunks, and answers NODE_KEY_REQUEST.
    public var hasSigningKey: Bool
    /// A number that is another one after each start of the board.
    public var bootID: UInt64
    /// The largest payload in bytes that the board takes; 4096 … 1 MiB.
    public var maxFrame: UInt32

    public init(
        node: Node, model: String, serial: String, firmware: String, simulated: Bool, tickRate: TickRate,
        ticksPerSample: UInt32, channels: UInt16, waveformMemory: UInt32, maxEvents: UInt32, spoolTrials: UInt32,
        hasRNG: Bool, hasSigningKey: Bool, bootID: UInt64, maxFrame: UInt32 = UInt32(Frame.maximumPayload)
    ) {
        self.node = node
        self.model = model
        self.serial = serial
        self.firmware = firmware
        self.simulated = simulated
        self.tickRate = tickRate
        self.ticksPerSample = ticksPerSample
        self.channels = channels
        self.waveformMemory = waveformMemory
        self.maxEvents = maxEvents
        self.spoolTrials = spoolTrials
        self.hasRNG = hasRNG
        self.hasSigningKey = hasSigningKey
        self.bootID = bootID
        self.maxFrame = maxFrame
    }
}

extension Capabilities: BoardPayload {
    func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(Frame.version)
        bytes.append(node.rawValue)
        bytes.append((simulated ? 1 : 0) | (hasRNG ? 2 : 0) | (hasSigningKey ? 4 : 0))
        bytes.appendLittleEndian(ticksPerSample)
        bytes.appendLittleEndian(tickRate.numerator)
        bytes.appendLittleEndian(tickRate.denominator)
        bytes.appendLittleEndian(bootID)
        bytes.appendLittleEndian(waveformMemory)
        bytes.appendLittleEndian(maxEvents)
        bytes.appendLittleEndian(spoolTrials)
        bytes.appendLittleEndian(maxFrame)
        bytes.appendLittleEndian(channels)
        bytes.appendZeroes(2)
        bytes.appendText(model)
        bytes.appendText(serial)
        bytes.appendText(firmware)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        guard try reader.integer("version", as: UInt16.self) == Frame.version else { throw reader.bad("version") }
        node = try reader.node()
        let flags = try reader.integer("flags", as: UInt8.self)
        simulated = flags & 1 != 0
        hasRNG = flags & 2 != 0
        hasSigningKey = flags & 4 != 0
        ticksPerSample = try reader.integer("ticks per sample", in: 1...65_535)
        tickRate = try reader.tickRate()
        bootID = try reader.integer("boot id")
        waveformMemory = try reader.integer("waveform memory")
        maxEvents = try reader.integer("event limit")
        spoolTrials = try reader.integer("spool", in: 1...1 << 24)
        maxFrame = try reader.integer("frame limit", in: 4096...UInt32(Frame.maximumPayload))
        channels = try reader.integer("channels")
        try reader.skip(2)
        model = try reader.text("model")
        serial = try reader.text("serial")
        firmware = try reader.text("firmware")
    }
}

extension ByteReader {
    /// Reads a node: 0 alice, 1 bob.
    mutating func node() throws(FrameError) -> Node {
        guard let node = Node(rawValue: try integer("node")) else { throw bad("node") }
        return node
    }

    /// Reads numerator and denominator.
    mutating func tickRate() throws(FrameError) -> TickRate {
        let numerator = try integer("tick rate", as: UInt64.self)
        let denominator = try integer("tick rate", as: UInt64.self)
        guard let rate = TickRate(numerator: numerator, denominator: denominator) else { throw bad("tick rate") }
        return rate
    }
}
