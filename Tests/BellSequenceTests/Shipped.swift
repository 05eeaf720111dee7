import BellModel
import BellSequence
import BellYAML
import Foundation

/// The files of the repository, with small changes for tests of what is refused.
struct Shipped {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Replacements (old text, new text) by path; each old text must occur.
    var edits: [String: [(String, String)]] = [:]
    var k = 5.0
    var limits: PerNode<BoardLimits>?
    var inputBits = InputBitSource.board

    static let sequencePath = "Sequences/bell-chsh.yaml"
    static let folder = "Calibration/mocklab"

    func editing(_ path: String, _ old: String, _ new: String) -> Shipped {
        var copy = self
        copy.edits[path, default: []].append((old, new))
        return copy
    }

    /// Changes the sequence file.
    func sequence(_ old: String, _ new: String) -> Shipped { editing(Shipped.sequencePath, old, new) }

    func load(_ path: String) throws(BellError) -> String {
        guard var text = try? String(contentsOf: Shipped.root.appendingPathComponent(path), encoding: .utf8) else {
            throw BellError(.calibrationMissing, "No file.", at: path)
        }
        for (old, new) in edits[path] ?? [] {
            guard text.contains(old) else {
                throw BellError(.calibrationMissing, "The edit \"\(old)\" finds nothing.", at: path)
            }
            text = text.replacingOccurrences(of: old, with: new)
        }
        return text
    }

    func parse(_ path: String) throws(BellError) -> YAMLNode { try YAMLNode.parse(try load(path), source: path) }

    func laboratory() throws(BellError) -> Laboratory {
        try Laboratory(yaml: try parse("\(Shipped.folder)/lab.yaml"))
    }

    func calibration() throws(BellError) -> CalibrationSet {
        try CalibrationSet(laboratory: try laboratory(), load: { path throws(BellError) in try load(path) })
    }

    func compile() throws(BellError) -> CompiledSequence {
        let laboratory = try laboratory()
        return try Compiler.compile(
            try PulseSequence(yaml: try parse(Shipped.sequencePath)), calibration: try calibration(),
            laboratory: laboratory, limits: limits ?? laboratory.limits, k: k, inputBits: inputBits)
    }

    /// All failures of compiling, in order; empty when it succeeds.
    var failures: [BellError] {
        do throws(BellError) {
            _ = try compile()
            return []
        } catch {
            var first = error
            first.others = []
            return [first] + error.others
        }
    }
}
