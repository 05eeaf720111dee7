public import BellModel

/// An experiment placed on boards with a frozen calibration, ready to be compiled for one set of parameters after another.
///
/// Only what the parameters change is calculated again; samples of pulses are made once. Some microseconds a program.
public struct PreparedExperiment: Sendable {
    public let experiment: ExperimentSequence
    public let players: ExperimentSequence.Players
    /// Of the nodes whose operations are walked: those that play, and those that they wait for.
    private let scenes: PerNode<ExperimentScene?>
    private let items: [ExperimentOrder.Item]
    private let usesTargets: Bool
    private var cache = WaveformCache()

    /// - Throws: `calibration.missing`, `sequence.grid`; all at once.
    public init(
        _ experiment: ExperimentSequence, _ players: ExperimentSequence.Players, calibration: CalibrationSet,
        limits: PerNode<BoardLimits>, inputBits: InputBitSource = .board
    ) throws(BellError) {
        var items: [ExperimentOrder.Item] = []
        for node in Node.allCases where players.contains(node) {
            for item in experiment.order[node] where !items.contains(item) { items.append(item) }
        }
        var shifts = PerNode<Int64>(alice: 0, bob: 0)
        if players == .both {
            let lines = try PerNode { (node) throws(BellError) in try Lines(calibration.timing[node]) }
            shifts = PerNode { node in
                Placement.shift(
                    node, lines,
                    Grid(rate: limits[node].tickRate, ticksPerSample: Int64(max(limits[node].ticksPerSample, 1))))
            }
        }
        var scenes = PerNode<ExperimentScene?>(alice: nil, bob: nil)
        var failures: [BellError] = []
        for node in Node.allCases where items.contains(where: { $0.node == node }) {
            do throws(BellError) {
                scenes[node] = try ExperimentScene(
                    experiment, node, calibration, limits, shift: shifts[node], inputBits: inputBits)
            } catch {
                failures.append(error)
            }
        }
        if let error = BellError.all(failures) { throw error }
        self.experiment = experiment
        self.players = players
        self.scenes = scenes
        self.items = items
        usesTargets = Node.allCases.contains { node in
            experiment.steps[node].contains { if case .after = $0.start { true } else { false } }
        }
    }

    /// The parameters' values in the experiment's order, which ``compile(values:)`` takes.
    ///
    /// - Throws: `experiment.parameter` for unknown and missing names; all at once.
    public func values(_ parameters: [String: Double]) throws(BellError) -> [Double] {
        let known = experiment.parameters
        var failures: [BellError] = []
        for name in parameters.keys.sorted() where !known.contains(where: { $0.name == name }) {
            let words = known.map(\.name)
            let list = words.isEmpty ? "it has no parameters" : "parameters: \(words.joined(separator: ", "))"
            failures.append(
                BellError(
                    .experimentParameter, "The experiment \(experiment.name) has no parameter \"\(name.prefix(40))\".",
                    at: experiment.source,
                    fix: nearestWord(to: name, among: words).map { "did you mean \"\($0)\"? (\(list))" } ?? list))
        }
        var values: [Double] = []
        values.reserveCapacity(known.count)
        for parameter in known {
            if let value = parameters[parameter.name] ?? parameter.standard {
                values.append(value)
            } else {
                failures.append(
                    BellError(
                        .experimentParameter,
                        "The parameter \(parameter.name) of \(experiment.name) has no value: \(parameter.meaning).",
                        at: "\(parameter.place)", fix: "give it, or write a default in the file"))
            }
        }
        if let error = BellError.all(failures) { throw error }
        return values
    }

    /// Makes the programs for parameters by name; what is left out has the file's default.
    ///
    /// - Throws: All failures at once; see ``ExperimentSequence/compile(_:parameters:calibration:limits:inputBits:)``.
    public mutating func compile(_ parameters: [String: Double] = [:]) throws(BellError) -> PerNode<NodeProgram?> {
        try compile(values: try values(parameters))
    }

    /// Makes the programs for parameters in the experiment's order; the quickest way.
    ///
    /// - Throws: All failures at once; see ``ExperimentSequence/compile(_:parameters:calibration:limits:inputBits:)``.
    public mutating func compile(values: [Double]) throws(BellError) -> PerNode<NodeProgram?> {
        try check(values)
        var writers: [ExperimentWriter] = []
        var place = PerNode<Int>(alice: -1, bob: -1)
        for node in Node.allCases {
            guard let scene = scenes[node] else { continue }
            place[node] = writers.count
            writers.append(ExperimentWriter(scene, values: values))
        }
        var spans = PerNode<[(start: Int64, end: Int64)]>(alice: [], bob: [])
        if usesTargets {
            spans = experiment.steps.map { [(start: Int64, end: Int64)](repeating: (0, 0), count: $0.count) }
        }
        for item in items {
            let writer = place[item.node]
            let step = experiment.steps[item.node][item.index]
            var start =
                switch step.start {
                // Without references the lists are walked from top to bottom.
                case .next:
                    !usesTargets ? writers[writer].now : item.index == 0 ? 0 : spans[item.node][item.index - 1].end
                case .at(let number): writers[writer].picoseconds(number)
                case .after(let target):
                    Self.time(of: target, spans[target.node.flatMap(Node.init(rawValue:)) ?? item.node])
                }
            if let gap = step.gap { start += writers[writer].picoseconds(gap) }
            writers[writer].play(step, at: start, &cache)
            if usesTargets { spans[item.node][item.index] = (start, writers[writer].now) }
        }
        var failures: [BellError] = []
        var programs = PerNode<NodeProgram?>(alice: nil, bob: nil)
        for node in Node.allCases where place[node] >= 0 {
            let program = writers[place[node]].program()
            failures += writers[place[node]].failures
            if players.contains(node) { programs[node] = program }
        }
        if !failures.isEmpty { throw explained(failures, values) }
        return programs
    }

    private static func time(of target: ExperimentStep.Target, _ spans: [(start: Int64, end: Int64)]) -> Int64 {
        target.isStart ? spans[target.index].start : spans[target.index].end
    }

    /// Compares every place where a parameter stands with what it allows.
    private func check(_ values: [Double]) throws(BellError) {
        guard values.count == experiment.parameters.count else {
            throw BellError(
                .experimentParameter,
                "\(values.count) values for the \(experiment.parameters.count) parameters of \(experiment.name).",
                at: experiment.source)
        }
        var failures: [BellError] = []
        for use in experiment.uses {
            let value = use.value(values)
            guard !use.slot.accepts(value), case .parameter(let place, let sign) = use.source else { continue }
            let parameter = experiment.parameters[place]
            failures.append(
                BellError(
                    .experimentParameter,
                    "The parameter \(parameter.name) = \(Format.number(values[place])) is no \(use.slot.key).",
                    at: "\(experiment.source):\(use.line):\(use.column) \(use.slot.key) = "
                        + "\(sign < 0 ? "-" : "")$\(parameter.name)",
                    cause: parameter.meaning.isEmpty ? nil : "\(parameter.name) is the \(parameter.meaning)",
                    fix: "allowed: \(use.slot.allowed) (\(use.slot.unit))"))
        }
        if let error = BellError.all(failures) { throw error }
    }

    /// One error of all, each with the parameters that were put in.
    private func explained(_ failures: [BellError], _ values: [Double]) -> BellError {
        let list = zip(experiment.parameters, values).prefix(12).map { "\($0.name) = \(Format.number($1))" }
        let with = list.isEmpty ? nil : "with \(list.joined(separator: ", "))"
        var explained = failures.uniqued
        for i in explained.indices {
            explained[i].cause = [explained[i].cause, with].compactMap { $0 }.joined(separator: "; ")
            if explained[i].cause == "" { explained[i].cause = nil }
        }
        return BellError.all(explained) ?? BellError(.experimentParameter, "The experiment cannot be compiled.")
    }
}

extension ExperimentSequence.Players {
    func contains(_ node: Node) -> Bool {
        switch self {
        case .one(let one): one == node
        case .both: true
        }
    }
}
