public import BellModel
import BellYAML
import BellZeroMQ
import VirtualUSB

/// A virtual laboratory that others reach over ZeroMQ: all that the `mocklab` program is made of.
public final class MockLabHost: Sendable {
    /// The profile's name.
    public let name: String
    /// Where the boards listen.
    public let endpoints: PerNode<String>
    /// What is shown over USB/IP, and where; empty unless it was asked for.
    public let usbExports: [MockUSBServer.Export]
    public let usbAddresses: [String]
    private let usb: MockUSBServer?
    private let lab: VirtualLab
    private let server: MockLabServer
    private let gauges: GaugeServer?
    private let reactor: Reactor

    /// Reads the profile, binds both boards and begins to serve.
    ///
    /// - Parameters:
    ///   - profile: The text of a profile file.
    ///   - source: What the text is called in errors.
    ///   - settings: Changes to the profile, `key=value`.
    ///   - faults: `kind[:node][:value]@trial`.
    ///   - endpoints: ZeroMQ endpoints, with or without `zmq+` in front.
    ///   - gauges: Where a gauge listens, by its name; nil: nowhere.
    ///   - usbip: Where the boards and the profile's instruments are shown as USB devices: `127.0.0.1:3240` or a path.
    /// - Throws: All that is wrong with the profile; `mocklab.setting`, `mocklab.fault`, `zeromq.…`.
    public init(
        profile: String, source: String, settings: [String] = [], faults: [String] = [], seed: UInt64, pace: Pace,
        endpoints: PerNode<String>, gauges: ((String) -> String)? = nil, usbip: [String] = []
    ) throws(BellError) {
        var node = try YAMLNode.parse(profile, source: source)
        for setting in settings { node = try node.setting(setting) }
        let profile = try MockProfile(yaml: node)
        var parsed: [MockFault] = []
        for fault in faults { parsed.append(try MockFault(parsing: fault)) }
        name = profile.name
        lab = VirtualLab(profile: profile, seed: seed, pace: pace, faults: parsed)
        reactor = try Reactor(context: try ZeroMQContext(), name: "mocklab")
        server = try MockLabServer(
            lab: lab, reactor: reactor,
            endpoints: endpoints.map { $0.hasPrefix("zmq+") ? String($0.dropFirst("zmq+".count)) : $0 })
        self.endpoints = server.endpoints
        var served: GaugeServer?
        if let gauges { served = try GaugeServer(lab: lab, reactor: reactor, endpoint: gauges) }
        self.gauges = served
        var addresses: [USBIPAddress] = []
        for text in usbip { addresses.append(try USBIPAddress(parsing: text)) }
        usb =
            addresses.isEmpty
            ? nil : try MockUSBServer(lab: lab, instruments: profile.instruments, at: addresses)
        usbExports = usb?.exports ?? []
        usbAddresses = usb?.addresses.map(\.text) ?? []
    }

    /// Stops playing and listening; returns when the sockets are closed.
    public func stop() {
        lab.stop()
        usb?.close()
        gauges?.close()
        server.close()
        reactor.shutdown()
    }
}
