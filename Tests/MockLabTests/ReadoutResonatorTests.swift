import BellModel
import Foundation
import Testing

@testable import MockLab

@Suite("Readout through a resonator")
struct ReadoutResonatorTests {
    private var truth: NodeTruth {
        var truth = NodeTruth()
        truth.anharmonicity = -240e6
        truth.readout.separation = 6000
        truth.readout.angle = 0.3
        truth.readout.noise = 2000
        truth.readout.frequency = 0.4e6
        truth.readout.linewidth = 20e6
        truth.readout.shift = 8e6
        return truth
    }

    private func model(
        _ truth: NodeTruth, strength: Double = 1, tone: Double = 0.4e6, window: Double = 50e-9, threshold: Double = 0
    ) -> ReadoutModel {
        ReadoutModel(
            truth: truth, strength: strength, tone: tone, window: window,
            discriminator: Discriminator(angle: truth.readout.angle, threshold: threshold))
    }

    /// Half the distance of the clouds of |g⟩ and |e⟩, its direction, and their middle along and across the angle.
    private func clouds(_ model: ReadoutModel) -> (half: Double, angle: Double, along: Double, across: Double) {
        let (g, e) = (model.centre(level: 0), model.centre(level: 1))
        let (i, q) = (0.5 * (g.i + e.i), 0.5 * (g.q + e.q))
        return (
            0.5 * hypot(e.i - g.i, e.q - g.q), atan2(e.q - g.q, e.i - g.i), i * cos(0.3) + q * sin(0.3),
            q * cos(0.3) - i * sin(0.3)
        )
    }

    @Test("In a long window at the best frequency the clouds are as far apart as the profile says")
    func steady() {
        let found = clouds(model(truth, window: 20e-6))
        #expect(abs(found.half - 6000) < 30)
        #expect(abs(found.angle - 0.3) < 1e-9)
        #expect(abs(found.along) < 1e-6)
        #expect(abs(found.across - 6000 / 0.8) < 60)
    }

    @Test("In 50 ns the resonator rings up to 60 % of it", arguments: [(8e6, 0.600465), (-7.5e6, 0.583745)])
    func ringUp(shift: Double, part: Double) {
        // Known answers: ∫ of (1 − e^{−λt}) by an independent program, λ = κ/2 ∓ 2πiχ.
        var truth = truth
        truth.readout.shift = shift
        let found = clouds(model(truth))
        #expect(abs(found.half / 6000 - part) < 1e-6)
        #expect(abs(found.angle - 0.3) < 1e-9)
        #expect(abs(found.along) < 1e-6)
    }

    @Test("The transmission of |g⟩ peaks χ below the best tone, that of |e⟩ χ above, that of |f⟩ 3 χ above")
    func spectrum() {
        for (level, offset) in [(0, -8e6), (1, 8e6), (2, 24e6)] {
            let sizes = (-400...400).map { place -> Double in
                let centre = model(truth, tone: 0.4e6 + 1e5 * Double(place), window: 5e-6).centre(level: level)
                return hypot(centre.i, centre.q)
            }
            let best = sizes.indices.max { sizes[$0] < sizes[$1] } ?? 0
            #expect(abs(1e5 * Double(best - 400) - offset) < 1.5e5)
            // Half a linewidth beside the peak the power is half of its height.
            let ratio = pow(sizes[best - 100] / sizes[best], 2)
            #expect(abs(ratio - 0.5) < 0.02)
        }
        // Off the best frequency the clouds come closer.
        let distances = [0.0, 10e6, 20e6].map { clouds(model(truth, tone: 0.4e6 + $0)).half }
        #expect(distances[0] > distances[1] && distances[1] > distances[2])
    }

    @Test("Without a linewidth the tone's frequency and the window do not matter")
    func none() {
        var truth = truth
        truth.readout.linewidth = .infinity
        for (tone, window) in [(0.0, 50e-9), (30e6, 2e-6)] {
            let found = model(truth, tone: tone, window: window)
            #expect(abs(clouds(found).half - 6000) < 1e-9)
            #expect(abs(found.noise - 2000 * (50e-9 / window).squareRoot()) < 1e-9)
        }
    }

    @Test("Clouds stop growing at the saturation's amplitude")
    func saturation() {
        var truth = truth
        let linear = [0.1, 1].map { clouds(model(truth, strength: $0)).half }
        #expect(abs(linear[1] / linear[0] - 10) < 1e-9)
        truth.readout.saturation = 0.5
        let limited = [0.1, 1].map { clouds(model(truth, strength: $0)).half }
        #expect(abs(limited[0] / linear[0] - 5 * tanh(0.2)) < 1e-9)
        #expect(abs(limited[1] / linear[1] - 0.5 * tanh(2.0)) < 1e-9)
    }

    @Test("Sampled outcomes follow the probabilities, with relaxation and jumps up", arguments: 0..<3)
    func sampled(level: Int) {
        var truth = truth
        truth.t1 = 3e-6
        truth.readout.excitationRate = 0.3e6
        let model = model(truth, window: 60e-9)
        let table = GaussianTable()
        var random = Xoshiro256(seed: 31, stream: UInt64(level))
        var (ones, clipped) = (0, false)
        let count = 300_000
        for _ in 0..<count {
            let point = model.sample(level: UInt8(level), table, &random, clipped: &clipped)
            ones += Int(model.discriminator.outcome(i: point.i, q: point.q))
        }
        let p = model.probabilityOfOne(level: level)
        let sigma = (p * (1 - p) / Double(count)).squareRoot()
        // Second jumps, of which the probability knows nothing, are below 3e-4.
        #expect(abs(Double(ones) / Double(count) - p) < 5 * sigma + 3e-4)
    }

    @Test("High power costs fidelity, so that the best amplitude lies below full scale")
    func power() {
        var truths = PhysicsTruth()
        truths.nodes.alice = truth
        let quiet = GroundTruth(truths).readout(.alice, window: 50e-9)
        #expect(quiet.amplitude == 1)
        #expect(abs(quiet.angle - 0.3) < 1e-9 && abs(quiet.threshold) < 1)
        #expect(quiet.frequency == 0.4e6)
        // Without relaxation both errors are the overlap of two normal distributions.
        let expected = ReadoutModel.above(-0.600465 * 6000 / 2000)
        #expect(abs(quiet.errorGround - expected) < 1e-5 && abs(quiet.errorExcited - expected) < 1e-5)
        truths.nodes.alice.readout.excitationRate = 3e6
        let loud = GroundTruth(truths).readout(.alice, window: 50e-9)
        #expect(loud.amplitude < 1 && loud.amplitude > 0.3)
        #expect(loud.errorGround + loud.errorExcited > quiet.errorGround + quiet.errorExcited)
    }
}
