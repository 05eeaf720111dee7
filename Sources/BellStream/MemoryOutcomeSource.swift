public import BellModel
import Synchronization

/// An outcome source that keeps everything in memory: for tests, and for tools that replay a recording.
public final class MemoryOutcomeSource: OutcomeSource {
    private struct Recording {
        var begin: CampaignBegin
        var items: [StreamItem] = []
        var acknowledged: UInt64 = 0
        var isEndAcknowledged = false

        var nextIndex: UInt64 {
            for item in items.reversed() { if case .outcomes(let outcomes) = item { return outcomes.nextIndex } }
            return 0
        }
    }

    private struct State {
        var order: [CampaignID] = []
        var recordings: [CampaignID: Recording] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// Adds a campaign after the others.
    public func add(_ campaign: CampaignID, _ begin: CampaignBegin) {
        state.withLock { state in
            state.order.append(campaign)
            state.recordings[campaign] = Recording(begin: begin)
        }
    }

    /// Adds an item; the caller notifies the server.
    public func append(_ item: StreamItem, to campaign: CampaignID) {
        state.withLock { $0.recordings[campaign]?.items.append(item) }
    }

    /// What the certifier has acknowledged: next index, and whether the end is.
    public func acknowledgement(of campaign: CampaignID) -> (nextIndex: UInt64, end: Bool) {
        state.withLock { state in
            (state.recordings[campaign]?.acknowledged ?? 0, state.recordings[campaign]?.isEndAcknowledged ?? false)
        }
    }

    public func campaigns() throws(BellError) -> [CampaignID] {
        state.withLock { state in state.order.filter { state.recordings[$0]?.isEndAcknowledged == false } }
    }

    public func begin(of campaign: CampaignID) throws(BellError) -> CampaignBegin {
        try recording(campaign).begin
    }

    private func recording(_ campaign: CampaignID) throws(BellError) -> Recording {
        guard let recording = state.withLock({ $0.recordings[campaign] }) else {
            throw BellError(.streamSource, "There is no such campaign.", at: "campaign \(campaign)")
        }
        return recording
    }

    public func items(
        of campaign: CampaignID, after position: StreamPosition, limit: StreamCredit
    ) throws(BellError) -> [StreamItem] {
        let recording = try recording(campaign)
        guard position.nextIndex <= recording.nextIndex else {
            throw BellError(
                .streamSource,
                "Trial \(position.nextIndex) is wanted, but only \(recording.nextIndex) trials were committed.",
                at: "campaign \(campaign)", fix: "restore the journal that the certifier has seen")
        }
        var position = position
        var given: [StreamItem] = []
        var bytes = 0
        for item in recording.items where position.accepts(item) {
            guard given.count < Int(limit.frames), bytes < Int(limit.bytes) else { break }
            position.advance(over: item)
            given.append(item)
            if case .outcomes(let outcomes) = item { bytes += outcomes.statuses.count }
        }
        return given
    }

    public func acknowledged(_ campaign: CampaignID, nextIndex: UInt64, end: Bool) throws(BellError) {
        state.withLock { state in
            let known = state.recordings[campaign]?.acknowledged ?? 0
            state.recordings[campaign]?.acknowledged = max(known, nextIndex)
            if end { state.recordings[campaign]?.isEndAcknowledged = true }
        }
    }
}
