public import BellModel
import BellYAML
import BellZeroMQ

/// A virtual laboratory that others reach over ZeroMQ: all that the `mocklab` program is made of.
public final class MockLabHost: Sendable {
    /// The profile's name.
    public let name: String
    /// Where the boards listen.
    public let endpoints: PerNode<String>
    private let lab: VirtualLab
    private let server: MockLabServer
    private let reactor: Reactor

    /// Reads the profile, binds both boards and begins to serve.
    ///
    /// - Parameters:
    ///   - profile: The text of a profile file.
    ///   - source: What the text is called in errors.
    ///   - settings: Changes to the profile, `key=value`.
    ///   - faults: `kind[:node][:value]@trial`.
    ///   - endpoints: ZeroMQ endpoints, with or without `zmq+` in front.
    /// - Throws: All that is wrong with the profile; `mocklab.setting`, `mocklab.fault`, `zeromq.…`.
    public init(
        profile: String, source: String, settings: [String] = [], faults: [String] = [], seed: UInt64, pace: Pace,
        endpoints: PerNode<String>
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
    }

    /// Stops playing and listening; returns when the sockets are closed.
    public func stop() {
        lab.stop()
        server.close()
        reactor.shutdown()
    }
}
