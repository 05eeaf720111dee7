import BellHost
import BellModel
import BellYAML
import DriverKit
public import MockLab
import Synchronization
import VirtualUSB

/// The virtual laboratory inside the process, for `mock://` addresses: built at the first use.
public final class InProcessLaboratory: Sendable {
    private struct Built {
        var lab: VirtualLab
        var instruments: [MockInstrument]
        var bus: VirtualBus
    }

    private let profile: String
    private let built: Mutex<Built?>

    /// - Parameter profile: Path of the physics' file.
    public init(profile: String) {
        self.profile = profile
        built = Mutex(nil)
    }

    /// One that is there already; no file is read.
    public init(laboratory: VirtualLab) {
        profile = ""
        built = Mutex(Built(lab: laboratory, instruments: [], bus: VirtualBus()))
    }

    /// A new connection to one of its boards.
    func transport(to node: Node) throws(BellError) -> any Transport { try laboratory().lab.transport(to: node) }

    /// The bus on which a simulated instrument is plugged in, and what it is there.
    ///
    /// - Throws: `device.address` for a name that the profile does not have.
    func instrument(_ name: String, address: DeviceAddress) throws(BellError) -> (bus: VirtualBus, place: USBPlace) {
        let built = try laboratory()
        guard let instrument = built.instruments.first(where: { $0.name == name }) else {
            let names = built.instruments.map(\.name)
            throw BellError(
                .deviceAddress, "The virtual laboratory has no instrument \"\(name)\".", at: address.text,
                cause: profile.isEmpty
                    ? nil : "\(profile) names \(names.isEmpty ? "none" : names.joined(separator: ", "))",
                fix: nearestWord(to: name, among: names).map { "did you mean \"\($0)\"?" }
                    ?? "add it to `instruments` of the profile")
        }
        let set = try instrument.device().descriptors
        return (built.bus, USBPlace(vendor: set.vendor, product: set.product, serial: instrument.serial))
    }

    private func laboratory() throws(BellError) -> Built {
        try built.withLock { (built) throws(BellError) in
            if let built { return built }
            let yaml = try YAMLNode.parse(try readText(profile), source: profile)
            let profile = try MockProfile(yaml: yaml)
            let made = Built(
                lab: VirtualLab(profile: profile, seed: .random(in: .min ... .max)), instruments: profile.instruments,
                bus: VirtualBus())
            for instrument in profile.instruments { made.bus.add(try instrument.device()) }
            built = made
            return made
        }
    }
}
