import BellHost
import BellModel
import Board
import DriverKit
import MockLab
import Synchronization
import Testing
import TestSupport

@testable import BellCampaign

/// One life of a daemon: its drivers, its campaign and what that reported. Dropped, it is as good as killed.
final class Host: Sendable {
    /// Waits that are short enough for tests and long enough for a busy machine.
    static let timeouts = BoardTimeouts(
        request: .seconds(3), transfer: .seconds(5), replay: .seconds(5), heartbeat: .milliseconds(100),
        silence: .seconds(2), gap: .milliseconds(50), resolution: .milliseconds(10))

    let bench: Bench
    let drivers: PerNode<BoardDriver>
    let keeper: JournalKeeper
    let campaign: Campaign
    let reports: Reports
    /// What the campaign is told about the certifier.
    let certifier: Certifier
    private let forwarders: [Task<Void, Never>]

    /// The certifier as the campaign sees it.
    final class Certifier: Sendable {
        private let state = Atomic<Bool>(true)
        var hasTheEnd: Bool {
            get { state.load(ordering: .sequentiallyConsistent) }
            set { state.store(newValue, ordering: .sequentiallyConsistent) }
        }
    }

    /// Everything the campaign reported.
    final class Reports: Sendable {
        private let all = Mutex<[CampaignSnapshot]>([])
        func append(_ snapshot: CampaignSnapshot) { all.withLock { $0.append(snapshot) } }
        var last: CampaignSnapshot? { all.withLock { $0.last } }
        /// States in their order, without repetitions.
        var states: [CampaignState] {
            all.withLock { all in
                all.reduce(into: []) { states, snapshot in
                    if states.last != snapshot.state { states.append(snapshot.state) }
                }
            }
        }
        /// Reasons in their order, without repetitions.
        var reasons: [BellError] {
            all.withLock { all in
                all.compactMap(\.reason).reduce(into: []) { reasons, reason in
                    if reasons.last != reason { reasons.append(reason) }
                }
            }
        }
    }

    /// Instruments as the campaign sees them: opening a block sets them anew.
    final class Instruments: Sendable {
        private let state = Mutex<BellError?>(nil)
        var problem: BellError? {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    /// - Parameters:
    ///   - instruments: What happens to the instruments.
    ///   - onSend: Sees each frame before it goes to a board.
    ///   - hostBits: The host's sources of bits.
    init(
        _ bench: Bench, keeper: JournalKeeper, stall: UInt64 = 2_000_000_000,
        instruments: Instruments = Instruments(),
        onSend: @escaping @Sendable (Node, [UInt8]) -> Void = { _, _ in },
        hostBits: @escaping @Sendable (Node, Range<UInt64>) throws(BellError) -> [UInt8] = { _, range in
            [UInt8](repeating: 0, count: range.count)
        },
        callPerson: @escaping @Sendable (BellError) -> Void = { _ in }
    ) async throws {
        let drivers = Host.drivers(of: bench.lab, onSend: onSend)
        let (reports, certifier) = (Reports(), Certifier())
        let services = CampaignServices(
            compile: { (sealed, boards) throws(BellError) in
                instruments.problem = nil
                return try Bench.compile(sealed, boards)
            },
            hostBits: { (node, range) async throws(BellError) in try hostBits(node, range) },
            now: monotonicNanoseconds, time: wallClockISO8601, endIsAcknowledged: { certifier.hasTheEnd },
            triggerMaster: .alice, report: { reports.append($0) }, journalGrew: {}, stall: stall,
            unsettled: { _ in instruments.problem }, callPerson: { callPerson($0) })
        let campaign = try await Campaign(keeper: keeper, boards: drivers, services: services)
        forwarders = Node.allCases.map { node in
            let events = drivers[node].events
            return Task { for await event in events { await campaign.received(event, from: node) } }
        }
        self.bench = bench
        self.drivers = drivers
        self.keeper = keeper
        self.campaign = campaign
        self.reports = reports
        self.certifier = certifier
    }

    static func drivers(
        of lab: VirtualLab, onSend: @escaping @Sendable (Node, [UInt8]) -> Void = { _, _ in }
    ) -> PerNode<BoardDriver> {
        PerNode { node in
            BoardDriver(name: node.name, node: node, timeouts: timeouts) { () async throws(BellError) in
                TapTransport(try lab.transport(to: node)) { onSend(node, $0) }
            }
        }
    }

    func run() async -> CampaignState { await campaign.run() }

    /// Waits until the campaign has reported something.
    func until(_ what: Comment, _ holds: @escaping @Sendable (CampaignSnapshot) -> Bool) async throws {
        try await eventually("\(what) (last: \(String(describing: reports.last?.state)))") {
            reports.last.map(holds) ?? false
        }
    }

    /// Records that both boards still keep.
    func spooled() async throws -> PerNode<UInt32> {
        PerNode(alice: try await drivers.alice.status().spoolUsed, bob: try await drivers.bob.status().spoolUsed)
    }

    deinit { for task in forwarders { task.cancel() } }
}

/// A transport that shows what is sent.
final class TapTransport: Transport {
    private let inner: any Transport
    private let onSend: @Sendable ([UInt8]) -> Void
    let incoming: AsyncThrowingStream<[UInt8], any Error>

    init(_ inner: any Transport, onSend: @escaping @Sendable ([UInt8]) -> Void) {
        self.inner = inner
        self.onSend = onSend
        incoming = inner.incoming
    }

    func send(_ frame: [UInt8]) throws(BellError) {
        onSend(frame)
        try inner.send(frame)
    }

    func close() { inner.close() }
}
