import BellModel
import BellSequence
import BellYAML

/// What `lab up` reads from lab.yaml.
enum LabFile {
    /// Whether a board is expected at an endpoint in the run directory, which is where mocklab serves.
    ///
    /// - Throws: Every error in the file.
    static func needsMockLab(text: String, source: String) throws(BellError) -> Bool {
        let laboratory = try Laboratory(yaml: try YAMLNode.parse(text, source: source))
        return Node.allCases.contains { laboratory.boards[$0].address.text.hasPrefix("zmq+ipc://@run/") }
    }
}
