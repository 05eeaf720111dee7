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

    private static let greeting = [
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

    private static let framing = [
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

    // MARK: Programs and states

    private static let programs = [
        Mutant(
            "reads back a wrong CRC", ["program.read-back"],
            board: { _, message, request in
                guard case .programLoaded(var loaded) = message else { return nil }
                loaded.checksum ^= 1
                return [Wire(.programLoaded(loaded), replyTo: request)]
            }),
        Mutant(
            "takes a program beyond its waveform memory", ["limits.past"],
            board: { memory, message, request in
                guard case .error(let report) = message, report.code == .badProgram, report.text.contains("samples,")
                else { return nil }
                return [Wire(.programLoaded(ProgramLoaded(checksum: 0, size: 0)), replyTo: request)]
            }),
        Mutant(
            "plays a program that it refused", ["program.kept"],
            host: { _, message, _ in
                guard case .program(let bytes) = message, var program = try? NodeProgram(decoding: bytes),
                    program.node == .bob
                else { return .pass }
                program.node = .alice
                return .replaceAnswered(
                    .program(program.encoded()), .error(ErrorReport(code: .badProgram, text: "for bob")))
            }),
    ]

    private static let states = [
        Mutant(
            "answers START in idle with OK", ["states.idle"],
            host: { memory, message, _ in
                if case .start = message, !memory.hasProgram { return .answer([.ok]) }
                return .pass
            }),
        Mutant(
            "answers START in ready with OK", ["states.ready"],
            host: { memory, message, _ in
                if case .start(let name) = message, memory.hasProgram, memory.orders[name.arm] == nil {
                    // Only when nothing is armed: the kit has asked for STATUS just before.
                    if case .status(let status) = memory.last, status.state == .ready { return .answer([.ok]) }
                }
                return .pass
            }),
        Mutant(
            "answers START in running with OK", ["states.running"],
            host: { memory, message, _ in
                if case .start(let name) = message, memory.started.contains(name.arm) { return .answer([.ok]) }
                return .pass
            }),
        Mutant(
            "takes ARM while it is armed", ["states.armed", "states.running", "arm.duplicates"],
            board: { memory, message, request in
                guard message.code == .wrongState, case .arm(let order) = memory.lastHost, memory.hasProgram,
                    case .error(let report) = message, report.text.contains("armed already")
                else { return nil }
                return [Wire(.armed(order), replyTo: request)]
            }),
        Mutant(
            "keeps its program at SAFE", ["safe.ready"],
            host: { memory, message, _ in
                guard case .safe = message, let program = memory.program else { return .pass }
                return .replace([.safe, program, .ping(token: 0)])
            },
            board: { memory, message, request in
                if case .pong = message, case .safe = memory.lastHost { return [Wire(.ok, replyTo: request)] }
                return nil
            }),
        Mutant(
            "ends an arm at SAFE with another reason", ["safe.armed", "safe.running"],
            board: { _, message, _ in
                guard case .armEnd(var end) = message, end.reason == .safe else { return nil }
                end.reason = .stopped
                return [Wire(.armEnd(end))]
            }),
        Mutant(
            "calls a fault a warning", ["fault.report"],
            board: { _, message, _ in
                guard case .fault(var fault) = message else { return nil }
                fault.severity = .warning
                return [Wire(.fault(fault))]
            }),
    ]

    // MARK: Arms

    private static let arms = [
        Mutant(
            "arms another count", ["arm.echo"],
            board: { _, message, request in
                guard case .armed(var order) = message, order.count == 300 else { return nil }
                order.count += 1
                return [Wire(.armed(order), replyTo: request)]
            }),
        Mutant(
            "makes records without a trigger", ["arm.waits"],
            board: { memory, message, request in
                guard case .pong(0x5e77_1e00) = message, !memory.isDone, case .armed(let order) = memory.lastArmed,
                    order.count == 100
                else {
                    if case .armed = message { memory.held = [Wire(message)] }
                    return nil
                }
                memory.isDone = true
                let record = TrialRecord(
                    index: order.firstIndex, startTick: 1, stopDelta: 1, setting: 0, outcome: 0, flags: .simulated)
                let trials = TrialsMessage(
                    campaign: order.campaign, arm: order.arm, bootID: 0x0123_4567_89AB_CDEF,
                    firstIndex: order.firstIndex, firstPulse: 0, records: TrialRecord.bytes(of: [record]))
                return [Wire(.trials(trials)), Wire(message, replyTo: request)]
            }),
        Mutant(
            "gives up an arm that waits for its trigger", ["arm.waits"],
            board: { memory, message, request in
                guard case .pong(0x5e77_1e00) = message, !memory.isDone, case .armed(let order) = memory.lastArmed,
                    order.count == 100
                else {
                    if case .armed = message { memory.held = [Wire(message)] }
                    return nil
                }
                memory.isDone = true
                return [
                    Wire(.armEnd(ArmEnd(order: order, made: 0, reason: .noTrigger))), Wire(message, replyTo: request),
                ]
            }),
        Mutant(
            "fires whatever arm START names", ["arm.start-name", "states.armed"],
            host: { memory, message, _ in
                guard case .start = message, case .armed(let order) = memory.lastArmed,
                    !memory.started.contains(order.arm), memory.hasProgram
                else { return .pass }
                return .replace([.start(ArmName(campaign: order.campaign, arm: order.arm))])
            },
            board: { memory, message, _ in
                if case .armed = message { memory.held = [Wire(message)] }
                return nil
            }),
        Mutant(
            "drops ARM_END", ["arm.completes"],
            board: { memory, message, _ in
                guard case .armEnd(let end) = message, end.order.count > 1, end.reason == .completed, !memory.isDone
                else { return nil }
                memory.isDone = true
                return []
            }),
        Mutant(
            "sends ARM_END twice", ["arm.completes"],
            board: { memory, message, _ in
                guard case .armEnd(let end) = message, end.order.count > 1, end.reason == .completed, !memory.isDone
                else { return nil }
                memory.isDone = true
                return [Wire(message), Wire(message)]
            }),
        Mutant(
            "sends ARM_END before the last clock records", ["arm.completes"],
            board: { memory, message, _ in
                if case .clock = message, memory.isReference(message), !memory.isReplaying {
                    memory.held = [Wire(message)]
                    return []
                }
                if case .armEnd = message, memory.isReference(message) {
                    defer { memory.held = [] }
                    return [Wire(message)] + memory.held
                }
                return nil
            }),
        Mutant(
            "counts more records than it made", ["arm.completes"],
            board: { memory, message, _ in
                guard case .armEnd(var end) = message, memory.isReference(message) else { return nil }
                end.made -= 1
                return [Wire(.armEnd(end))]
            }),
        Mutant(
            "ends an arm again at each STOP", ["arm.duplicates"],
            board: { memory, message, request in
                if case .armEnd = message { memory.held = [Wire(message)] }
                guard case .ok = message, case .stop = memory.lastHost else {
                    if case .armed = message { memory.count = 0 }
                    return nil
                }
                memory.count += 1
                return (memory.count == 2 ? memory.held : []) + [Wire(message, replyTo: request)]
            }),
        Mutant(
            "calls a stopped arm completed", ["arm.stop"],
            board: { _, message, _ in
                guard case .armEnd(var end) = message, end.reason == .stopped, end.made > 0, end.made % 8192 == 0,
                    end.order.count > 30_000, end.made == 8192
                else { return nil }
                end.reason = .completed
                return [Wire(.armEnd(end))]
            }),
    ]

    // MARK: Records

    private static func record(
        _ name: String, _ caught: Set<String>, _ change: @escaping @Sendable (inout TrialRecord) -> Void
    ) -> Mutant {
        Mutant(
            name, caught,
            board: { memory, message, _ in
                guard case .trials(let trials) = message, memory.isReference(message) else { return nil }
                return [Wire(.trials(trials.changing(5, change)))]
            })
    }

    private static let records = [
        record("renumbers a record", ["trials.numbering", "signature.chunks"]) { $0.index += 1 },
        record("reports an outcome of 2", ["trials.fields", "signature.chunks"]) { $0.outcome = 2 },
        record("uses a flag of its own", ["trials.fields", "signature.chunks"]) {
            $0.flags = TrialFlags(rawValue: $0.flags.rawValue | 0x100)
        },
        record("hides that it is simulated", ["trials.fields", "signature.chunks"]) { $0.flags.remove(.simulated) },
        record("stops later than its program", ["trials.stop-delta", "signature.chunks"]) { $0.stopDelta *= 2 },
        record("jumps with its start tick", ["trials.start-ticks", "signature.chunks"]) { $0.startTick += 20_000 },
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

    // MARK: Keeping

    private static let keeping = [
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

    private static let rest = [
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
    fileprivate var code: ErrorReport.Code? { if case .error(let report) = self { report.code } else { nil } }
}
