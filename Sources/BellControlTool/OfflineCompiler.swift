import BellHost
import BellModel
import BellSequence
import BellYAML

/// Reads the files of a sequence and a laboratory and compiles them, with the board limits that lab.yaml states.
enum OfflineCompiler {
    /// - Parameters:
    ///   - sequence: Path of the sequence file.
    ///   - lab: Path of lab.yaml; its calibration files are beside it.
    ///   - limits: What the boards can hold; nil for what lab.yaml states.
    static func compile(
        sequence: String, lab: String, k: Double, inputBits: InputBitSource, limits: PerNode<BoardLimits>? = nil
    ) throws(BellError) -> CompiledSequence {
        let laboratory = try Laboratory(yaml: try YAMLNode.parse(try readText(lab), source: lab))
        let calibration = try CalibrationSet(laboratory: laboratory) { (path) throws(BellError) in try readText(path) }
        let played = try PulseSequence(yaml: try YAMLNode.parse(try readText(sequence), source: sequence))
        return try Compiler.compile(
            played, calibration: calibration, laboratory: laboratory, limits: limits ?? laboratory.limits, k: k,
            inputBits: inputBits)
    }

    /// Compiles an experiment file, for both nodes or for the first one that has what it needs.
    ///
    /// - Parameter settings: What `--set` says; parameters that are left out have the file's defaults.
    /// - Returns: Nil when the file is no experiment.
    static func experiment(
        _ path: String, settings: [String], lab: String, inputBits: InputBitSource
    ) throws(BellError) -> CompiledExperiment? {
        let yaml = try YAMLNode.parse(try readText(path), source: path)
        guard ExperimentSequence.recognises(yaml) else { return nil }
        let laboratory = try Laboratory(yaml: try YAMLNode.parse(try readText(lab), source: lab))
        let calibration = try CalibrationSet(laboratory: laboratory) { (path) throws(BellError) in try readText(path) }
        let experiment = try ExperimentSequence(yaml: yaml)
        let parameters = try ExperimentSettings.parse(settings, of: experiment)
        if experiment.isForBoth {
            return try CompiledExperiment(
                experiment, .both, parameters: parameters, calibration: calibration, limits: laboratory.limits,
                inputBits: inputBits)
        }
        do throws(BellError) {
            return try CompiledExperiment(
                experiment, .one(.alice), parameters: parameters, calibration: calibration, limits: laboratory.limits,
                inputBits: inputBits)
        } catch {
            // Only alice emits, or only bob: what one lacks the other may have.
            guard error.code == .calibrationMissing else { throw error }
            return try CompiledExperiment(
                experiment, .one(.bob), parameters: parameters, calibration: calibration, limits: laboratory.limits,
                inputBits: inputBits)
        }
    }
}
