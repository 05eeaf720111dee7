public import DriverKit

/// What the host asks a board for and waits for the answer of.
public enum BoardRequest: Equatable, Sendable {
    /// Answered by PROGRAM_LOADED with the same size and checksum.
    case load(program: [UInt8])
    case hostBits(HostBits)
    /// Answered by ARMED with the same order.
    case arm(ArmOrder)
    case start(ArmName)
    case stop
    case safe
    case status
    case ping(token: UInt64)
    case shots(ShotsRequest)
    case rawRandom(RawRandomRequest)
    case nodeKey
}

/// A board's answer to a ``BoardRequest`` or to HELLO.
public enum BoardReply: Equatable, Sendable {
    case capabilities(Capabilities)
    /// PROGRAM_LOADED, ARMED, OK or PONG, as was expected.
    case done
    case status(BoardStatus)
    case shots(Shots)
    case rawRandom(RawRandom)
    case nodeKey(NodeKey)
}

extension BoardRequest {
    var message: BoardMessage {
        switch self {
        case .load(let program): .program(program)
        case .hostBits(let bits): .hostBits(bits)
        case .arm(let order): .arm(order)
        case .start(let name): .start(name)
        case .stop: .stop
        case .safe: .safe
        case .status: .statusRequest
        case .ping(let token): .ping(token: token)
        case .shots(let request): .shotsRequest(request)
        case .rawRandom(let request): .rawRandomRequest(request)
        case .nodeKey: .nodeKeyRequest
        }
    }

    /// What an answer means; nil when it does not answer this request.
    func reply(from message: BoardMessage) -> BoardReply? {
        switch (self, message) {
        case (.load(let program), .programLoaded(let loaded)):
            loaded == ProgramLoaded(program: program) ? .done : nil
        case (.arm(let order), .armed(let armed)): order == armed ? .done : nil
        case (.hostBits, .ok), (.start, .ok), (.stop, .ok), (.safe, .ok): .done
        case (.ping(let token), .pong(let echo)): token == echo ? .done : nil
        case (.status, .status(let status)): .status(status)
        case (.shots(let request), .shots(let shots)): request.count == shots.count ? .shots(shots) : nil
        case (.rawRandom(let request), .rawRandom(let random)):
            request.count == random.bits.count ? .rawRandom(random) : nil
        case (.nodeKey, .nodeKey(let key)): .nodeKey(key)
        default: nil
        }
    }

    func timeout(_ timeouts: BoardTimeouts) -> Duration {
        switch self {
        case .load, .hostBits, .shots, .rawRandom: timeouts.transfer
        case .arm, .start, .stop, .safe, .status, .ping, .nodeKey: timeouts.request
        }
    }
}
