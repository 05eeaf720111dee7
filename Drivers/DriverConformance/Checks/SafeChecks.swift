import BellModel
import DriverKit

/// SAFE from every state, and faults.
enum SafeChecks {
    /// SAFE forgets the program and leads to idle.
    static func ready(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await bench.toReady()
        var findings = Findings()
        for before in ["ready", "idle"] {
            let reply = try await bench.probe.ask(.safe)
            findings.expect(reply == .ok, "SAFE in state \(before) is answered with \(reply.summary).")
            let state = try await bench.status().state
            findings.expect(state == .idle, "SAFE in state \(before) leads to \(state.name), not idle.")
        }
        let arm = try await bench.probe.ask(.arm(bench.order(1)))
        findings.expect(
            arm.errorCode == .wrongState,
            "After SAFE, ARM is answered with \(arm.summary): the program is not forgotten.")
        if arm.errorCode == nil { _ = try await bench.probe.ask(.stop) }
        try findings.done()
        return .passed
    }

    /// SAFE ends a waiting arm with reason 2.
    static func armed(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        var run = try await bench.armed(try bench.usualCount(100), program)
        _ = await bench.probe.takeArrivals()
        let reply = try await bench.probe.ask(.safe)
        try await bench.finish(&run)
        var findings = Findings()
        findings.expect(reply == .ok, "SAFE in state armed is answered with \(reply.summary).")
        findings.expect(
            run.ends == [ArmEnd(order: run.order, made: 0, reason: .safe)],
            "SAFE of a waiting arm brings \(run.ends.text), not one ARM_END of 0 records and reason 2.")
        findings.expect(try await bench.status().armed == nil, "STATUS names an arm after SAFE.")
        try findings.done()
        return .passed
    }

    /// SAFE ends a running arm with reason 2 and keeps its records.
    static func running(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await ArmChecks.end(&bench, with: .safe, reason: .safe)
    }

    /// A fault of severity 2 ends the arm, is reported, and only SAFE leads out of it.
    static func fault(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        guard let inject = bench.options.injectFault else {
            return .skipped("this board cannot be made to fault from outside")
        }
        let program = try await bench.toReady()
        var run = try await bench.armed(try bench.usualCount(500), program)
        await inject(.temperature, run.order.firstIndex)
        _ = await bench.probe.takeArrivals()
        try await bench.start(run.order)
        try await bench.finish(&run)
        var findings = Findings()
        if let fault = run.faults.first {
            findings.expect(fault.code == .temperature, "FAULT has the code \(fault.code.rawValue), 4 was injected.")
            findings.expect(fault.severity == .stopped, "FAULT has the severity \(fault.severity.rawValue), not 2.")
            findings.expect(fault.arm == run.order.arm, "FAULT names arm \(fault.arm), not \(run.order.arm).")
        } else {
            findings.add("No FAULT came of a board with a fault of severity 2.")
        }
        findings.expect(
            run.ends.map(\.reason) == [.fault],
            "The arm of the fault ended with \(run.ends.text), not once with reason 3.")
        findings.expect(
            run.ends.allSatisfy { Int($0.made) == run.recordCount }, "ARM_END counts other records than came.")
        let state = try await bench.status().state
        findings.expect(state == .fault, "After a fault of severity 2 the board is \(state.name).")
        guard state == .fault else {
            try findings.done()
            return .passed
        }
        let order = bench.order(1)
        let bits = HostBits(campaign: order.campaign, arm: order.arm, bits: bench.bits(1, seed: 1))
        for message in [
            BoardMessage.program(program.program.encoded()), .hostBits(bits), .arm(order),
            .start(StateChecks.name(order)), .stop, .shotsRequest(ShotsRequest(count: 1, averaged: true)),
            .rawRandomRequest(RawRandomRequest(count: 8)),
        ] {
            let reply = try await bench.probe.ask(message)
            findings.expect(
                reply.errorCode == .wrongState,
                "\(message.type.name) in state fault is answered with \(reply.summary), not ERROR wrong-state.")
        }
        let greeting = try await bench.greet()
        if let status = greeting.status {
            findings.expect(status.state == .fault, "HELLO has led out of state fault.")
        }
        let safe = try await bench.probe.ask(.safe)
        let after = try await bench.status().state
        findings.expect(
            safe == .ok && after != .fault, "SAFE is answered with \(safe.summary) and leads to \(after.name).")
        try findings.done()
        return .passed
    }

    /// The board is left without an arm, and without anything of the kit's.
    static func left(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await bench.toIdle()
        let status = try await bench.status()
        var findings = Findings()
        findings.expect(
            status.armed == nil && [.idle, .ready].contains(status.state), "The board is left \(status.state.name).")
        findings.expect(
            status.spoolUsed == bench.foreignRecords,
            "\(status.spoolUsed) records are left in the spool, \(bench.foreignRecords) of them were there before.")
        try findings.done()
        return .passed
    }
}
