public import BellModel

extension NodeProgram {
    /// The program's bytes as PROGRAM carries them; equal programs have equal bytes.
    ///
    /// Total: a program that ``problem(for:)`` complains of gives bytes that ``init(decoding:)`` refuses. A waveform
    /// whose `q` is shorter than its `i` is filled up with zeroes.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        let samples = waveforms.reduce(0) { $0 + $1.i.count }
        bytes.reserveCapacity(56 + 4 * waveforms.count + 4 * samples + 32 * events.count)
        bytes.appendLittleEndian(NodeProgram.format)
        bytes.append(node.rawValue)
        bytes.append(inputBits.rawValue)
        bytes.appendLittleEndian(ticksPerSample)
        bytes.appendLittleEndian(tickRate.numerator)
        bytes.appendLittleEndian(tickRate.denominator)
        bytes.appendLittleEndian(trialPeriod)
        bytes.appendLittleEndian(clockEvery)
        bytes.appendLittleEndian(UInt16(bitPattern: discriminator.weightI))
        bytes.appendLittleEndian(UInt16(bitPattern: discriminator.weightQ))
        bytes.appendLittleEndian(UInt32(bitPattern: discriminator.threshold))
        bytes.appendLittleEndian(UInt32(clamping: waveforms.count))
        bytes.appendLittleEndian(UInt32(clamping: events.count))
        bytes.appendZeroes(4)
        for waveform in waveforms { waveform.append(to: &bytes) }
        for event in events { event.append(to: &bytes) }
        return bytes
    }

    /// Reads a program's bytes, as a board does after PROGRAM.
    ///
    /// - Throws: ``FrameError/badPayload(type:field:)`` naming the first field that is missing or out of its range:
    ///   events out of order, an unknown event kind or a waveform that is not there among them.
    public init(decoding bytes: some Collection<UInt8>) throws(FrameError) {
        var reader = ByteReader(ArraySlice(bytes), type: MessageType.program.rawValue)
        guard try reader.integer("format", as: UInt16.self) == NodeProgram.format else { throw reader.bad("format") }
        let node = try reader.node()
        guard let inputBits = InputBitSource(rawValue: try reader.integer("input bits")) else {
            throw reader.bad("input bits")
        }
        let ticksPerSample = try reader.integer("ticks per sample", in: 1...65_535 as ClosedRange<UInt32>)
        let tickRate = try reader.tickRate()
        let trialPeriod = try reader.integer("trial period", in: 1...UInt64.max)
        let clockEvery = try reader.integer("clock interval", in: 1...UInt32.max)
        let discriminator = Discriminator(
            weightI: try reader.integer("discriminator"), weightQ: try reader.integer("discriminator"),
            threshold: try reader.integer("discriminator"))
        // An event names a waveform in 16 bits, and 65535 stands for none.
        let waveformCount = try reader.integer("waveform count", in: 0...65_535 as ClosedRange<UInt32>)
        let eventCount = try reader.integer("event count", as: UInt32.self)
        try reader.skip(4)
        var waveforms: [Waveform] = []
        for _ in 0..<waveformCount { waveforms.append(try Waveform(reading: &reader)) }
        guard reader.remaining == Int(eventCount) * ProgramEvent.byteCount else { throw reader.bad("event count") }
        var events: [ProgramEvent] = []
        events.reserveCapacity(Int(eventCount))
        for _ in 0..<eventCount {
            let event = try ProgramEvent(reading: &reader, waveforms: waveforms.count)
            if let last = events.last, event.tick < last.tick { throw reader.bad("order of the events") }
            events.append(event)
        }
        self.init(
            node: node, tickRate: tickRate, ticksPerSample: ticksPerSample, trialPeriod: trialPeriod,
            clockEvery: clockEvery, inputBits: inputBits, waveforms: waveforms, events: events,
            discriminator: discriminator)
    }

    /// Says which limit of a board the program breaks, with both numbers; nil when it can be loaded.
    public func problem(for board: Capabilities) -> String? {
        let samples = waveforms.reduce(0) { $0 + $1.i.count }
        if node != board.node { return "it is for \(node.name), the board is \(board.node.name)'s" }
        if tickRate != board.tickRate {
            return "it is for \(tickRate.hertz) ticks a second, the board has \(board.tickRate.hertz)"
        }
        if ticksPerSample != board.ticksPerSample {
            return "it is for \(ticksPerSample) ticks a sample, the board has \(board.ticksPerSample)"
        }
        if samples > Int(board.waveformMemory) {
            return "its waveforms have \(samples) samples, the board's memory \(board.waveformMemory)"
        }
        if events.count > Int(board.maxEvents) {
            return "it has \(events.count) events, the board takes \(board.maxEvents)"
        }
        if inputBits == .board && !board.hasRNG { return "it takes the board's input bits, the board has no generator" }
        if waveforms.contains(where: { $0.i.count != $0.q.count }) { return "a waveform has unequal halves I and Q" }
        do throws(FrameError) {
            let bytes = encoded()
            guard bytes.count <= Int(board.maxFrame) else {
                return "it has \(bytes.count) bytes, the board takes \(board.maxFrame)"
            }
            _ = try NodeProgram(decoding: bytes)
        } catch { return error.description }
        return nil
    }

    private static let format: UInt16 = 1
}

extension Waveform {
    func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(UInt32(clamping: i.count))
        for place in i.indices {
            bytes.appendLittleEndian(UInt16(bitPattern: i[place]))
            bytes.appendLittleEndian(UInt16(bitPattern: q.indices.contains(place) ? q[place] : 0))
        }
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        let count = Int(try reader.integer("waveform size", as: UInt32.self))
        guard reader.remaining / 4 >= count else { throw reader.bad("waveform size") }
        var i: [Int16] = []
        var q: [Int16] = []
        i.reserveCapacity(count)
        q.reserveCapacity(count)
        for _ in 0..<count {
            i.append(try reader.integer("sample"))
            q.append(try reader.integer("sample"))
        }
        self.init(i: i, q: q)
    }
}

extension ProgramEvent {
    /// An event's size on the wire.
    static let byteCount = 32
    private static let noWaveform = UInt16.max

    func append(to bytes: inout [UInt8]) {
        bytes.append(kind.rawValue)
        bytes.append(0)
        bytes.appendLittleEndian(waveform ?? ProgramEvent.noWaveform)
        bytes.appendLittleEndian(tick)
        bytes.appendLittleEndian(duration)
        bytes.appendLittleEndian(phase)
        bytes.appendLittleEndian(detuning)
        bytes.appendLittleEndian(amplitude)
        bytes.appendZeroes(6)
    }

    init(reading reader: inout ByteReader, waveforms: Int) throws(FrameError) {
        guard let kind = Kind(rawValue: try reader.integer("event kind")) else { throw reader.bad("event kind") }
        try reader.skip(1)
        let waveform = try reader.integer("waveform", as: UInt16.self)
        guard waveform == ProgramEvent.noWaveform || Int(waveform) < waveforms else { throw reader.bad("waveform") }
        let tick = try reader.integer("event tick", as: UInt32.self)
        let duration = try reader.integer("event duration", as: UInt32.self)
        guard !tick.addingReportingOverflow(duration).overflow else { throw reader.bad("event duration") }
        let phase = try reader.integer("phase", as: UInt32.self)
        let detuning = try reader.integer("detuning", as: Int64.self)
        let amplitude = try reader.integer("amplitude", as: UInt16.self)
        try reader.skip(6)
        self.init(
            kind: kind, tick: tick, duration: duration, waveform: waveform == ProgramEvent.noWaveform ? nil : waveform,
            amplitude: amplitude, phase: phase, detuning: detuning)
    }
}
