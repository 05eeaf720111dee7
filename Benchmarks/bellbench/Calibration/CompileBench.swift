import BellHost
import BellModel
import BellSequence
import BellYAML

/// Waveforms and schedules of calibration on one core, beside numpy.
struct CompileBench {
    /// A DRAG pulse of 160 ns at 2 GS/s, as long as the shipped emission.
    private static let samples = 320
    private static let pulses = 20_000
    private static let schedules = 50_000
    private static let passes = 5

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        var (cosine, gaussian) = (Samples(), Samples())
        // Before and after the peer, so that a disturbance does not hit one of them alone.
        try synthesise(&cosine, &gaussian)
        let peer = try bench.ask(
            "/usr/bin/python3", ["\(bench.folders.peers)/numpy_pulse.py", "\(CompileBench.samples)"])
        try synthesise(&cosine, &gaussian)
        guard let numpy = peer["samples_per_s"]?.doubleValue, let sum = peer["sum"]?.doubleValue,
            (sum - Double(try pulse(.cosine, 0.2).i.reduce(0) { $0 + Int($1) })).magnitude < 2
        else {
            throw BellError(
                .benchDisagreement, "numpy's pulse is another one.", at: bench.folders.peers, cause: peer.text)
        }
        let total = Double(CompileBench.samples * CompileBench.pulses)
        let rate = total / cosine.quantile(0)
        let rows = [
            BenchRow(
                id: "waveform", what: "waveforms, cosine with DRAG", value: rate, unit: .samplesPerSecond,
                beside: [.init(name: "numpy, pulse by pulse", value: numpy)], goal: "≥ 300 Msample/s",
                isMet: rate >= 300e6,
                notes: [
                    "pulses of \(CompileBench.samples) complex samples, each with another β, nothing cached; fastest of "
                        + "\(cosine.values.count) passes, median "
                        + Unit.samplesPerSecond.text(total / cosine.median)
                ]),
            BenchRow(
                id: "waveform.gaussian", what: "the same with a Gaussian", value: total / gaussian.quantile(0),
                unit: .samplesPerSecond),
        ]
        return rows + (try compile())
    }

    // MARK: Waveforms

    private func pulse(_ envelope: PulseShape.Envelope, _ beta: Double) throws(BellError) -> Waveform {
        let shape = PulseShape(
            envelope: envelope, duration: Picoseconds(Int64(CompileBench.samples) * 500),
            place: SourcePlace(file: "bench", line: 1))
        guard let waveform = shape.waveform(samples: CompileBench.samples, beta: beta) else {
            throw BellError(.benchDisagreement, "A pulse passes full scale.")
        }
        return waveform
    }

    private func synthesise(_ cosine: inout Samples, _ gaussian: inout Samples) throws(BellError) {
        for _ in 0..<CompileBench.passes {
            try bench.interruption.check()
            cosine.add(try time(.cosine))
            gaussian.add(try time(.gaussian))
        }
    }

    private func time(_ envelope: PulseShape.Envelope) throws(BellError) -> Double {
        var sum = 0
        let time = try seconds(of: { () throws(BellError) in
            for i in 0..<CompileBench.pulses {
                let waveform = try pulse(envelope, 0.2 + 1e-9 * Double(i))
                sum += Int(waveform.q[7])
            }
        })
        guard sum != 0 else { throw BellError(.benchDisagreement, "A DRAG pulse has no quadrature.") }
        return time
    }

    // MARK: Schedules

    private func compile() throws(BellError) -> [BenchRow] {
        let laboratory = try Laboratory(
            yaml: try YAMLNode.parse(try readText(bench.folders.laboratory), source: bench.folders.laboratory))
        let calibration = try CalibrationSet(laboratory: laboratory) { (path) throws(BellError) in try readText(path) }
        let root = parent(of: parent(of: parent(of: bench.folders.laboratory)))
        var rows: [BenchRow] = []
        for (name, players, swept, goal) in [
            ("bell-phase", ExperimentSequence.Players.both, "theta_deg", true),
            ("ramsey", .one(.alice), "phase_deg", false), ("allxy", .one(.alice), "second_axis_deg", false),
        ] {
            let path = "\(root)/Sequences/calibration/\(name).yaml"
            let experiment = try ExperimentSequence(yaml: try YAMLNode.parse(try readText(path), source: path))
            var prepared = try PreparedExperiment(
                experiment, players, calibration: calibration, limits: laboratory.limits)
            var values = try prepared.values([:])
            guard let place = experiment.parameters.firstIndex(where: { $0.name == swept }) else {
                throw BellError(.benchDisagreement, "\(name) has no parameter \(swept).", at: path)
            }
            var best = Samples()
            for _ in 0..<CompileBench.passes {
                try bench.interruption.check()
                var events = 0
                best.add(
                    try seconds(of: { () throws(BellError) in
                        for i in 0..<CompileBench.schedules {
                            values[place] = Double(i % 3600) / 10
                            let programs = try prepared.compile(values: values)
                            events += (programs.alice?.events.count ?? 0) + (programs.bob?.events.count ?? 0)
                        }
                    }))
                guard events > CompileBench.schedules * 4 else {
                    throw BellError(.benchDisagreement, "\(name) compiles to nothing.", at: path)
                }
            }
            let rate = Double(CompileBench.schedules) / best.quantile(0)
            rows.append(
                BenchRow(
                    id: "compile.\(name)", what: "schedules compiled: \(name)", value: rate, unit: .perSecond,
                    goal: goal ? "≥ 100 k/s" : nil, isMet: goal ? rate >= 100_000 : nil))
        }
        return rows
    }
}
