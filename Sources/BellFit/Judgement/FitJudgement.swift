/// Whether a fit's numbers may be believed, and why not.
///
/// Begins with what counts for every fit; a caller adds what its experiment asks for. Bad data (they say nothing) outweigh
/// out of spec (they are sound, and what they show is outside its limits), which outweighs good.
public struct FitJudgement: Sendable {
    /// In the order of weight.
    public enum Verdict: Int, Comparable, Sendable {
        case good, outOfSpec, badData

        public static func < (a: Verdict, b: Verdict) -> Bool { a.rawValue < b.rawValue }
    }

    public private(set) var verdict = Verdict.good
    /// What is wrong, a clause each, the gravest first.
    public private(set) var findings: [(verdict: Verdict, text: String)] = []
    public let fit: Fit
    /// y − f in the order of x.
    public let residuals: [Double]
    /// Noise of one point: the root mean square of its uncertainties, or of the residuals.
    public let noise: Double
    private let limits: FitLimits
    private let x: [Double]
    private let y: [Double]
    private let sigma: [Double]?

    /// Judges that the fit has converged, by its χ² and by whether residuals change their sign as noise does.
    public init(
        _ fit: Fit, of model: some FitModel, x: [Double], y: [Double], sigma: [Double]? = nil,
        limits: FitLimits = FitLimits()
    ) {
        (self.fit, self.limits, self.x, self.y, self.sigma) = (fit, limits, x, y, sigma)
        let isUsable =
            x.count == y.count && fit.parameters.count == model.parameterNames.count
            && fit.parameters.allSatisfy(\.isFinite) && (x + y).allSatisfy(\.isFinite)
        residuals =
            isUsable
            ? x.indices.sorted { x[$0] < x[$1] }.map { y[$0] - model.value(x[$0], fit.parameters) } : []
        let variance =
            if let sigma { sigma.reduce(0) { $0 + $1 * $1 } / Double(max(sigma.count, 1)) } else {
                fit.reducedChiSquare
            }
        noise = variance.squareRoot()
        switch fit.ending {
        case .badData(let reason): find(.badData, reason)
        case .notConverged(let reason): find(.badData, "the fit did not settle: \(reason)")
        case .converged: judgeShape()
        }
    }

    /// A sentence for people.
    public var reason: String {
        guard !findings.isEmpty else { return "The fit describes the data." }
        let text = findings.map(\.text).joined(separator: "; ")
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    /// Adds a finding of the caller's own; a clause without a full stop.
    public mutating func find(_ verdict: Verdict, _ text: String) {
        let place = findings.firstIndex { $0.verdict < verdict } ?? findings.count
        findings.insert((verdict, text), at: place)
        self.verdict = max(self.verdict, verdict)
    }

    private mutating func judgeShape() {
        let reduced = fit.reducedChiSquare
        if sigma != nil, fit.degreesOfFreedom > 0, !limits.reducedChiSquare.contains(reduced) {
            find(
                .badData,
                "the reduced χ² is \(Text.digits(reduced)), not within \(Text.digits(limits.reducedChiSquare.lowerBound)) to "
                    + "\(Text.digits(limits.reducedChiSquare.upperBound)): the model does not describe the data")
        }
        let score = RunsTest.score(residuals)
        if score < limits.runsScore {
            find(
                .badData,
                "residuals keep their sign too long (runs test \(Text.digits(score))σ): the model has another shape")
        }
    }
}

extension FitJudgement {
    /// The amplitude stands out of the noise, point by point and as a whole.
    ///
    /// - Parameter name: A parameter, or the value itself is given.
    public mutating func requireSignal(_ name: String = "amplitude") {
        requireSignal(name, fit[name], uncertainty: fit.uncertainty(of: name))
    }

    /// As ``requireSignal(_:)`` for an amplitude that is made of parameters.
    public mutating func requireSignal(_ name: String, _ value: Double, uncertainty: Double) {
        guard fit.hasConverged else { return }
        let ratio = value.magnitude / noise
        // Without noise there is nothing to stand out of.
        guard noise > 0 else { return }
        if !(ratio >= limits.signalToNoise) {
            find(
                .badData,
                "\(name) \(Text.digits(value)) is \(Text.digits(ratio)) of a point's noise \(Text.digits(noise)); "
                    + "at least \(Text.digits(limits.signalToNoise)) is needed")
        } else if !(value.magnitude >= limits.significance * uncertainty) {
            find(
                .badData,
                "\(name) \(Text.digits(value)) ± \(Text.digits(uncertainty)) does not differ from 0 by "
                    + "\(Text.digits(limits.significance)) standard uncertainties")
        }
    }

    /// The parameter was found inside the sweep, not at its edge or beyond.
    ///
    /// - Parameter margin: Part of the sweep's span at each end that counts as edge.
    public mutating func requireInside(_ name: String, margin: Double = 0.02) {
        guard fit.hasConverged, let sweep = Sweep(x) else { return }
        let value = fit[name]
        let edge = margin * sweep.span
        if !(value >= sweep.lower + edge && value <= sweep.upper - edge) {
            find(
                .badData,
                "\(name) \(Text.digits(value)) is at the edge of the sweep, \(Text.digits(sweep.lower)) to "
                    + "\(Text.digits(sweep.upper)), or beyond: move the sweep")
        }
    }

    /// The parameter, a decay for instance, is neither much shorter than a step of the sweep nor much longer than it.
    public mutating func requireResolved(_ name: String, longest: Double = 5) {
        guard fit.hasConverged, let sweep = Sweep(x) else { return }
        let value = fit[name]
        if !(value >= 0.5 * sweep.spacing && value <= longest * sweep.span) {
            find(
                .badData,
                "\(name) \(Text.digits(value)) cannot be seen in a sweep of \(Text.digits(sweep.span)) in steps of "
                    + Text.digits(sweep.spacing))
        }
    }

    /// The sweep shows enough periods, and more than two points of each.
    public mutating func requirePeriods(_ name: String = "frequency") {
        guard fit.hasConverged, let sweep = Sweep(x) else { return }
        let frequency = fit[name].magnitude
        let periods = frequency * sweep.span
        if !(periods >= limits.periods) {
            find(
                .badData,
                "the sweep shows \(Text.digits(periods)) periods; at least \(Text.digits(limits.periods)) are needed")
        } else if frequency * sweep.spacing > 0.5 {
            find(.badData, "the oscillation has \(Text.digits(1 / (frequency * sweep.spacing))) points a period")
        }
    }

    /// The parameter is within what is specified.
    public mutating func requireWithin(_ name: String, _ range: ClosedRange<Double>) {
        guard fit.hasConverged, !range.contains(fit[name]) else { return }
        find(
            .outOfSpec,
            "\(name) \(Text.digits(fit[name])) is outside \(Text.digits(range.lowerBound)) to "
                + Text.digits(range.upperBound))
    }

    /// One Lorentzian is enough: a second one, fitted too, explains no more than noise does.
    ///
    /// Of a fit of ``Lorentzian``; takes the time of a fit of ``TwoLorentzians``. What the shape's χ² and runs have found is
    /// out of spec, not bad data, when two resonances explain it.
    public mutating func requireOnePeak() {
        guard fit.hasConverged else { return }
        let two = LeastSquares.fit(TwoLorentzians(), x: x, y: y, sigma: sigma)
        guard two.hasConverged, two.degreesOfFreedom > 0, two.chiSquare > 0, let sweep = Sweep(x) else { return }
        let significance = (fit.chiSquare - two.chiSquare) / 3 / two.reducedChiSquare
        let (first, second) = (two["amplitude1"], two["amplitude2"])
        let share = min(first.magnitude, second.magnitude) / max(first.magnitude, second.magnitude)
        let places = [two["centre1"], two["centre2"]]
        // Two of one sign, apart, inside: not one that is bent, nor a slope of the background.
        guard significance > limits.secondPeak, share > limits.secondPeakShare, first * second > 0,
            places.allSatisfy({ $0 > sweep.lower && $0 < sweep.upper }),
            places[1] - places[0] > 0.5 * min(two["width1"], two["width2"]),
            max(two["width1"], two["width2"]) < sweep.span
        else { return }
        findings.removeAll { $0.verdict == .badData }
        verdict = findings.map(\.verdict).max() ?? .good
        find(
            .outOfSpec,
            "there are two peaks where one is expected, at \(Text.digits(places[0])) and \(Text.digits(places[1])) "
                + "(F = \(Text.digits(significance)))")
    }
}
