public import BellModel

/// An experiment placed on boards with a frozen calibration, ready to be compiled for one set of parameters after another.
///
/// Only what the parameters change is calculated again; samples of pulses are made once. Some microseconds a program.
public struct PreparedExperiment: Sendable {
    public let experiment: ExperimentSequence
    public let players: ExperimentSequence.Players
    /// Of the nodes whose operations are walked: those that play, and those that they wait for.
    private let scenes: PerNode<ExperimentScene?>
    private let entries: [Entry]
    /// Start and end of each entry, in picoseconds; kept for its memory.
    private var spans: [(start: Int64, end: Int64)]
    private var cache = WaveformCache()

    /// An outermost operation, with its references as places in the list of entries.
    private struct Entry: Sendable {
        enum Base: Sendable {
            case zero
            case at(ExperimentNumber)
            case start(Int)
            case end(Int)
        }

        var step: ExperimentStep
        /// 0 for the first node that has a scene.
        var writer: Int
        var base: Base
    }

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
        entries = items.map { item in
            let step = experiment.steps[item.node][item.index]
            func place(_ node: Node, _ index: Int) -> Int {
                items.firstIndex(of: ExperimentOrder.Item(node: node, index: index)) ?? 0
            }
            let base: Entry.Base
            switch step.start {
            case .next: base = item.index == 0 ? .zero : .end(place(item.node, item.index - 1))
            case .at(let number): base = .at(number)
            case .after(let target):
                let other = place(target.node.flatMap(Node.init(rawValue:)) ?? item.node, target.index)
                base = target.isStart ? .start(other) : .end(other)
            }
            return Entry(step: step, writer: item.node == .bob && scenes.alice != nil ? 1 : 0, base: base)
        }
        spans = [(start: Int64, end: Int64)](repeating: (0, 0), count: items.count)
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
        writers.reserveCapacity(2)
        for node in Node.allCases {
            if let scene = scenes[node] { writers.append(ExperimentWriter(scene, values: values)) }
        }
        for place in entries.indices {
            let writer = entries[place].writer
            var start: Int64 =
                switch entries[place].base {
                case .zero: 0
                case .at(let number): writers[writer].picoseconds(number)
                case .start(let other): spans[other].start
                case .end(let other): spans[other].end
                }
            if let gap = entries[place].step.gap {
                start = writers[writer].scene.time(start, plus: writers[writer].picoseconds(gap))
            }
            writers[writer].play(entries[place].step, at: start, &cache)
            spans[place] = (start, writers[writer].now)
        }
        var failures: [BellError] = []
        var programs = PerNode<NodeProgram?>(alice: nil, bob: nil)
        for i in writers.indices {
            let program = writers[i].program()
            failures += writers[i].failures
            let node = writers[i].scene.node
            if players.contains(node) { programs[node] = program }
        }
        if !failures.isEmpty { throw explained(failures, values) }
        return programs
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
                    cause: parameter.meaning.isEmpty ? nil : "\(parameter.name): \(parameter.meaning)",
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
