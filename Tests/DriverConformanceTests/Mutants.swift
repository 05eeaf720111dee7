import BellModel
import DriverKit

/// A planted violation and the checks that must see it, and no others.
struct Mutant: Sendable, CustomStringConvertible {
    let name: String
    let caught: Set<String>
    let mutation: Mutation
    var description: String { name }

    init(
        _ name: String, _ caught: Set<String>, host: @escaping Mutation.Host = { _, _, _ in .pass },
        board: @escaping Mutation.Board = { _, _, _ in nil }, skipsNumbers: Bool = false
    ) {
        self.name = name
        self.caught = caught
        mutation = Mutation(host: host, board: board, skipsNumbers: skipsNumbers)
    }

    static let all = greeting + framing + programs + states + arms + records + keeping + rest

    // MARK: Greeting and framing

    static let greeting = [
        Mutant(
            "answers before HELLO", ["handshake.hello-required"],
            host: { _, message, isGreeted in
                if case .ping(let token) = message, !isGreeted { return .answer([.pong(token: token)]) }
                return .pass
            }),
        Mutant(
            "takes HELLO of version 2", ["handshake.wrong-version"],
            host: { _, message, _ in
                if case .hello(let hello) = message, hello.version == 2 {
                    return .replace([.hello(Hello(software: "x"))])
                }
                return .pass
            }),
        Mutant(
            "states a spool of 0 records", ["handshake.capabilities"],
            board: { _, message, request in
                guard case .capabilities(var capabilities) = message else { return nil }
                capabilities.spoolTrials = 0
                return [Wire(.capabilities(capabilities), replyTo: request)]
            }),
        Mutant(
            "has no serial", ["limits.capabilities"],
            board: { _, message, request in
                guard case .capabilities(var capabilities) = message else { return nil }
                capabilities.serial = ""
                return [Wire(.capabilities(capabilities), replyTo: request)]
            }),
        Mutant(
            "promises more events than it takes", ["limits.at"],
            board: { _, message, request in
                guard case .capabilities(var capabilities) = message else { return nil }
                capabilities.maxEvents *= 2
                return [Wire(.capabilities(capabilities), replyTo: request)]
            }),
        Mutant(
            "sends two STATUS behind the replay", ["handshake.replay"],
            board: { memory, message, request in
                guard case .status = message, request == 0 else { return nil }
                return [Wire(message), Wire(message)]
            }),
        Mutant(
            "sends no STATUS behind the replay", ["handshake.replay", "handshake.second-hello", "states.armed"],
            board: { _, message, request in
                if case .status = message, request == 0 { return [] }
                return nil
            }),
        Mutant(
            "forgets everything at HELLO",
            ["handshake.second-hello", "states.armed", "recovery.cable-pull", "fault.report"],
            host: { _, message, _ in if case .hello = message { .replace([.safe, message]) } else { .pass } }),
        Mutant(
            "changes its boot id", ["session.boot-id"],
            board: { memory, message, request in
                guard case .status(var status) = message, request != 0 else { return nil }
                status.bootID += 1
                return [Wire(.status(status), replyTo: request)]
            }),
    ]

    static let framing = [
        Mutant(
            "does not answer unknown types", ["framing.unknown-type"],
            board: { _, message, _ in message.code == .unknownType ? [] : nil }),
        Mutant(
            "does not tell of damaged frames", ["framing.bad-frame"],
            board: { _, message, _ in message.code == .badFrame ? [] : nil }),
        Mutant(
            "answers bad payloads as unknown types", ["framing.bad-payload"],
            board: { _, message, request in
                guard message.code == .badPayload else { return nil }
                return [Wire(.error(ErrorReport(code: .unknownType, text: "?")), replyTo: request)]
            }),
        Mutant(
            "takes a frame of version 2 for a damaged one", ["framing.wrong-version"],
            board: { memory, message, request in
                guard message.code == .wrongVersion, memory.lastHost == nil else { return nil }
                return [Wire(.error(ErrorReport(code: .badFrame, text: "?")), replyTo: request)]
            }),
        Mutant(
            "mixes up the answers of requests that wait", ["framing.pipelined"],
            board: { memory, message, request in
                guard case .pong(let token) = message, token == 3 else { return nil }
                return [Wire(.pong(token: 4), replyTo: request)]
            }),
        Mutant("leaves out frame numbers", ["session.sequence"], skipsNumbers: true),
        Mutant(
            "answers ACK", ["session.answers"],
            host: { _, message, _ in
                if case .acknowledge = message { .replaceAnswered(message, .ok) } else { .pass }
            }),
        Mutant(
            "answers out of order", ["session.answers"],
            board: { memory, message, request in
                if case .pong(3) = message, !memory.isDone {
                    memory.isDone = true
                    memory.held = [Wire(message, replyTo: request)]
                    return []
                }
                defer { memory.held = [] }
                return [Wire(message, replyTo: request)] + memory.held
            }),
        Mutant(
            "sends an ARM_END of an unknown reason", ["session.readable"],
            board: { memory, message, request in
                guard case .shots = message, !memory.isDone, let order = memory.orders.values.first else { return nil }
                memory.isDone = true
                var (_, payload) = BoardMessage.armEnd(ArmEnd(order: order, made: 0, reason: .safe)).encode()
                payload[40] = 9
                return [Wire(message, replyTo: request), Wire(type: .armEnd, payload: payload)]
            }),
        Mutant(
            "sets its counter back", ["session.ticks"],
            board: { memory, message, request in
                guard case .status(var status) = message, request != 0 else { return nil }
                memory.count += 1
                if memory.count == 9 { status.tick -= 1_000_000 }
                return [Wire(.status(status), replyTo: request)]
            }),
    ]
}

extension Mutation.Memory {
    /// The last ARMED, for mutations that keep it in `held`.
    var lastArmed: BoardMessage? {
        held.first.flatMap { try? BoardMessage(type: $0.type, payload: $0.payload[...]) }
    }

    /// Index at which the reference arm begins: the first arm of over 1000 trials.
    var referenceFirst: UInt64 {
        orders.values.filter { $0.count > 1_000 }.map(\.firstIndex).min() ?? .max
    }

    /// Whether a message is of the reference arm.
    func isReference(_ message: BoardMessage) -> Bool {
        guard let order = orders.values.first(where: { $0.firstIndex == referenceFirst }) else { return false }
        return switch message {
        case .trials(let trials): trials.arm == order.arm
        case .clock(let clock): clock.arm == order.arm
        case .armEnd(let end): end.order == order
        default: false
        }
    }
}

extension BoardMessage {
    var code: ErrorReport.Code? { if case .error(let report) = self { report.code } else { nil } }
}
