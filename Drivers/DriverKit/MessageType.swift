/// The message types of version 1. Below 0x0100 the host sends, from 0x0100 on the board;
/// ``ping``, ``pong`` and ``error`` go both ways.
public enum MessageType: UInt16, CaseIterable, Sendable {
    case hello = 0x0001
    case program = 0x0002
    case hostBits = 0x0003
    case arm = 0x0004
    case start = 0x0005
    case stop = 0x0006
    case safe = 0x0007
    case statusRequest = 0x0008
    case acknowledge = 0x0009
    case ping = 0x000A
    case shotsRequest = 0x000B
    case rawRandomRequest = 0x000C
    case nodeKeyRequest = 0x000D

    case capabilities = 0x0101
    case programLoaded = 0x0102
    case armed = 0x0103
    case status = 0x0104
    case fault = 0x0105
    case trials = 0x0106
    case clock = 0x0107
    case armEnd = 0x0108
    case shots = 0x0109
    case rawRandom = 0x010A
    case chunkSignature = 0x010B
    case nodeKey = 0x010C
    case pong = 0x010D
    case ok = 0x010E
    case error = 0x010F

    /// The name in docs/board-protocol.md.
    public var name: String {
        switch self {
        case .hello: "HELLO"
        case .program: "PROGRAM"
        case .hostBits: "HOST_BITS"
        case .arm: "ARM"
        case .start: "START"
        case .stop: "STOP"
        case .safe: "SAFE"
        case .statusRequest: "STATUS_REQUEST"
        case .acknowledge: "ACK"
        case .ping: "PING"
        case .shotsRequest: "SHOTS_REQUEST"
        case .rawRandomRequest: "RAW_RNG_REQUEST"
        case .nodeKeyRequest: "NODE_KEY_REQUEST"
        case .capabilities: "CAPABILITIES"
        case .programLoaded: "PROGRAM_LOADED"
        case .armed: "ARMED"
        case .status: "STATUS"
        case .fault: "FAULT"
        case .trials: "TRIALS"
        case .clock: "CLOCK"
        case .armEnd: "ARM_END"
        case .shots: "SHOTS"
        case .rawRandom: "RAW_RNG"
        case .chunkSignature: "CHUNK_SIGNATURE"
        case .nodeKey: "NODE_KEY"
        case .pong: "PONG"
        case .ok: "OK"
        case .error: "ERROR"
        }
    }
}
