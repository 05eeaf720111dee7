import BellHost
import BellModel
import BellYAML
import DriverKit
public import MockLab
import Synchronization
public import VirtualUSB

/// The virtual laboratory inside the process, for `mock://` addresses: built at the first use.
public final class InProcessLaboratory: Sendable {
    private struct Built {
        var lab: VirtualLab
        var instruments: [Instrument]
        let bus = VirtualBus()

        init(_ lab: VirtualLab, _ devices: [(name: String, device: VirtualUSBDevice)]) {
            self.lab = lab
            instruments = devices.map { name, device in
                let set = device.descriptors
                let place = USBPlace(vendor: set.vendor, product: set.product, serial: set.serial ?? "")
                return Instrument(name: name, place: place)
            }
            for (_, device) in devices { bus.add(device) }
        }
    }

    private struct Instrument {
        var name: String
        var place: USBPlace
    }

    private let profile: String
    private let built: Mutex<Built?>

    /// - Parameter profile: Path of the physics' file.
    public init(profile: String) {
        self.profile = profile
        built = Mutex(nil)
    }

    /// One that is there already, with its simulated instruments; no file is read.
    public init(laboratory: VirtualLab, instruments: [(name: String, device: VirtualUSBDevice)] = []) {
        profile = ""
        built = Mutex(Built(laboratory, instruments))
    }

    /// A new connection to one of its boards.
    func transport(to node: Node) throws(BellError) -> any Transport { try laboratory().lab.transport(to: node) }

    /// The bus on which a simulated instrument is plugged in, and what it is there.
    ///
    /// - Throws: `device.address` for a name that the profile does not have.
    func instrument(_ name: String, address: DeviceAddress) throws(BellError) -> (bus: VirtualBus, place: USBPlace) {
        let built = try laboratory()
        guard let instrument = built.instruments.first(where: { $0.name == name }) else {
            throw unknown(name, "instrument", known: built.instruments.map(\.name), address)
        }
        return (built.bus, instrument.place)
    }

    /// The driver of a simulated gauge; `name` is the device's in the laboratory file.
    ///
    /// - Throws: `device.address` for a gauge that the profile does not have.
    func gauge(_ gauge: String, name: String, address: DeviceAddress) throws(BellError) -> MockGauge {
        let lab = try laboratory().lab
        guard let truth = lab.gauges.first(where: { $0.name == gauge }) else {
            throw unknown(gauge, "gauge", known: lab.gauges.map(\.name), address)
        }
        return MockGauge(name: name, gauge: truth, laboratory: lab)
    }

    private func unknown(_ name: String, _ kind: String, known: [String], _ address: DeviceAddress) -> BellError {
        BellError(
            .deviceAddress, "The virtual laboratory has no \(kind) \"\(name)\".", at: address.text,
            cause: profile.isEmpty
                ? nil : "\(profile) names \(known.isEmpty ? "none" : known.joined(separator: ", "))",
            fix: nearestWord(to: name, among: known).map { "did you mean \"\($0)\"?" }
                ?? "add it to `\(kind)s` of the profile")
    }

    private func laboratory() throws(BellError) -> Built {
        try built.withLock { (built) throws(BellError) in
            if let built { return built }
            let yaml = try YAMLNode.parse(try readText(profile), source: profile)
            let profile = try MockProfile(yaml: yaml)
            var devices: [(name: String, device: VirtualUSBDevice)] = []
            for instrument in profile.instruments { devices.append((instrument.name, try instrument.device())) }
            let made = Built(VirtualLab(profile: profile, seed: .random(in: .min ... .max)), devices)
            built = made
            return made
        }
    }
}
