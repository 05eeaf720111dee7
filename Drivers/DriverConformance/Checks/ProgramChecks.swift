import BellModel
import DriverKit

/// What CAPABILITIES promise, and programs at and past it.
enum ProgramChecks {
    /// CAPABILITIES are in range and make sense together.
    static func capabilities(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let board = try bench.board
        var findings = Findings()
        findings.expect(board.maxEvents >= 4, "\(board.maxEvents) events are too few for any trial.")
        findings.expect(board.waveformMemory > 0, "There is no waveform memory.")
        findings.expect(board.channels > 0, "There are no output channels.")
        findings.expect(!board.model.isEmpty, "The model is empty.")
        findings.expect(!board.serial.isEmpty, "The serial is empty: boards cannot be told apart.")
        findings.expect(!board.firmware.isEmpty, "The firmware's version is empty.")
        let status = try await bench.status()
        findings.expect(
            UInt64(status.spoolUsed) + UInt64(status.spoolFree) <= UInt64(board.spoolTrials),
            "STATUS shows \(status.spoolUsed) records kept and room for \(status.spoolFree), "
                + "more than the spool of \(board.spoolTrials).")
        try findings.done()
        return .passed([
            .init("rate", board.tickRate.hertz / 1e6, "MHz"), .init("spool", Double(board.spoolTrials), "records"),
            .init("waveforms", Double(board.waveformMemory), "samples"), .init("events", Double(board.maxEvents), ""),
        ])
    }

    /// PROGRAM_LOADED tells what is in the board's memory.
    static func readBack(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await bench.toIdle()
        var findings = Findings()
        for delay: UInt32 in [0, 4, 0] {
            let bytes = try bench.harmless(delay: delay).program.encoded()
            let reply = try await bench.probe.ask(.program(bytes))
            guard case .programLoaded(let loaded) = reply else {
                throw BellError(
                    .conformanceViolation, "A sound program is answered with \(reply.summary).",
                    cause: reply.errorReport?.text)
            }
            let sent = ProgramLoaded(program: bytes)
            findings.expect(
                loaded.size == sent.size, "\(loaded.size) bytes are read back, \(sent.size) were sent.")
            findings.expect(
                loaded.checksum == sent.checksum,
                "The CRC-32C read back is 0x\(String(loaded.checksum, radix: 16)), "
                    + "that of what was sent 0x\(String(sent.checksum, radix: 16)).")
        }
        try findings.done()
        return .passed
    }

    /// A program that uses all that CAPABILITIES promise is loaded.
    static func atLimits(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let board = try bench.board
        var findings = Findings()
        for (name, program) in try programs(bench, past: 0) {
            let reply = try await bench.probe.ask(.program(program.encoded()))
            if case .programLoaded = reply { continue }
            findings.add("A program with \(name) is answered with \(reply.summary): \(reply.errorReport?.text ?? "").")
        }
        try findings.done()
        return .passed([
            .init("waveforms", Double(board.waveformMemory), "samples"), .init("events", Double(board.maxEvents), ""),
        ])
    }

    /// One sample or event more, another node, rate or sample length, and broken bytes are refused.
    static func pastLimits(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let board = try bench.board
        let good = try await bench.toReady().program
        var cases = try programs(bench, past: 1).map { ($0.0, $0.1.encoded()) }
        func changed(_ name: String, _ change: (inout NodeProgram) -> Void) {
            var program = good
            change(&program)
            cases.append((name, program.encoded()))
        }
        changed("the other node") { $0.node = board.node.other }
        changed("another sample length") {
            $0.ticksPerSample = board.ticksPerSample == 1 ? 2 : board.ticksPerSample - 1
        }
        if let rate = TickRate(numerator: board.tickRate.numerator - 1, denominator: board.tickRate.denominator) {
            changed("another tick rate") { $0.tickRate = rate }
        }
        changed("a trial period of 0") { $0.trialPeriod = 0 }
        changed("clock records every 0 trials") { $0.clockEvery = 0 }
        changed("an event that names no waveform") { $0.events[0].waveform = UInt16(good.waveforms.count) }
        changed("events out of order") { $0.events.reverse() }
        cases += [
            ("no bytes", []), ("a byte missing", good.encoded().dropLast()), ("a byte too many", good.encoded() + [0]),
        ]
        var findings = Findings()
        for (name, bytes) in cases {
            let reply = try await bench.probe.ask(.program(bytes))
            findings.expect(
                reply.errorCode == .badProgram,
                "A program with \(name) is answered with \(reply.summary), not ERROR bad-program.")
        }
        try findings.done()
        return .passed
    }

    /// What is played is still the program before the refused one.
    static func kept(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let first = try await bench.toReady()
        // Sound but for the node; its stop event is 8 samples later.
        var other = try bench.harmless(delay: 8).program
        other.node = try bench.board.node.other
        let reply = try await bench.probe.ask(.program(other.encoded()))
        guard reply.errorCode != nil else { return .skipped("the board took a program of the other node") }
        let state = try await bench.status().state
        guard state == .ready else {
            throw BellError(.conformanceViolation, "After a refused PROGRAM the board is \(state.name), not ready.")
        }
        if let reason = bench.untriggered {
            return .note("the board stays ready; what it plays was not seen: \(reason)")
        }
        let run = try await bench.run(try bench.usualCount(64), first)
        guard let delta = run.records.first?.stopDelta else { return .skipped("the arm made no records") }
        let wrong = first.stopDelta + 8 * first.capabilities.ticksPerSample
        // Nearer to the old program than to the refused one.
        guard abs(Int64(delta) - Int64(first.stopDelta)) < abs(Int64(delta) - Int64(wrong)) else {
            throw BellError(
                .conformanceViolation,
                "After a refused PROGRAM the stop delta is \(delta) ticks, as in the refused one; "
                    + "the loaded one has \(first.stopDelta).")
        }
        return .passed
    }

    /// The kit's program, filled up to the limits, or past them by as much.
    private static func programs(_ bench: BoardBench, past: Int) throws(BellError) -> [(String, NodeProgram)] {
        let board = try bench.board
        let base = try bench.harmless().program
        var made: [(String, NodeProgram)] = []
        func fits(_ program: NodeProgram) -> Bool { program.encoded().count <= Int(board.maxFrame) }
        let samples = Int(board.waveformMemory) + past
        if samples <= Frame.maximumPayload / 4 {
            var program = base
            let used = base.waveforms.reduce(0) { $0 + $1.i.count }
            let rest = [Int16](repeating: 0, count: max(samples - used, 0))
            program.waveforms.append(Waveform(i: rest, q: rest))
            if fits(program) { made.append(("\(samples) samples", program)) }
        }
        let events = Int(board.maxEvents) + past
        if events <= Frame.maximumPayload / 32 {
            var program = base
            // Silent, without length, at the beginning of the trial.
            let filler = ProgramEvent(kind: .drive, tick: 0, duration: 0)
            program.events = [ProgramEvent](repeating: filler, count: max(events - base.events.count, 0)) + base.events
            if fits(program) { made.append(("\(events) events", program)) }
        }
        return made
    }
}
