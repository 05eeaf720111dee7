extension BoardMessage {
    /// Reads a frame's payload; the records of TRIALS are copied once.
    ///
    /// - Throws: ``FrameError/unknownType(_:)`` or ``FrameError/badPayload(type:field:)``.
    public init(_ frame: Frame) throws(FrameError) {
        try self.init(type: frame.type, payload: frame.payload)
    }

    /// Reads a payload of the given type.
    ///
    /// - Throws: ``FrameError/unknownType(_:)`` or ``FrameError/badPayload(type:field:)``.
    public init(type rawType: UInt16, payload: ArraySlice<UInt8>) throws(FrameError) {
        guard let type = MessageType(rawValue: rawType) else { throw .unknownType(rawType) }
        var reader = ByteReader(payload, type: rawType)
        self = try BoardMessage.read(type, from: &reader)
        try reader.finish()
    }

    private static func read(_ type: MessageType, from reader: inout ByteReader) throws(FrameError) -> BoardMessage {
        switch type {
        case .hello: .hello(try Hello(reading: &reader))
        case .program: .program(try reader.array("program", count: reader.remaining))
        case .hostBits: .hostBits(try HostBits(reading: &reader))
        case .arm: .arm(try ArmOrder(reading: &reader))
        case .start: .start(try ArmName(reading: &reader))
        case .stop: .stop
        case .safe: .safe
        case .statusRequest: .statusRequest
        case .acknowledge: .acknowledge(try Acknowledgement(reading: &reader))
        case .ping: .ping(token: try reader.integer("token"))
        case .shotsRequest: .shotsRequest(try ShotsRequest(reading: &reader))
        case .rawRandomRequest: .rawRandomRequest(try RawRandomRequest(reading: &reader))
        case .nodeKeyRequest: .nodeKeyRequest
        case .capabilities: .capabilities(try Capabilities(reading: &reader))
        case .programLoaded: .programLoaded(try ProgramLoaded(reading: &reader))
        case .armed: .armed(try ArmOrder(reading: &reader))
        case .status: .status(try BoardStatus(reading: &reader))
        case .fault: .fault(try FaultReport(reading: &reader))
        case .trials: .trials(try TrialsMessage(reading: &reader))
        case .clock: .clock(try ClockMessage(reading: &reader))
        case .armEnd: .armEnd(try ArmEnd(reading: &reader))
        case .shots: .shots(try Shots(reading: &reader))
        case .rawRandom: .rawRandom(try RawRandom(reading: &reader))
        case .chunkSignature: .chunkSignature(try ChunkSignature(reading: &reader))
        case .nodeKey: .nodeKey(try NodeKey(reading: &reader))
        case .pong: .pong(token: try reader.integer("token"))
        case .ok: .ok
        case .error: .error(try ErrorReport(reading: &reader))
        }
    }
}
