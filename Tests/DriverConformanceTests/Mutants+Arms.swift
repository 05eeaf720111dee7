import BellModel
import DriverKit

extension Mutant {
    // MARK: Programs and states

    static let programs = [
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

    static let states = [
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
            // It swallows the START of the arm after one that was refused by its name: that one never runs.
            "answers START in running with OK", ["states.running", "session.accounted"],
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

    static let arms = [
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
}
