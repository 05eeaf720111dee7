import BellModel

/// The state behind nine settings' counts, with what a bootstrap says of its uncertainty.
struct BellTomography: Sendable {
    struct Numbers: Equatable, Sendable {
        var fidelity: Double
        var bestFidelity: Double
        var phase: Double
        var concurrence: Double
        var purity: Double

        init(_ rho: Matrix4) {
            fidelity = BellMeasures.fidelity(rho)
            (bestFidelity, phase) = BellMeasures.bestPhase(rho)
            concurrence = BellMeasures.concurrence(rho)
            purity = BellMeasures.purity(rho)
        }
    }

    let result: LikelihoodSearch.Result
    let numbers: Numbers
    /// Standard uncertainties of the numbers.
    let fidelity: Uncertain
    let bestFidelity: Uncertain
    let concurrence: Uncertain
    let purity: Uncertain
    /// Over twelve degrees of freedom: 27 independent shares less the 15 parameters of a state.
    let reducedChiSquare: Double

    static let resamples = 100

    /// - Parameters:
    ///   - errors: Of both readouts, with their standard uncertainties.
    /// - Returns: nil without counts.
    init?(_ counts: TomographyCounts, errors: PerNode<AssignmentErrors>, uncertainty: PerNode<AssignmentErrors>) {
        let operators = TomographyCounts.operators(errors)
        guard let search = LikelihoodSearch(counts.counts, operators: operators, settings: 9) else { return nil }
        let result = search.maximum()
        let numbers = Numbers(result.rho)
        self.result = result
        self.numbers = numbers
        reducedChiSquare = search.chiSquare(result.rho) / 12
        var random = Resampler(counts.counts)
        var drawn: [Numbers] = []
        for _ in 0..<Self.resamples {
            // New counts of the state that was found, judged with readout errors that are as wrong as ours may be.
            var redrawn: [Int] = []
            for first in stride(from: 0, to: 36, by: 4) {
                let here = counts.counts[first..<first + 4].reduce(0, +)
                redrawn += random.counts(here, operators[first..<first + 4].map { result.rho.overlap($0) })
            }
            let moved = PerNode { node in
                AssignmentErrors(
                    ground: Self.limited(errors[node].ground + uncertainty[node].ground * random.normal()),
                    excited: Self.limited(errors[node].excited + uncertainty[node].excited * random.normal()))
            }
            guard let again = LikelihoodSearch(redrawn, operators: TomographyCounts.operators(moved), settings: 9)
            else {
                continue
            }
            // A hundredth of a standard deviation in every direction is enough here.
            drawn.append(Numbers(again.maximum(from: result.rho, gap: 0.05, iterations: 3000).rho))
        }
        func spread(_ value: KeyPath<Numbers, Double>) -> Uncertain {
            let all = drawn.map { $0[keyPath: value] }
            let mean = all.reduce(0, +) / Double(max(all.count, 1))
            let square = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(all.count - 1, 1))
            return Uncertain(numbers[keyPath: value], all.count > 1 ? square.squareRoot() : .nan)
        }
        fidelity = spread(\.fidelity)
        bestFidelity = spread(\.bestFidelity)
        concurrence = spread(\.concurrence)
        purity = spread(\.purity)
    }

    private static func limited(_ p: Double) -> Double { min(max(p, 0), 0.5) }
}
