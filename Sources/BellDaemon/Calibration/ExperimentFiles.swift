import BellCalibration
import BellHost
import BellModel
import BellSequence
import BellYAML
import Synchronization

/// The experiments of one calibration: files read once, and prepared once for each set of values.
final class ExperimentFiles: Sendable {
    /// What a prepared experiment depends on beside its parameters.
    private struct Key: Hashable {
        var sequence: String
        var isJoint: Bool
        var node: Node?
        var isHostBits: Bool
    }

    private struct State {
        var sequences: [String: ExperimentSequence] = [:]
        var prepared: [Key: (values: CalibrationSet, limits: PerNode<BoardLimits>, experiment: PreparedExperiment)] =
            [:]
    }

    /// Where files are looked for, the first one counts.
    private let folders: [String]
    private let state = Mutex(State())

    /// - Parameter laboratory: The path of lab.yaml. Its own folder `experiments` comes before what belld ships, which is
    ///   `Sequences/calibration` two folders above a lab.yaml in `Calibration/<name>/`.
    init(laboratory: String) {
        let folder = parent(of: laboratory)
        folders = ["\(folder)/experiments", "\(folder)/../../Sequences/calibration", "Sequences/calibration"]
    }

    /// Makes the programs of a point.
    ///
    /// - Throws: `calibration.routine` for a name that no file has, and the compiler's errors.
    func compile(
        _ point: ExperimentPoint, _ values: CalibrationSet, _ limits: PerNode<BoardLimits>, _ inputBits: InputBitSource
    ) throws(BellError) -> PerNode<NodeProgram?> {
        let players: ExperimentSequence.Players = if case .shots(let node) = point.kind { .one(node) } else { .both }
        var key = Key(
            sequence: point.sequence, isJoint: players == .both, node: nil, isHostBits: inputBits == .host)
        if case .one(let node) = players { key.node = node }
        var prepared: PreparedExperiment
        let known = state.withLock { $0.prepared[key] }
        if let known, known.values == values, known.limits == limits {
            prepared = known.experiment
        } else {
            prepared = try PreparedExperiment(
                try sequence(point.sequence), players, calibration: values, limits: limits, inputBits: inputBits)
        }
        let programs = try prepared.compile(point.parameters)
        // With the waveforms that were made for it; another node's thread may have put its own there meanwhile.
        let kept = prepared
        state.withLock { $0.prepared[key] = (values, limits, kept) }
        return programs
    }

    private func sequence(_ name: String) throws(BellError) -> ExperimentSequence {
        if let known = state.withLock({ $0.sequences[name] }) { return known }
        guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        else { throw BellError(.calibrationRoutine, "No experiment can be called \"\(name.prefix(60))\".") }
        guard let path = folders.map({ "\($0)/\(name).yaml" }).first(where: fileExists) else {
            throw BellError(
                .calibrationExperiment, "The experiment \(name) has no file.", at: folders.joined(separator: ", "),
                state: BellError.oldValuesStay,
                fix: "start belld where Sequences/calibration is, or put \(name).yaml into the first of these folders")
        }
        let sequence = try ExperimentSequence(yaml: try YAMLNode.parse(try readText(path), source: path))
        state.withLock { $0.sequences[name] = sequence }
        return sequence
    }
}

extension BellError.Code {
    /// An experiment's file is missing.
    static let calibrationExperiment = BellError.Code("calibration.experiment", exit: .usage)
}
