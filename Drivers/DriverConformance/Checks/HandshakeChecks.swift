import BellModel
import DriverKit

/// Greeting and replay.
enum HandshakeChecks {
    /// Everything but HELLO is refused on a connection that has not greeted.
    static func helloRequired(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await bench.probe.open()
        var findings = Findings()
        for request in [BoardMessage.ping(token: 1), .statusRequest, .safe] {
            let reply = try await bench.probe.ask(request)
            if bench.options.way == .stream, reply.errorCode == nil {
                return .skipped("a cable has one peer, and this boot of the board has been greeted before")
            }
            findings.expect(
                reply.errorCode == .helloRequired,
                "\(request.type.name) before HELLO is answered with \(reply.summary), not ERROR hello-required.")
        }
        try findings.done()
        return .passed
    }

    /// HELLO of version 2 is refused.
    static func wrongVersion(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await bench.probe.open()
        let reply = try await bench.probe.ask(.hello(Hello(version: 2, software: "a later host")))
        guard reply.errorCode == .wrongVersion else {
            throw BellError(
                .conformanceViolation, "HELLO of version 2 is answered with \(reply.summary), not ERROR wrong-version.")
        }
        return .passed
    }

    /// HELLO is answered with CAPABILITIES before anything else comes.
    static func capabilities(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let greeting = try await bench.reconnect()
        bench.capabilities = greeting.capabilities
        if let status = greeting.status { bench.foreignRecords = status.spoolUsed }
        if let partner = bench.partner {
            try await partner.open()
            bench.partnerCapabilities = try await BoardBench.greet(
                partner, timeouts: bench.timeouts, clock: bench.clock
            ).capabilities
        }
        return .passed
    }

    /// The replay ends with one unsolicited STATUS, and nothing is lost by greeting again.
    static func replay(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let greeting = try await bench.reconnect()
        guard let status = greeting.status else {
            throw BellError(
                .conformanceViolation,
                "No unsolicited STATUS came within \(bench.timeouts.replay.inSeconds) s of CAPABILITIES.")
        }
        try await bench.probe.settle(for: .zero)
        let later = await bench.probe.takeArrivals().compactMap(\.status)
        var findings = Findings()
        findings.expect(later.isEmpty, "\(later.count + 1) unsolicited STATUS came after one HELLO.")
        findings.expect(
            status.bootID == greeting.capabilities.bootID,
            "STATUS names boot \(status.bootID), CAPABILITIES boot \(greeting.capabilities.bootID).")
        try findings.done()
        return .passed
    }

    /// HELLO again on the same connection changes nothing but the peer.
    static func secondHello(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        let before = try await bench.status()
        let greeting = try await bench.greet()
        var findings = Findings()
        findings.expect(greeting.status != nil, "No STATUS came after a second HELLO on the same connection.")
        if let known = bench.capabilities {
            findings.expect(
                greeting.capabilities == known, "CAPABILITIES differ from those of the first HELLO.")
        }
        let after = try await bench.status()
        findings.expect(
            after.state == before.state, "The state was \(before.state.name) and is \(after.state.name) after HELLO.")
        // The program is still there when an arm can be armed without loading it again.
        let order = bench.order(1)
        let bits = program.inputBits == .host ? bench.bits(1, seed: 1) : nil
        let reply = try await bench.arm(order, bits: bits)
        findings.expect(reply.errorCode == nil, "After HELLO, ARM is answered with \(reply.summary).")
        try findings.done()
        return .passed
    }

    /// The boot id stays what it was while the board is not restarted.
    static func bootID(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let boots = await bench.probe.ledger.bootIDs
        guard boots.count <= 1 else {
            throw BellError(
                .conformanceViolation,
                "Boot ids \(boots.map(String.init).joined(separator: ", ")) came in one session.",
                fix: "use one boot id from power-up to power-up, in CAPABILITIES, STATUS, TRIALS, CLOCK and "
                    + "CHUNK_SIGNATURE; if the board restarted by itself, check its supply")
        }
        return .passed
    }
}
