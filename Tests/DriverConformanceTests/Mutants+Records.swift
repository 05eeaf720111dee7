import BellModel
import DriverKit

extension Mutant {
    // MARK: Records

    static func record(
        _ name: String, _ caught: Set<String>, _ change: @escaping @Sendable (inout TrialRecord) -> Void
    ) -> Mutant {
        Mutant(
            name, caught,
            board: { memory, message, _ in
                guard case .trials(let trials) = message, memory.isReference(message) else { return nil }
                return [Wire(.trials(trials.changing(5, change)))]
            })
    }

    static let records = [
        record("renumbers a record", ["trials.numbering", "signature.chunks"]) { $0.index += 1 },
        record("reports an outcome of 2", ["trials.fields", "signature.chunks"]) { $0.outcome = 2 },
        record("uses a flag of its own", ["trials.fields", "signature.chunks"]) {
            $0.flags = TrialFlags(rawValue: $0.flags.rawValue | 0x100)
        },
        record("hides that it is simulated", ["trials.fields", "signature.chunks"]) { $0.flags.remove(.simulated) },
        record("stops later than its program", ["trials.stop-delta", "signature.chunks"]) { $0.stopDelta *= 2 },
        record("jumps with its start tick", ["trials.start-ticks", "signature.chunks"]) { $0.startTick += 20_000 },
        record("slips by 80 ticks once", ["trials.start-ticks", "signature.chunks"]) { $0.startTick += 80 },
        Mutant(
            "loses the records of its first arm alone", ["session.accounted"],
            board: { memory, message, _ in
                guard case .trials = message, !memory.isReplaying, !memory.isDone else { return nil }
                memory.isDone = true
                return []
            }),
        Mutant(
            "always uses setting 0", ["random.settings", "signature.chunks"],
            board: { memory, message, _ in
                guard case .trials(let trials) = message, memory.isReference(message) else { return nil }
                return [Wire(.trials(trials.changingAll { $0.setting = 0 }))]
            }),
        Mutant(
            "skips a pulse", ["trials.pulses", "clock.records", "clock.same-counter"],
            board: { memory, message, _ in
                guard case .trials(var trials) = message, memory.isReference(message) else { return nil }
                if trials.firstIndex > memory.referenceFirst { trials.firstPulse += 1 }
                return [Wire(.trials(trials))]
            }),
        Mutant(
            "names a pulse that is centuries away", ["trials.pulses"],
            board: { memory, message, _ in
                guard case .trials(var trials) = message, memory.isReference(message) else { return nil }
                if trials.firstIndex > memory.referenceFirst { trials.firstPulse |= 1 << 62 }
                return [Wire(.trials(trials))]
            }),
        Mutant(
            "runs its counter 5 % too fast", ["clock.rate", "clock.same-counter"],
            board: { _, message, _ in
                guard case .clock(var clock) = message, let first = clock.records.first?.tick else { return nil }
                for place in clock.records.indices {
                    clock.records[place].tick = first + (clock.records[place].tick - first) * 105 / 100
                }
                return [Wire(.clock(clock))]
            }),
        Mutant(
            "takes clock records from another counter", ["clock.same-counter"],
            board: { _, message, _ in
                guard case .clock(var clock) = message else { return nil }
                for place in clock.records.indices { clock.records[place].tick += 1_000_000 }
                return [Wire(.clock(clock))]
            }),
        Mutant(
            "makes no clock record of the last pulse", ["clock.records"],
            board: { _, message, _ in
                guard case .clock(var clock) = message, clock.records.count > 1 else { return nil }
                clock.records.removeLast()
                return [Wire(.clock(clock))]
            }),
        Mutant(
            "signs other bytes", ["signature.chunks"],
            board: { _, message, _ in
                guard case .chunkSignature(var signature) = message else { return nil }
                signature.signature[7] ^= 1
                return [Wire(.chunkSignature(signature))]
            }),
        Mutant(
            "hashes other bytes", ["signature.chunks"],
            board: { _, message, _ in
                guard case .chunkSignature(var signature) = message else { return nil }
                signature.digest = .zero
                return [Wire(.chunkSignature(signature))]
            }),
        Mutant(
            "has two keys", ["signature.key"],
            board: { memory, message, request in
                guard case .nodeKey(var key) = message else { return nil }
                memory.count += 1
                if memory.count == 2 { key.publicKey[0] ^= 1 }
                return [Wire(.nodeKey(key), replyTo: request)]
            }),
    ]
}
