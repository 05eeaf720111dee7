import BellModel
import DriverKit

extension Mutant {
    // MARK: Keeping

    static let keeping = [
        Mutant(
            "forgets a chunk at a new connection", ["resend.reconnect"],
            board: { memory, message, _ in
                guard case .trials = message, memory.isReplaying, memory.isNewConnection, !memory.isDone else {
                    return nil
                }
                memory.isDone = true
                return []
            }),
        Mutant(
            "changes a byte when it sends again", ["resend.same-connection"],
            board: { memory, message, _ in
                guard case .trials(let trials) = message, memory.isReplaying, !memory.isNewConnection, !memory.isDone
                else { return nil }
                memory.isDone = true
                return [Wire(.trials(trials.changing(0) { $0.aux = 1 }))]
            }),
        Mutant(
            "drops a chunk whose last record is still wanted", ["spool.ack-partial"],
            host: { _, message, _ in
                guard case .acknowledge(var ack) = message else { return .pass }
                ack.nextIndex += ack.nextIndex == .max ? 0 : 1
                return .replace([.acknowledge(ack)])
            }),
        Mutant(
            "takes any campaign's ACK for its own", ["spool.ack-unknown"],
            host: { memory, message, _ in
                guard case .acknowledge(var ack) = message, let own = memory.orders.values.first else { return .pass }
                ack.campaign = own.campaign
                return .replace([.acknowledge(ack)])
            }),
        Mutant(
            "drops only the arm that ACK names", ["spool.ack-cumulative"],
            host: { memory, message, _ in
                guard case .acknowledge(let ack) = message, let order = memory.orders[ack.arm] else { return .pass }
                return ack.nextIndex <= order.firstIndex ? .answer([]) : .pass
            }),
        Mutant(
            "arms what its spool cannot hold", ["spool.refuses"],
            board: { memory, message, request in
                guard message.code == .spoolFull, case .arm(let order) = memory.lastHost, order.count > 1 else {
                    return nil
                }
                return [Wire(.armed(order), replyTo: request)]
            }),
        Mutant(
            "overwrites a full spool", ["spool.fill"],
            board: { memory, message, request in
                if message.code == .spoolFull, case .arm(let order) = memory.lastHost, order.count == 1 {
                    memory.isDone = true
                    return [Wire(.armed(order), replyTo: request)]
                }
                if case .trials = message, memory.isReplaying, memory.isDone {
                    memory.isDone = false
                    return []
                }
                return nil
            }),
        Mutant(
            "ends its arm with the connection", ["recovery.cable-pull"],
            host: { _, message, isGreeted in
                if case .hello = message, !isGreeted { return .replace([.safe, message]) }
                return .pass
            }),
        Mutant(
            "does not obey the last ACK", ["session.left-safe"],
            host: { memory, message, _ in
                if case .acknowledge = message, memory.isDone { return .answer([]) }
                return .pass
            },
            board: { memory, message, _ in
                if case .armEnd(let end) = message, end.reason == .safe, end.made > 0 { memory.isDone = true }
                return nil
            }),
    ]

    // MARK: The rest

    static let rest = [
        Mutant(
            "does not use the host's bits", ["host-bits.used"],
            board: { memory, message, _ in
                guard case .trials(let trials) = message,
                    TrialRecord.all(in: trials.records).contains(where: { $0.flags.contains(.hostBit) })
                else { return nil }
                return [Wire(.trials(trials.changingAll { $0.setting ^= 1 }))]
            }),
        Mutant(
            "arms without the host's bits", ["host-bits.required"],
            board: { memory, message, request in
                guard message.code == .noHostBits, case .arm(let order) = memory.lastHost else { return nil }
                return [Wire(.armed(order), replyTo: request)]
            }),
        Mutant(
            "has the same random bits each time", ["random.count"],
            board: { _, message, request in
                guard case .rawRandom(let random) = message else { return nil }
                let bytes = [UInt8](repeating: 0x5A, count: random.bits.bytes.count)
                return [
                    Wire(
                        .rawRandom(RawRandom(bits: PackedBits(count: random.bits.count, bytes: bytes))),
                        replyTo: request)
                ]
            }),
        Mutant(
            "leaves ones in unused bits", ["random.count"],
            board: { _, message, request in
                guard case .rawRandom(let random) = message, random.bits.count == 12 else { return nil }
                return [Wire(type: .rawRandom, payload: [12, 0, 0, 0, 0, 0, 0, 0, 0xAB, 0xCF], replyTo: request)]
            }),
        Mutant(
            "has a generator that favours ones", ["random.health"],
            board: { _, message, request in
                guard case .rawRandom(let random) = message else { return nil }
                let bytes = random.bits.bytes.map { $0 | $0 << 1 }
                return [
                    Wire(
                        .rawRandom(RawRandom(bits: PackedBits(count: random.bits.count, bytes: bytes))),
                        replyTo: request)
                ]
            }),
        Mutant(
            "plays one shot too few", ["shots"],
            board: { _, message, request in
                guard case .shots(let shots) = message, case .each(let points) = shots.points, points.count > 1 else {
                    return nil
                }
                let fewer = Shots(count: shots.count - 1, points: .each(points.dropLast()))
                return [Wire(.shots(fewer), replyTo: request)]
            }),
    ]
}
