import BellCampaign
import BellCrypto
import BellJournal
import BellModel
import BellStream
import Synchronization

/// Feeds the outcome stream from the journals, which are the outbox: what the certifier does not have is still there.
///
/// Reads through connections of its own, so that the campaign's writer never waits for it.
final class JournalOutcomeSource: OutcomeSource {
    /// A journal opened for reading, with the ends of its closed blocks; only ever used under the readers' lock.
    private final class Reader {
        let journal: Journal
        private(set) var ends: [BlockEnd] = []
        private var nextBlock: UInt64 = 0

        init(_ journal: sending Journal) { self.journal = journal }

        /// Sees what was written since.
        func refresh() throws(BellError) {
            try journal.refresh()
            guard let last = journal.lastBlock, last.number > nextBlock || (last.number == nextBlock && !last.isOpen)
            else { return }
            for block in try journal.blocks(from: nextBlock) {
                guard let end = try JournalOutcomeSource.end(of: block) else { break }
                ends.append(end)
                nextBlock = block.header.number + 1
            }
        }
    }

    private let store: CampaignStore
    /// Open readers of unfinished campaigns.
    private let readers = Mutex<[CampaignID: Reader]>([:])
    /// Campaigns whose certificate the certifier has written; a lock of its own, because nobody who asks may wait for
    /// the disk.
    private let ended = Mutex<Set<CampaignID>>([])
    /// Campaigns that are over for good; their journals are not opened again.
    private let closed = Mutex<Set<CampaignID>>([])

    init(store: CampaignStore) { self.store = store }

    /// Whether the certifier has written the campaign's certificate since this daemon runs.
    func isEnded(_ campaign: CampaignID) -> Bool { ended.withLock { $0.contains(campaign) } }

    func campaigns() throws(BellError) -> [CampaignID] {
        // A journal that cannot be read is left out; lists show why.
        let entries = try store.all(except: closed.withLock { $0 }).entries
        closed.withLock { $0.formUnion(entries.filter(\.state.isFinal).map(\.id)) }
        // Of a sealed one nothing is told before it is begun: what anchors its plan is not known yet.
        return entries.filter { !$0.state.isFinal && $0.state != .sealed && !isEnded($0.id) }.map(\.id)
    }

    func begin(of campaign: CampaignID) throws(BellError) -> CampaignBegin {
        try read(campaign) { (reader) throws(BellError) in
            let journal = reader.journal
            let record = try journal.planRecord()
            return CampaignBegin(
                plan: journal.sealed.json, planHash: journal.planHash, devices: journal.devices,
                simulated: journal.simulated, software: journal.software, planChain: record.chainJSON,
                anchors: record.anchorsJSON)
        }
    }

    func items(
        of campaign: CampaignID, after position: StreamPosition, limit: StreamCredit
    ) throws(BellError) -> [StreamItem] {
        try read(campaign) { (reader) throws(BellError) in
            let journal = reader.journal
            // Before the refresh: the end is written after the last block's, so that it is never seen without it.
            let isDecided = try isDecided(journal)
            try reader.refresh()
            guard position.nextIndex <= journal.recordedIndex else {
                throw BellError(
                    .streamSource,
                    "Trial \(position.nextIndex) is wanted, but only \(journal.recordedIndex) trials are recorded.",
                    at: journal.path, state: "the certifier has seen another journal, or a newer copy of this one",
                    fix: "restore the journal that the certifier has seen")
            }
            var items: [StreamItem] = []
            var position = position
            var bytes = 0
            func give(_ item: StreamItem) {
                items.append(item)
                position.advance(over: item)
            }
            func giveEnds() {
                // Ends are sorted; the few at this place are found from behind, where the stream usually is.
                let start = reader.ends.lastIndex { $0.nextIndex < position.nextIndex }.map { $0 + 1 } ?? 0
                for end in reader.ends[start...] where position.accepts(.blockEnd(end)) { give(.blockEnd(end)) }
            }
            giveEnds()
            for arm in try journal.arms(from: position.nextIndex, limit: max(1, Int(limit.frames))) {
                guard let result = arm.result, let leaves = arm.leaves else { break }
                guard arm.header.firstIndex == position.nextIndex else {
                    throw BellError(
                        .streamSource, "Trial \(position.nextIndex) is no arm's first trial.", at: journal.path,
                        fix: "run `bellctl campaign verify`")
                }
                bytes += result.statuses.count
                if !items.isEmpty, items.count >= Int(limit.frames) || bytes > Int(limit.bytes) { return items }
                give(
                    .outcomes(
                        OutcomesFrame(
                            arm: arm.header.arm, firstIndex: arm.header.firstIndex,
                            leaves: leaves, statuses: result.statuses)))
                giveEnds()
            }
            if isDecided {
                let end = try end(of: journal)
                if position.accepts(.end(end)) { give(.end(end)) }
            }
            return items
        }
    }

    /// Whether the campaign's end is decided.
    private func isDecided(_ journal: Journal) throws(BellError) -> Bool {
        let state = CampaignState(rawValue: try journal.state().state)
        // One that was abandoned has no certificate, also while the certifier still catches up with its trials.
        return state == .finishing || state == .completed || state == .stopped
    }

    /// The campaign's end, once it is decided.
    private func end(of journal: Journal) throws(BellError) -> CampaignEnd {
        let planned = journal.sealed.plan.trials
        let notRun = planned - min(planned, journal.nextIndex)
        guard notRun > 0 else { return CampaignEnd(state: .completed, nextIndex: journal.nextIndex, notRun: 0) }
        let last = try journal.lastBlock.flatMap { (last) throws(BellError) in
            try journal.blocks(from: last.number).last
        }
        if last?.summary?["stop_rule_met"] == true {
            return CampaignEnd(state: .stoppedByRule, nextIndex: journal.nextIndex, notRun: notRun)
        }
        return CampaignEnd(
            state: .stopped, nextIndex: journal.nextIndex, notRun: notRun,
            reason: "a person ended it before its last trial")
    }

    func acknowledged(_ campaign: CampaignID, nextIndex: UInt64, end: Bool) throws(BellError) {
        guard end else { return }
        let announced = try read(campaign) { (reader) throws(BellError) -> CampaignEnd? in
            try reader.refresh()
            return try isDecided(reader.journal) ? try self.end(of: reader.journal) : nil
        }
        // A certifier that has an end which was never announced has another campaign, or a later state of this one.
        guard let announced, announced.nextIndex == nextIndex else {
            throw BellError(
                .streamContradiction, "The certifier confirms the campaign's end at trial \(nextIndex).",
                at: "campaign \(campaign)",
                cause: announced.map { "it ends at trial \($0.nextIndex)" } ?? "it has not ended",
                state: "the campaign goes on and is not closed",
                fix: "was the journal restored from an older copy? run `bellctl campaign verify`")
        }
        _ = ended.withLock { $0.insert(campaign) }
        readers.withLock { $0[campaign] = nil }
    }

    /// The end of a closed block, from its stored summary; nil for an open one.
    fileprivate static func end(of block: StoredBlock) throws(BellError) -> BlockEnd? {
        guard let summary = block.summary else { return nil }
        let place = "block \(block.header.number) summary"
        var reader = try JSONReader(summary, path: place)
        return BlockEnd(
            number: block.header.number, firstIndex: block.header.firstIndex,
            nextIndex: try reader.count("next_index"),
            tally: try TrialTally(json: try reader.value("tally"), path: "\(place).tally"),
            margins: try reader.value("margins"), calibrationHash: block.header.calibrationHash,
            evidenceRoots: try PerNode(json: try reader.value("evidence_roots"), path: "\(place).evidence_roots"),
            signatures: try PerNode(json: try reader.value("signatures"), path: "\(place).signatures"),
            audit: block.header.audit)
    }

    private func read<T: Sendable>(
        _ campaign: CampaignID, _ body: @Sendable (Reader) throws(BellError) -> T
    ) throws(BellError) -> T {
        let path = store.journal(of: campaign)
        return try readers.withLock { (readers) throws(BellError) in
            if let reader = readers[campaign] { return try body(reader) }
            let reader = Reader(try Journal.openReadOnly(at: path))
            readers[campaign] = reader
            return try body(reader)
        }
    }
}
