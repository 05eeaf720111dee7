import BellModel
import DriverKit

/// Each request in each state, against the table of states.
enum StateChecks {
    /// A request of each type; those that need an arm name `order`.
    private static func requests(
        _ bench: BoardBench, _ order: ArmOrder, start: ArmName
    ) throws(BellError) -> [BoardMessage] {
        let program = try bench.harmless()
        let other = ArmOrder(campaign: order.campaign, arm: order.arm, firstIndex: order.firstIndex, count: 1)
        return [
            .program(program.program.encoded()), .arm(other), .start(start),
            .shotsRequest(ShotsRequest(count: 1, averaged: true)), .statusRequest, .ping(token: 5),
        ]
    }

    /// Idle: nothing can be armed, started or played.
    static func idle(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await bench.toIdle()
        let status = try await bench.status()
        guard status.state == .idle else { return .skipped("SAFE led to \(status.state.name), see safe.*") }
        var findings = Findings()
        findings.expect(status.armed == nil, "STATUS names an arm in state idle.")
        findings.expect(status.nextIndex == 0, "STATUS shows next index \(status.nextIndex) without an arm.")
        let order = bench.order(1)
        for message in try requests(bench, order, start: name(order)).dropFirst() {
            try await expect(bench, message, isRefused: refusedWithoutProgram.contains(message.type), "idle", &findings)
        }
        try await expect(bench, .stop, isRefused: false, "idle", &findings)
        try await expect(bench, .safe, isRefused: false, "idle", &findings)
        findings.expect(try await bench.status().state == .idle, "The board has left idle without a PROGRAM.")
        try findings.done()
        return .passed
    }

    private static let refusedWithoutProgram: Set<MessageType> = [.arm, .start, .shotsRequest]

    /// Ready: START alone is refused.
    static func ready(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await bench.toReady()
        var findings = Findings()
        findings.expect(try await bench.status().state == .ready, "PROGRAM did not lead to ready.")
        let order = bench.order(1)
        try await expect(bench, .start(name(order)), isRefused: true, "ready", &findings)
        let program = try bench.harmless().program.encoded()
        for message in [BoardMessage.program(program), .stop, .ping(token: 6), .statusRequest] {
            try await expect(bench, message, isRefused: false, "ready", &findings)
        }
        findings.expect(try await bench.status().state == .ready, "The board has left ready without ARM or SAFE.")
        try findings.done()
        return .passed
    }

    /// Armed: nothing can be loaded, armed or played, and another arm's START fires nothing.
    static func armed(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        let count = try bench.usualCount(500)
        let free = try await bench.status().spoolFree
        let run = try await bench.armed(count, program)
        var findings = Findings()
        let status = try await bench.status()
        findings.expect(status.state == .armed, "After ARMED the board is \(status.state.name).")
        findings.expect(status.armed == run.order, "STATUS does not name the armed arm.")
        findings.expect(
            status.nextIndex == run.order.firstIndex,
            "STATUS shows next index \(status.nextIndex), the arm begins at \(run.order.firstIndex).")
        findings.expect(
            status.spoolFree == free - min(count, free),
            "Room for \(status.spoolFree) records is left of \(free) after an arm of \(count) was armed.")
        let other = ArmName(campaign: run.order.campaign, arm: run.order.arm + 1)
        for message in try requests(bench, run.order, start: other) {
            let isRefused = [.program, .arm, .start, .shotsRequest].contains(message.type)
            try await expect(bench, message, isRefused: isRefused, "armed", &findings)
        }
        let greeting = try await bench.greet()
        findings.expect(greeting.status?.armed == run.order, "After HELLO, STATUS does not name the armed arm.")
        findings.expect(try await bench.status().state == .armed, "The board has left armed without a trigger.")
        try await expect(bench, .stop, isRefused: false, "armed", &findings)
        try findings.done()
        return .passed
    }

    /// Running: nothing can be loaded, armed, started or played.
    static func running(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        var states: [String] = []
        for waiting in bench.longAttempts {
            guard let run = try await bench.startLong(waiting: waiting) else {
                return .skipped("no arm could be started")
            }
            var sent: [(UInt32, BoardMessage)] = []
            for message in try requests(bench, run.order, start: name(run.order)).dropLast(2) {
                sent.append((try await bench.probe.post(message), message))
            }
            let number = try await bench.probe.post(.statusRequest)
            let stop = try await bench.probe.post(.stop)
            let seen = try await bench.probe.reply(to: number, of: .statusRequest)
            _ = try await bench.probe.reply(to: stop, of: .stop)
            guard case .status(let status) = seen, status.state == .running else {
                if case .status(let status) = seen { states.append(status.state.name) }
                continue
            }
            var findings = Findings()
            let count = run.order.count
            findings.expect(status.armed == run.order, "STATUS does not name the running arm.")
            findings.expect(
                status.nextIndex > run.order.firstIndex && status.nextIndex <= run.order.firstIndex + UInt64(count),
                "STATUS shows next index \(status.nextIndex) in an arm of \(count) from \(run.order.firstIndex).")
            for (number, message) in sent {
                let reply = try await bench.probe.reply(to: number, of: message.type)
                findings.expect(
                    reply.errorCode == .wrongState,
                    "\(message.type.name) in state running is answered with \(reply.summary), not ERROR wrong-state.")
            }
            try findings.done()
            return .passed
        }
        return .skipped(
            "the board was \(states.joined(separator: " and ")) when the requests came, not running; try a slower pace")
    }

    static func name(_ order: ArmOrder) -> ArmName { ArmName(campaign: order.campaign, arm: order.arm) }

    private static func expect(
        _ bench: BoardBench, _ message: BoardMessage, isRefused: Bool, _ state: String, _ findings: inout Findings
    ) async throws(BellError) {
        let reply = try await bench.probe.ask(message)
        let holds = isRefused ? reply.errorCode == .wrongState : reply.errorCode == nil
        findings.expect(
            holds,
            "\(message.type.name) in state \(state) is answered with \(reply.summary)"
                + (isRefused ? ", not ERROR wrong-state." : "."))
    }
}
