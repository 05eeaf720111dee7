/// Every message of version 1.
///
/// - SeeAlso: docs/board-protocol.md.
public enum BoardMessage: Equatable, Sendable {
    // From the host.
    case hello(Hello)
    /// A ``NodeProgram``'s bytes (`NodeProgram.encoded()`), so that what was hashed is what is sent.
    case program([UInt8])
    case hostBits(HostBits)
    case arm(ArmOrder)
    case start(ArmName)
    case stop
    case safe
    case statusRequest
    case acknowledge(Acknowledgement)
    case shotsRequest(ShotsRequest)
    case rawRandomRequest(RawRandomRequest)
    case nodeKeyRequest

    // From the board.
    case capabilities(Capabilities)
    case programLoaded(ProgramLoaded)
    case armed(ArmOrder)
    case status(BoardStatus)
    case fault(FaultReport)
    case trials(TrialsMessage)
    case clock(ClockMessage)
    case armEnd(ArmEnd)
    case shots(Shots)
    case rawRandom(RawRandom)
    case chunkSignature(ChunkSignature)
    case nodeKey(NodeKey)
    case ok

    // From both.
    case ping(token: UInt64)
    case pong(token: UInt64)
    case error(ErrorReport)
}

extension BoardMessage {
    /// The message's type.
    public var type: MessageType {
        switch self {
        case .hello: .hello
        case .program: .program
        case .hostBits: .hostBits
        case .arm: .arm
        case .start: .start
        case .stop: .stop
        case .safe: .safe
        case .statusRequest: .statusRequest
        case .acknowledge: .acknowledge
        case .shotsRequest: .shotsRequest
        case .rawRandomRequest: .rawRandomRequest
        case .nodeKeyRequest: .nodeKeyRequest
        case .capabilities: .capabilities
        case .programLoaded: .programLoaded
        case .armed: .armed
        case .status: .status
        case .fault: .fault
        case .trials: .trials
        case .clock: .clock
        case .armEnd: .armEnd
        case .shots: .shots
        case .rawRandom: .rawRandom
        case .chunkSignature: .chunkSignature
        case .nodeKey: .nodeKey
        case .ok: .ok
        case .ping: .ping
        case .pong: .pong
        case .error: .error
        }
    }
}
