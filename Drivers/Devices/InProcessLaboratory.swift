import BellHost
import BellModel
import BellYAML
import DriverKit
import MockLab
import Synchronization

/// The virtual laboratory inside the daemon, for `mock://` addresses: built at the first use.
final class InProcessLaboratory: Sendable {
    private let profile: String
    private let laboratory: Mutex<VirtualLab?>

    /// - Parameters:
    ///   - profile: Path of the physics' file.
    ///   - laboratory: One that is there already; the file is then not read.
    init(profile: String, laboratory: VirtualLab? = nil) {
        self.profile = profile
        self.laboratory = Mutex(laboratory)
    }

    /// A new connection to one of its boards.
    func transport(to node: Node) throws(BellError) -> any Transport {
        try laboratory.withLock { (laboratory) throws(BellError) in
            if let laboratory { return try laboratory.transport(to: node) }
            let yaml = try YAMLNode.parse(try readText(profile), source: profile)
            let made = VirtualLab(profile: try MockProfile(yaml: yaml), seed: .random(in: .min ... .max))
            laboratory = made
            return try made.transport(to: node)
        }
    }
}
