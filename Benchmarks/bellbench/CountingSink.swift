import BellHost
import BellModel
import BellStream
import BellZeroMQ
import Synchronization

/// A certifier that stores nothing: counts what comes, and says that it is durable.
final class CountingSink: OutcomeSink {
    /// What is known of the campaign; read by another thread.
    final class Progress: Sendable {
        struct Values {
            /// One past the last index that was acknowledged.
            var nextIndex: UInt64 = 0
            var valid: UInt64 = 0
            var finishedAt: UInt64?
            var failure: BellError?
        }

        private let values = Mutex(Values())
        private let isStopped = Atomic<Bool>(false)

        var now: Values { values.withLock { $0 } }
        var isWanted: Bool { !isStopped.load(ordering: .relaxed) }
        func stop() { isStopped.store(true, ordering: .relaxed) }
        func change(_ body: (inout Values) -> Void) { values.withLock { body(&$0) } }
    }

    private let progress: Progress
    private var nextIndex: UInt64 = 0
    private var tally = TrialTally()

    init(_ progress: Progress) { self.progress = progress }

    /// Receives on a thread of its own until `progress.stop()`.
    static func run(_ progress: Progress, context: ZeroMQContext, endpoint: String) throws(BellError) {
        try startThread(named: "consumer") {
            do throws(BellError) {
                let client = try OutcomeClient(
                    context: context, endpoint: endpoint, sink: CountingSink(progress),
                    report: { event in
                        switch event {
                        case .contradiction(_, let error), .remote(_, let error), .failed(let error, _):
                            progress.change { $0.failure = error }
                        default: break
                        }
                    })
                client.run { progress.isWanted }
            } catch {
                progress.change { $0.failure = error }
            }
        }
    }

    func begin(_ campaign: CampaignID, _ begin: CampaignBegin) throws(BellError) -> OutcomeProgress {
        OutcomeProgress(nextIndex: nextIndex, blocksEnd: 0)
    }

    func store(_ campaign: CampaignID, _ outcomes: OutcomesFrame) throws(BellError) {
        nextIndex = outcomes.nextIndex
        tally += outcomes.tally
    }

    func check(_ campaign: CampaignID, _ outcomes: OutcomesFrame) throws(BellError) {}

    func store(_ campaign: CampaignID, _ block: BlockEnd) throws(BellError) {}

    func finish(_ campaign: CampaignID, _ end: CampaignEnd) throws(BellError) {
        try commit()
        progress.change { $0.finishedAt = monotonicNanoseconds() }
    }

    func commit() throws(BellError) {
        let (next, valid) = (nextIndex, tally.valid)
        progress.change { ($0.nextIndex, $0.valid) = (next, valid) }
    }

    func abandon() {}
}
