public import BellModel

/// An experiment made ready for boards, to be looked at.
public struct CompiledExperiment: Sendable {
    public let experiment: ExperimentSequence
    /// The parameters' values, in the experiment's order.
    public let values: [Double]
    public let programs: PerNode<NodeProgram?>

    /// Compiles with the file's defaults and what is given.
    ///
    /// - Throws: As ``ExperimentSequence/compile(_:parameters:calibration:limits:inputBits:)``.
    public init(
        _ experiment: ExperimentSequence, _ players: ExperimentSequence.Players, parameters: [String: Double] = [:],
        calibration: CalibrationSet, limits: PerNode<BoardLimits>, inputBits: InputBitSource = .board
    ) throws(BellError) {
        var prepared = try PreparedExperiment(
            experiment, players, calibration: calibration, limits: limits, inputBits: inputBits)
        self.experiment = experiment
        values = try prepared.values(parameters)
        programs = try prepared.compile(values: values)
    }

    /// What each node plays, as a text for people.
    public var text: String {
        var text = "experiment \(experiment.name), trial period \(Format.ns(experiment.trialPeriod.count)) ns\n"
        let width = experiment.parameters.map(\.name.count).max() ?? 0
        for (parameter, value) in zip(experiment.parameters, values) {
            let number = Format.number(value) + (parameter.unit == "1" ? "" : " \(parameter.unit)")
            text += "  \(Format.left(parameter.name, width))  \(Format.left(number, 12))  \(parameter.meaning)\n"
        }
        for node in Node.allCases {
            guard let program = programs[node] else { continue }
            let samples = program.waveforms.reduce(0) { $0 + $1.i.count }
            text += "\n\(node.name): \(program.events.count) events, \(samples) samples\n"
            text += "  start ns    length ns   operation     amplitude  phase deg  offset Hz\n"
            for event in program.events { text += Self.line(event, program) }
        }
        return text
    }

    private static func line(_ event: ProgramEvent, _ program: NodeProgram) -> String {
        let tick = program.tickRate.nanosecondsPerTick
        var line = "  " + Format.left(Format.trimmed(Double(event.tick) * tick, 3), 12)
        line += Format.left(event.duration == 0 ? "" : Format.trimmed(Double(event.duration) * tick, 3), 12)
        line += Format.left(event.kind.word, 14)
        if event.waveform != nil {
            line += Format.left(Format.fixed(Double(event.amplitude) / 65_535, 5), 11)
            line += Format.left(Format.fixed(Double(event.phase) / 4_294_967_296 * 360, 2), 11)
            line += Format.number(Double(event.detuning) / 1000)
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line + "\n"
    }

    /// The same for programs.
    public var json: JSON {
        var nodes: [String: JSON] = [:]
        for node in Node.allCases {
            guard let program = programs[node] else { continue }
            let tick = program.tickRate.nanosecondsPerTick
            nodes[node.name] = .array(
                program.events.map { event in
                    var object: [String: JSON] = [
                        "operation": .string(event.kind.word), "tick": .int(Int64(event.tick)),
                        "ticks": .int(Int64(event.duration)), "start_ns": .double(Double(event.tick) * tick),
                    ]
                    if event.waveform != nil {
                        object["amplitude"] = .double(Double(event.amplitude) / 65_535)
                        object["phase_deg"] = .double(Double(event.phase) / 4_294_967_296 * 360)
                        object["offset_hz"] = .double(Double(event.detuning) / 1000)
                    }
                    return .object(object)
                })
        }
        let parameters = Dictionary(
            zip(experiment.parameters.map(\.name), values.map { JSON.double($0) }), uniquingKeysWith: { a, _ in a })
        return [
            "experiment": .string(experiment.name), "parameters": .object(parameters), "nodes": .object(nodes),
            "trial_period_ps": .int(experiment.trialPeriod.count),
        ]
    }
}

extension ProgramEvent.Kind {
    /// As the experiment files call it.
    var word: String {
        switch self {
        case .reset: "reset"
        case .drive: "pulse"
        case .gatedDrive: "gated pulse"
        case .emit: "emit"
        case .absorb: "absorb"
        case .inputBit: "input_bit"
        case .gate: "latch"
        case .readout: "readout"
        case .stop: "stop"
        }
    }
}
