import BellModel
import Foundation
import Testing

@testable import BellCalibration

@Suite("Tomography by maximum likelihood")
struct LinkTomographyTests {
    /// One of `LinkReference/tomography.json`, made by make.py there with another parametrisation and another search.
    struct Reference: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var errors: [Double]
        var counts: [Int]
        var log_likelihood: Double
        var re: [Double]
        var im: [Double]
        var fidelity: Double
        var concurrence: Double
        var testDescription: String { name }

        var assignment: PerNode<AssignmentErrors> {
            PerNode(
                alice: AssignmentErrors(ground: errors[0], excited: errors[1]),
                bob: AssignmentErrors(ground: errors[2], excited: errors[3]))
        }
    }

    static let references: [Reference] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("LinkReference/tomography.json")
        guard let data = try? Data(contentsOf: path) else { return [] }
        return (try? JSONDecoder().decode([Reference].self, from: data)) ?? []
    }()

    @Test("there are references") func exist() { #expect(Self.references.count == 5) }

    @Test("finds the state that another search finds", arguments: references)
    func agrees(reference: Reference) throws {
        let search = try #require(
            LikelihoodSearch(
                reference.counts, operators: TomographyCounts.operators(reference.assignment), settings: 9))
        let found = search.maximum(gap: 1e-5, iterations: 200_000)
        #expect(found.hasConverged, "gap \(found.gap)")
        // By its gap ours is within 1e-5 of the maximum; the reference's roots of eigenvalues stall at a singular state.
        #expect(found.logLikelihood > reference.log_likelihood - 1e-3)
        #expect(found.logLikelihood < reference.log_likelihood + 0.05)
        for k in 0..<16 {
            #expect((found.rho.re[k] - reference.re[k]).magnitude < 5e-4, "re \(k)")
            #expect((found.rho.im[k] - reference.im[k]).magnitude < 5e-4, "im \(k)")
        }
        #expect((BellMeasures.fidelity(found.rho) - reference.fidelity).magnitude < 5e-4)
        // The square roots of small eigenvalues make concurrence less smooth.
        #expect((BellMeasures.concurrence(found.rho) - reference.concurrence).magnitude < 5e-3)
    }

    /// A random state of a random rank.
    private func randomState(_ dice: inout Resampler) -> Matrix4 {
        var g = Matrix4.zero
        let rank = 1 + Int(dice.next() % 4)
        for row in 0..<4 {
            for column in 0..<rank {
                g.re[4 * row + column] = dice.normal()
                g.im[4 * row + column] = dice.normal()
            }
        }
        let rho = (g * g.adjoint).hermitian
        return 1 / rho.trace * rho
    }

    private func counts(_ rho: Matrix4, _ errors: PerNode<AssignmentErrors>, _ trials: Int, _ dice: inout Resampler)
        -> [Int]
    {
        let operators = TomographyCounts.operators(errors)
        return stride(from: 0, to: 36, by: 4).flatMap { first in
            dice.counts(trials, operators[first..<first + 4].map { rho.overlap($0) })
        }
    }

    private let errors = PerNode(
        alice: AssignmentErrors(ground: 0.02, excited: 0.04), bob: AssignmentErrors(ground: 0.01, excited: 0.05))

    @Test("gives a state, close to the truth, whatever the truth", arguments: 0..<40)
    func isState(seed: Int) throws {
        var dice = Resampler(seed: UInt64(seed) + 100)
        let truth = randomState(&dice)
        let trials = seed.isMultiple(of: 2) ? 4000 : 200
        let search = try #require(
            LikelihoodSearch(
                counts(truth, errors, trials, &dice), operators: TomographyCounts.operators(errors), settings: 9))
        let found = search.maximum()
        #expect(found.hasConverged)
        #expect((found.rho.trace - 1).magnitude < 1e-12)
        let values = found.rho.eigen().values
        #expect(values.allSatisfy { $0 > -1e-12 })
        #expect((found.rho - found.rho.adjoint).size < 1e-14)
        // Each entry is known to about 1/√(trials); the bound is five times that.
        #expect((found.rho - truth).size < 5 / Double(trials).squareRoot())
        let p = BellMeasures.purity(found.rho)
        #expect(p > 0.24 && p < 1 + 1e-9)
        let c = BellMeasures.concurrence(found.rho)
        #expect(c >= 0 && c < 1 + 1e-9)
    }

    @Test("recovers a pure entangled state from exact frequencies")
    func pure() throws {
        let operators = TomographyCounts.operators(errors)
        let exact = operators.map { Int((1e9 * BellMeasures.target.overlap($0)).rounded()) }
        let search = try #require(LikelihoodSearch(exact, operators: operators, settings: 9))
        let found = search.maximum(gap: 10, iterations: 20_000)
        #expect(BellMeasures.fidelity(found.rho) > 0.9999)
        #expect(BellMeasures.concurrence(found.rho) > 0.999)
    }

    @Test("never makes the likelihood smaller than that of the truth", arguments: 0..<20)
    func likelihood(seed: Int) throws {
        var dice = Resampler(seed: UInt64(seed) + 900)
        let truth = randomState(&dice)
        let drawn = counts(truth, errors, 1000, &dice)
        let operators = TomographyCounts.operators(errors)
        let search = try #require(LikelihoodSearch(drawn, operators: operators, settings: 9))
        let found = search.maximum()
        let own = zip(drawn, operators).reduce(0) { $0 + Double($1.0) * log(max(truth.overlap($1.1), 1e-300) / 9) }
        #expect(found.logLikelihood >= own - found.gap - 1e-6)
    }

    @Test("a bootstrap's uncertainty is what fidelities scatter by")
    func bootstrap() throws {
        var dice = Resampler(seed: 77)
        let truth = 0.88 * BellMeasures.target + 0.03 * Matrix4.identity
        let none = PerNode { _ in AssignmentErrors(ground: 0, excited: 0) }
        var values: [Double] = []
        var sigmas: [Double] = []
        for _ in 0..<20 {
            let drawn = TomographyCounts(counts: counts(truth, errors, 1000, &dice))
            let found = try #require(BellTomography(drawn, errors: errors, uncertainty: none))
            values.append(found.fidelity.value)
            sigmas.append(found.fidelity.sigma)
        }
        let mean = values.reduce(0, +) / 20
        let spread = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 19).squareRoot()
        let typical = sigmas.reduce(0, +) / 20
        // A standard deviation of 20 values is itself known to 16 %.
        #expect(typical > 0.6 * spread && typical < 1.6 * spread, "\(typical) against \(spread)")
        #expect((mean - BellMeasures.fidelity(truth)).magnitude < 4 * spread / 20.0.squareRoot() + 0.002)
    }

    @Test("the operators of a setting sum to one, and say ground for the state that is read as ground")
    func operators() {
        let all = TomographyCounts.operators(errors)
        for first in stride(from: 0, to: 36, by: 4) {
            let sum = all[first] + all[first + 1] + all[first + 2] + all[first + 3]
            #expect((sum - Matrix4.identity).size < 1e-15)
        }
        // |gg⟩ in z, z: (1 − 0.02)(1 − 0.01).
        #expect((Matrix4(diagonal: [1, 0, 0, 0]).overlap(all[32]) - 0.98 * 0.99).magnitude < 1e-15)
    }

    @Test("eigenvalues and vectors give the matrix back", arguments: 0..<20)
    func eigen(seed: Int) {
        var dice = Resampler(seed: UInt64(seed))
        let matrix = randomState(&dice)
        let (values, vectors) = matrix.eigen()
        let middle = Matrix4(diagonal: SIMD4(values[0], values[1], values[2], values[3]))
        #expect((vectors * middle * vectors.adjoint - matrix).size < 1e-13)
        #expect((vectors * vectors.adjoint - Matrix4.identity).size < 1e-13)
        #expect(values == values.sorted())
        let root = matrix.mapped { max($0, 0).squareRoot() }
        #expect((root * root - matrix).size < 1e-12)
    }

    @Test("known states have their known measures")
    func measures() {
        let mixed = 0.25 * Matrix4.identity
        #expect((BellMeasures.concurrence(BellMeasures.target) - 1).magnitude < 1e-12)
        #expect(BellMeasures.concurrence(mixed) == 0)
        #expect((BellMeasures.fidelity(mixed) - 0.25).magnitude < 1e-15)
        // Werner: C = max(0, (3p − 1)/2).
        let werner = 0.6 * BellMeasures.target + 0.4 * mixed
        #expect((BellMeasures.concurrence(werner) - 0.4).magnitude < 1e-9)
        var turned = BellMeasures.target
        (turned.re[6], turned.im[6], turned.re[9], turned.im[9]) = (0, 0.5, 0, -0.5)
        let best = BellMeasures.bestPhase(turned)
        #expect((best.phase - .pi / 2).magnitude < 1e-12 && (best.fidelity - 1).magnitude < 1e-12)
        #expect((BellMeasures.fidelity(turned) - 0.5).magnitude < 1e-12)
    }

    @Test("no counts, no state")
    func nothing() {
        let operators = TomographyCounts.operators(errors)
        #expect(LikelihoodSearch([Int](repeating: 0, count: 36), operators: operators, settings: 9) == nil)
        #expect(LikelihoodSearch([1, 2], operators: operators, settings: 9) == nil)
        #expect(LikelihoodSearch([Int](repeating: -1, count: 36), operators: operators, settings: 9) == nil)
        #expect(TomographyCounts([]) == nil)
    }
}
