import BellModel
import Board
import DriverKit

/// Input bits from the host.
enum HostBitChecks {
    /// Without bits, or with too few, an arm is refused; those of two arms are kept.
    static func required(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await bench.toReady(try bench.harmless(inputBits: .host))
        var findings = Findings()
        let count = try bench.usualCount(20)
        let bare = bench.order(count)
        let none = try await bench.probe.ask(.arm(bare))
        findings.expect(
            none.errorCode == .noHostBits,
            "ARM without its bits is answered with \(none.summary), not ERROR no-host-bits.")
        if none.errorCode == nil { _ = try await bench.probe.ask(.stop) }
        if count > 1 {
            let order = bench.order(count)
            let few = try await bench.arm(order, bits: bench.bits(count - 1, seed: 5))
            findings.expect(
                few.errorCode == .noHostBits,
                "ARM of \(count) trials with \(count - 1) bits is answered with \(few.summary), not ERROR no-host-bits."
            )
            if few.errorCode == nil { _ = try await bench.probe.ask(.stop) }
        }
        // Bits of two arms are kept until they are armed.
        let orders = [bench.order(count), bench.order(count)]
        for order in orders {
            let bits = bench.bits(count, seed: order.arm)
            let reply = try await bench.probe.ask(
                .hostBits(HostBits(campaign: order.campaign, arm: order.arm, bits: bits)))
            findings.expect(reply == .ok, "HOST_BITS of two arms are answered with \(reply.summary).")
        }
        for (place, order) in orders.enumerated() {
            let reply = try await bench.probe.ask(.arm(order))
            findings.expect(
                reply == .armed(order),
                "ARM of arm \(place + 1) of two whose bits were sent is answered with \(reply.summary).")
            _ = try await bench.probe.ask(.stop)
        }
        try findings.done()
        return .passed
    }

    /// The settings are the bits, in their order, flagged; surplus bits are not used.
    static func used(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try bench.harmless(inputBits: .host)
        try await bench.toReady(program)
        let count = try bench.usualCount(333)
        var run = ArmRun(order: bench.order(count), program: program)
        let bits = bench.bits(count + 9, seed: 11)
        let reply = try await bench.arm(run.order, bits: bits)
        guard case .armed = reply else {
            throw BellError(.conformanceViolation, "ARM with surplus host bits is answered with \(reply.summary).")
        }
        _ = await bench.probe.takeArrivals()
        run.begin = bench.clock.now()
        try await bench.start(run.order)
        try await bench.finish(&run)
        var findings = Findings()
        guard !run.records.isEmpty else { return .skipped("the arm made no records, see arm.completes") }
        for (place, record) in run.records.enumerated() {
            findings.expect(
                record.setting == bits[place],
                "Trial \(place) of the arm has the setting \(record.setting), its bit was \(bits[place]).")
            findings.expect(
                record.flags.contains(.hostBit), "Trial \(place) of the arm is not flagged as having a host bit.")
        }
        try findings.done()
        return .passed([.init("bits", Double(run.recordCount), "")])
    }
}
