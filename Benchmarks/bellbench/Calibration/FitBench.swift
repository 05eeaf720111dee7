import BellFit
import BellHost
import BellModel
import Glibc

/// A damped cosine of 101 points and five parameters, beside scipy.optimize.curve_fit from the same start.
struct FitBench {
    private static let rounds = 2000
    private static let goal = 5.0
    private static let agreement = 1e-8

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        let model = DampedCosine()
        let truth = [0.5, 0.45, 6e-4, 0.2, 9000]
        var dice = Dice(seed: 12)
        let x = (0...100).map { Double($0) * 200 }
        let y = x.map { model.value($0, truth) + 0.02 * dice.normal() }
        let sigma = x.map { _ in 0.02 }
        guard let start = model.start(x: x, y: y) else {
            throw BellError(.benchDisagreement, "A damped cosine gives no start.")
        }
        var (given, own) = (Samples(), Samples())
        // Before and after the peer, so that a disturbance does not hit one of them alone.
        try measure(model, x, y, sigma, start, &given, &own)
        let peer = try askPeer(x, y, sigma, start)
        try measure(model, x, y, sigma, start, &given, &own)
        let fit = LeastSquares.fit(model, x: x, y: y, sigma: sigma)
        let microseconds = { (samples: Samples) in samples.quantile(0) * 1e6 }
        var row = BenchRow(
            id: "fit", what: "fit: damped cosine, 101 points, from a given start", value: microseconds(given),
            unit: .microseconds,
            notes: [
                "fastest of \(given.values.count), median \(Unit.microseconds.text(given.median * 1e6)); covariance "
                    + "included; searched to the last digits of a double, scipy to its default 1e-8"
            ])
        var ownRow = BenchRow(
            id: "fit.start", what: "the same with the start found from the data", value: microseconds(own),
            unit: .microseconds)
        guard let peer else {
            row.notes.append("scipy: not measured, /usr/bin/python3 has none: sudo apt-get install python3-scipy")
            return [row, ownRow]
        }
        try compare(fit, with: peer.parameters)
        row.beside = [
            .init(name: "scipy \(peer.version) curve_fit, derivative in numpy", value: peer.derivative * 1e6),
            .init(name: "scipy curve_fit, by differences", value: peer.differences * 1e6),
            .init(name: "scipy, derivative, tolerances 1e-15", value: peer.tight * 1e6),
        ]
        // The faster of scipy's two ways is the one to be compared with.
        let best = min(peer.derivative, peer.differences) * 1e6
        row.goal = "≥ 5 × faster, same minimum"
        row.isMet = best >= FitBench.goal * row.value
        ownRow.beside = [.init(name: "scipy, from the given start", value: best)]
        return [row, ownRow]
    }

    private func measure(
        _ model: DampedCosine, _ x: [Double], _ y: [Double], _ sigma: [Double], _ start: [Double],
        _ given: inout Samples, _ own: inout Samples
    ) throws(BellError) {
        for _ in 0..<FitBench.rounds {
            try bench.interruption.check()
            var fit: Fit?
            given.add(
                seconds(of: { fit = LeastSquares.fit(model, x: x, y: y, sigma: sigma, start: start) }))
            guard fit?.hasConverged == true else {
                throw BellError(.benchDisagreement, "A fit of a damped cosine did not converge.")
            }
            own.add(seconds(of: { fit = LeastSquares.fit(model, x: x, y: y, sigma: sigma) }))
        }
    }

    /// scipy's numbers; nil when there is no scipy.
    private func askPeer(_ x: [Double], _ y: [Double], _ sigma: [Double], _ start: [Double]) throws(BellError) -> (
        version: String, differences: Double, derivative: Double, tight: Double, parameters: [Double]
    )? {
        func list(_ numbers: [Double]) -> JSON { .array(numbers.map { .double($0) }) }
        let path = "\(bench.folder)/fit.json"
        let file: JSON = ["x": list(x), "y": list(y), "sigma": list(sigma), "start": list(start)]
        try writeFileAtomically(path, text: file.text, mode: 0o644)
        let answer = try bench.ask("/usr/bin/python3", ["\(bench.folders.peers)/scipy_fit.py", path])
        try removeFile(path)
        guard let version = answer["scipy"]?.stringValue else { return nil }
        guard let differences = answer["differences_s"]?.doubleValue,
            let derivative = answer["derivative_s"]?.doubleValue, let tight = answer["tight_s"]?.doubleValue,
            let parameters = answer["parameters"]?.arrayValue?.compactMap(\.doubleValue), parameters.count == 5
        else {
            throw BellError(
                .benchProgram, "scipy's answer is not understood.", at: bench.folders.peers, cause: answer.text)
        }
        return (version, differences, derivative, tight, parameters)
    }

    private func compare(_ fit: Fit, with parameters: [Double]) throws(BellError) {
        for (place, name) in fit.names.enumerated() {
            let distance = abs(fit.parameters[place] - parameters[place])
            guard distance <= FitBench.agreement * max(abs(parameters[place]), fit.uncertainty(place)) else {
                throw BellError(
                    .benchDisagreement, "scipy and the fit disagree about \(name).", at: bench.folders.peers,
                    cause: "\(fit.parameters[place]) here, \(parameters[place]) there")
            }
        }
    }
}
