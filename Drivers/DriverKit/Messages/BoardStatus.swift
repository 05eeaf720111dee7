import BellModel

/// STATUS: what a board is doing; the answer to STATUS_REQUEST, and unsolicited at the end of a replay.
public struct BoardStatus: Hashable, Sendable {
    /// The states of a board.
    public enum State: UInt8, CaseIterable, Sendable {
        /// No program is loaded; the outputs are off.
        case idle = 0
        /// A program is loaded; nothing is played.
        case ready = 1
        /// Waits for the arm's first trigger pulse.
        case armed = 2
        /// Runs the arm's trials.
        case running = 3
        /// A hardware fault; only SAFE leads out of it.
        case fault = 4

        /// The name in texts.
        public var name: String { String(describing: self) }
    }

    public var state: State
    /// The reference clock is locked.
    public var clockLocked: Bool
    /// The random number generator passes its health test; true for a board without one.
    public var rngHealthy: Bool
    public var bootID: UInt64
    /// The board's counter now.
    public var tick: UInt64
    /// Records kept because they are not acknowledged.
    public var spoolUsed: UInt32
    /// Records that there is room for; an arm that is not yet over has its room taken already.
    public var spoolFree: UInt32
    /// The arm that is armed or running.
    public var armed: ArmOrder?
    /// The index of the next record that will be made; 0 without an arm.
    public var nextIndex: UInt64

    public init(
        state: State, clockLocked: Bool = true, rngHealthy: Bool = true, bootID: UInt64, tick: UInt64,
        spoolUsed: UInt32, spoolFree: UInt32, armed: ArmOrder? = nil, nextIndex: UInt64 = 0
    ) {
        self.state = state
        self.clockLocked = clockLocked
        self.rngHealthy = rngHealthy
        self.bootID = bootID
        self.tick = tick
        self.spoolUsed = spoolUsed
        self.spoolFree = spoolFree
        self.armed = armed
        self.nextIndex = nextIndex
    }
}

extension BoardStatus: BoardPayload {
    func append(to bytes: inout [UInt8]) {
        bytes.append(state.rawValue)
        bytes.append((clockLocked ? 1 : 0) | (rngHealthy ? 2 : 0) | (armed != nil ? 4 : 0))
        bytes.appendZeroes(2)
        bytes.appendLittleEndian(spoolUsed)
        bytes.appendLittleEndian(spoolFree)
        bytes.appendZeroes(4)
        bytes.appendLittleEndian(bootID)
        bytes.appendLittleEndian(tick)
        bytes.appendLittleEndian(nextIndex)
        if let armed { armed.appendFields(to: &bytes) } else { bytes.appendZeroes(40) }
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        guard let state = State(rawValue: try reader.integer("state")) else { throw reader.bad("state") }
        self.state = state
        let flags = try reader.integer("flags", as: UInt8.self)
        clockLocked = flags & 1 != 0
        rngHealthy = flags & 2 != 0
        try reader.skip(2)
        spoolUsed = try reader.integer("spool used")
        spoolFree = try reader.integer("spool free")
        try reader.skip(4)
        bootID = try reader.integer("boot id")
        tick = try reader.integer("tick")
        nextIndex = try reader.integer("next index")
        if flags & 4 != 0 { armed = try ArmOrder(reading: &reader) } else { try reader.skip(40) }
    }
}
