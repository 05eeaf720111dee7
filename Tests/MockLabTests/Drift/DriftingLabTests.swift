import BellModel
import DriverKit
import Testing

@testable import MockLab

@Suite("A laboratory whose truth drifts")
struct DriftingLabTests {
    /// The shipped profile's drift with the hand-made truth's numbers: 46 times as fast as the laboratory.
    private static let night = """
        time_factor: 46
        drift:
          alice.rabi_mhz: {process: ou, std: 4, correlation: 10min}
          bob.readout.angle_deg: {process: ou, std: 30, correlation: 10min, jumps: {rate_per_hour: 4, std: 20}}
          link.phase_deg: {linear_per_hour: 300}
          bob.board.trigger_delay_ns: {linear_per_hour: 100}
          bob.board.drift_ppb: {linear_per_hour: 50000}
        """

    private func run(_ text: String, seed: UInt64 = 5, pace: Pace = .max, counts: [UInt32]) throws -> BoardClient {
        let profile = try DriftProfileTests.profile(adding: text)
        var client = try BoardClient(seed: seed, pace: pace) { $0 = profile }
        try client.prepare()
        var first: UInt64 = 0
        for (arm, count) in counts.enumerated() {
            try client.run(arm: UInt64(arm + 1), first: first, count: count)
            first += UInt64(count)
            while client.armEnds(.alice).count <= arm { client.wait(nanoseconds: 1_000_000) }
        }
        return client
    }

    private func bytes(_ client: BoardClient) -> [[UInt8]] {
        Node.allCases.map { node in client.chunks(node).flatMap(\.records) }
    }

    @Test("The same seed and requests give the same bytes, at any pace and however the trials are cut into arms")
    func deterministic() throws {
        let made = bytes(try run(Self.night, counts: [6_000]))
        #expect(made[0].count == 6_000 * TrialRecord.byteCount)
        #expect(bytes(try run(Self.night, counts: [6_000])) == made)
        #expect(bytes(try run(Self.night, pace: .trialsPerSecond(7_000), counts: [6_000])) == made)
        #expect(bytes(try run(Self.night, counts: [1_000, 3_500, 1_500])) == made)
        #expect(bytes(try run(Self.night, seed: 6, counts: [6_000])) != made)
    }

    @Test("A drift of nothing changes no byte, and nor does a time factor or a gauge")
    func nothing() throws {
        let plain = bytes(try run("", counts: [3_000]))
        for text in [
            "time_factor: 1000", "gauges: {fridge: {model: fridge}}", "drift: {alice.t1_us: {linear_per_hour: 0}}",
            "time_factor: 500\ndrift: {bob.rabi_mhz: {process: ou, std: 0, correlation: 1h}}",
        ] { #expect(bytes(try run(text, counts: [3_000])) == plain, "\(text)") }
        #expect(bytes(try run(Self.night, counts: [3_000])) != plain)
    }

    @Test("A block of 2^14 trials at 80 µs is a minute of drift at 46 times the speed")
    func minute() throws {
        let client = try run("time_factor: 46\ndrift: {link.phase_deg: {linear_per_hour: 60}}", counts: [16_384])
        let seconds = client.core.profile.drift.seconds(at: client.core.time)
        #expect(abs(seconds - 60.29) < 0.01)
        // One degree a minute; the last step began less than 1 s before the end.
        let moved = 360 * client.core.truth.link.phase - 47.6
        #expect(moved > 59.0 / 60 && moved <= seconds / 60, "\(moved)°")
    }

    @Test("Shots take time, too")
    func shots() throws {
        let profile = try DriftProfileTests.profile(
            adding: "time_factor: 100\ndrift: {link.phase_deg: {linear_per_hour: 60}}")
        var client = try BoardClient { $0 = profile }
        try client.prepare()
        guard case .shots(let shots) = client.ask(.shotsRequest(ShotsRequest(count: 10_000, averaged: false)), .bob)
        else { return #expect(Bool(false), "no shots came") }
        #expect(shots.count == 10_000)
        // 10 000 × 80 µs × 100 = 80 s; the truth of the last step is in force.
        #expect(abs(client.core.profile.drift.seconds(at: client.core.time) - 80) < 0.1)
        #expect(abs(360 * client.core.truth.link.phase - 47.6 - 79.0 / 60) < 0.02)
    }

    @Test("A board's clock and trigger line drift without a jump")
    func boards() throws {
        let client = try run(Self.night, counts: [16_384])
        let (alice, bob) = (client.clock(.alice), client.clock(.bob))
        // 12 ppb at alice; bob −31 ppb + 50 000 ppb an hour: 833 ppb after a minute. Its line grows by 1.67 ns = 13 ticks.
        let first = try #require(bob.first)
        let last = try #require(bob.last)
        #expect(first.pulse == alice.first?.pulse)
        let nominal = Double(last.pulse - first.pulse) * 640_000
        let extra = Double(last.tick &- first.tick) - nominal
        let expected = nominal * (-31e-9 + 0.5 * 833e-9) + 13.4
        #expect(abs(extra - expected) < 0.05 * expected + 4, "\(extra) ticks, expected \(expected)")
        #expect(client.core.boards.bob.truth.drift > 700e-9)
    }

    @Test("The sampler is kept between steps: a slow clock costs nothing")
    func kept() throws {
        let profile = try DriftProfileTests.profile(adding: "drift: {link.phase_deg: {linear_per_hour: 60}}")
        var drift = try #require(LabDrift(profile: profile, seed: 1))
        let gaussian = GaussianTable()
        #expect((drift.advance(to: 999_999_999_999, gaussian: gaussian) as Bool) == false)
        #expect((drift.advance(to: 1_000_000_000_000, gaussian: gaussian) as Bool) == true)
        #expect((drift.advance(to: 1_999_999_999_999, gaussian: gaussian) as Bool) == false)
        #expect(drift.pulses(from: 1_000_000_000_000, period: 80_000_000) == 12_500)
        #expect(drift.pulses(from: 1_999_999_999_999, period: 80_000_000) == 1)
        #expect(drift.pulses(from: 5, period: 0) > 0)
    }
}
