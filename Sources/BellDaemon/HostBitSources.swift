import BellModel
import BellZeroMQ
import Synchronization

/// The host's sources of a campaign, opened at their first use.
final class HostBitSources: Sendable {
    private let reactor: Reactor
    private let open = Mutex<[Node: HostBitSource]>([:])

    init(reactor: Reactor) { self.reactor = reactor }

    /// Refuses a plan with an address that cannot be read, before anything is sealed.
    static func check(_ plan: Plan) throws(BellError) {
        guard let sources = plan.hostBits else { return }
        for node in Node.allCases { _ = try HostBitAddress(sources[node]) }
    }

    func source(of node: Node, in plan: Plan) throws(BellError) -> HostBitSource {
        try open.withLock { (open) throws(BellError) in
            if let source = open[node] { return source }
            let source = try HostBitSource(
                address: plan.hostBits?[node] ?? "", reactor: reactor, settingBias: plan.settingBias)
            open[node] = source
            return source
        }
    }

    /// The sources that are open, for status and telemetry.
    var statuses: [Node: HostBitStatus] { open.withLock { $0.mapValues(\.status) } }

    /// Ends persistent failures, after a person has looked at the sources.
    func reset() { for source in open.withLock({ Array($0.values) }) { source.reset() } }
}
