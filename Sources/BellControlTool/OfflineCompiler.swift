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
}
