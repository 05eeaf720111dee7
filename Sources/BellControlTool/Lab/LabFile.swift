import BellModel
import BellSequence
import BellYAML

/// lab.yaml as bellctl reads and edits it.
enum LabFile {
    /// Reads the laboratory.
    ///
    /// - Throws: Every error in the file.
    static func laboratory(text: String, source: String) throws(BellError) -> Laboratory {
        try Laboratory(yaml: try YAMLNode.parse(text, source: source))
    }

    /// A device by its name.
    static func device(_ name: String, in laboratory: Laboratory) throws(BellError) -> Laboratory.Device {
        if let device = laboratory.devices.first(where: { $0.name == name }) { return device }
        let names = laboratory.devices.map(\.name)
        let near = nearestWord(to: name, among: names).map { "did you mean \"\($0)\"? " } ?? ""
        throw BellError(
            .toolArgument, "\(laboratory.source) has no device \"\(name.prefix(80))\".", at: laboratory.source,
            fix: near + "devices: \(names.joined(separator: ", "))")
    }

    /// The text with another address for a device; everything else stays as it was written.
    static func replacing(
        addressOf name: String, with address: DeviceAddress, in text: String, source: String
    ) throws(BellError) -> String {
        guard let node = try YAMLNode.parse(text, source: source)["devices"]?[name]?["at"] else {
            throw BellError(.toolArgument, "The device \(name) has no address.", at: source)
        }
        return try node.replacing(in: text, with: address.text)
    }
}

extension Laboratory {
    /// Whether a board is expected at an endpoint in the run directory which mocklab, and no program of its own, serves.
    var needsMockLab: Bool {
        Node.allCases.contains { node in
            guard case .run = boards[node].address.way else { return false }
            return boards[node].run.isEmpty
        }
    }
}
