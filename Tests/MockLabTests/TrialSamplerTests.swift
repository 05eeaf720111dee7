import BellModel
import Testing

@testable import MockLab

@Suite("Sampling of trial records")
struct TrialSamplerTests {
    private func physics() throws -> BellPhysics {
        var truth = HandMadeProgram.truth
        for node in Node.allCases {
            truth.nodes[node].t1 = 4e-6
            truth.nodes[node].t2 = 5e-6
            truth.nodes[node].readout.noise = 2_800
            truth.nodes[node].readout.angle = 0.1
        }
        truth.link.efficiency = 0.85
        return BellPhysics(programs: try HandMadeProgram().pair, truth: truth)
    }

    private func half(_ count: Int, _ random: inout Xoshiro256) throws -> TrialSampler.Half {
        let rate = try #require(TickRate(numerator: 8_000_000_000))
        return TrialSampler.Half(
            firstIndex: 1 << 40, bits: (0..<count).map { _ in UInt8(random.next() >> 63) }, startTick: 4_100,
            stopDelta: 660,
            flags: .simulated, counter: TickCounter(rate: rate, drift: 0, start: 1_000_000, since: 0),
            pulseDelay: 5_000, jitterStep: 0)
    }

    @Test("Sampled frequencies agree with p(ab|xy) within 5 σ", arguments: [UInt64(1), 2, 3])
    func frequencies(seed: UInt64) throws {
        let count = 400_000
        let physics = try physics()
        var random = Xoshiro256(seed: seed)
        var cryostat = TrialSampler.Randomness(seed: seed)
        let halves = PerNode<TrialSampler.Half?>(alice: try half(count, &random), bob: try half(count, &random))
        let made = TrialSampler(physics: physics, gaussian: GaussianTable()).play(
            count: count, time: 0, period: 80_000_000, halves: halves,
            random: &cryostat)
        let alice = TrialRecord.all(in: try #require(made.alice).records)
        let bob = TrialRecord.all(in: try #require(made.bob).records)
        var counts = [Double](repeating: 0, count: 16)
        for (a, b) in zip(alice, bob) {
            let settings = 8 * Int(a.setting) + 4 * Int(b.setting)
            counts[settings + 2 * Int(a.outcome) + Int(b.outcome)] += 1
        }
        for setting in 0..<4 {
            let total = counts[4 * setting..<4 * setting + 4].reduce(0, +)
            for ab in 0..<4 {
                let p = physics.outcomes[4 * setting + ab]
                let sigma = (total * p * (1 - p)).squareRoot()
                #expect(abs(counts[4 * setting + ab] - total * p) < 5 * sigma, "seed \(seed), cell \(setting) \(ab)")
            }
        }
    }

    @Test("A record holds index, ticks, setting, flags, and an outcome that its IQ point explains")
    func records() throws {
        var random = Xoshiro256(seed: 5)
        let count = 500
        var cryostat = TrialSampler.Randomness(seed: 17)
        let halves = PerNode<TrialSampler.Half?>(alice: nil, bob: try half(count, &random))
        let made = TrialSampler(physics: try physics(), gaussian: GaussianTable()).play(
            count: count, time: 160_000_000, period: 80_000_000, halves: halves,
            random: &cryostat)
        #expect(made.alice == nil)
        let output = try #require(made.bob)
        let discriminator = try HandMadeProgram().program(.bob).discriminator
        for (k, record) in TrialRecord.all(in: output.records).enumerated() {
            #expect(record.index == 1 << 40 + UInt64(k))
            // Pulse k + 2 arrives 5 ns after 80 µs × (k + 2): 40 ticks.
            let pulse = Int64(1_000_000 + 640_000 * (k + 2) + 40)
            #expect(abs(Int64(output.pulseTicks[k]) - pulse) <= 1)
            #expect(record.startTick == output.pulseTicks[k] + 4_100)
            #expect(record.stopDelta == 660)
            #expect(record.setting == halves.bob?.bits[k])
            #expect(record.outcome == discriminator.outcome(i: record.i, q: record.q))
            #expect(record.flags == .simulated)
            #expect(record.aux == 0)
        }
    }

    @Test("Trigger jitter has its standard deviation")
    func jitter() throws {
        var random = Xoshiro256(seed: 9)
        let count = 20_000
        var jittery = try half(count, &random)
        var cryostat = TrialSampler.Randomness(seed: 17)
        jittery.jitterStep = 1_000  // 2 ns: 16 ticks
        let made = TrialSampler(physics: try physics(), gaussian: GaussianTable()).play(
            count: count, time: 1_000_000, period: 80_000_000,
            halves: PerNode(alice: jittery, bob: nil), random: &cryostat)
        let ticks = try #require(made.alice).pulseTicks
        let deviations = ticks.enumerated().map { k, tick in
            Double(Int64(tick) - Int64(1_000_000 + 8_000 + 40 + 640_000 * k))
        }
        let variance = deviations.reduce(0) { $0 + $1 * $1 } / Double(count)
        #expect(abs(variance - 256) < 256 * 0.06)
    }

    @Test("Faults are read, and nonsense is refused by name")
    func faults() throws {
        #expect(try MockFault(parsing: "reboot:alice@5000") == MockFault(.reboot, node: .alice, trial: 5000))
        #expect(try MockFault(parsing: "flag:bob:0x20@7") == MockFault(.flag, node: .bob, value: 32, trial: 7))
        #expect(try MockFault(parsing: "block@0") == MockFault(.block, trial: 0))
        #expect(try MockFault(parsing: "slip:12@1").value == 12)
        for bad in ["", "@", "reboot", "reboot@", "reboot@-1", "boom@3", "slip:bob:x@3", "slip:bob:1:2@3", "a@b@1"] {
            #expect(throws: BellError.self, "\(bad)") { _ = try MockFault(parsing: bad) }
        }
    }
}
