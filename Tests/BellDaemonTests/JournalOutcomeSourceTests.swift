import BellCrypto
import BellJournal
import BellModel
import BellStream
import Testing

@testable import BellCampaign
@testable import BellDaemon

@Suite struct JournalOutcomeSourceTests {
    /// A journal that is written by hand, and its outbox.
    private struct Outbox {
        let laboratory: TestLaboratory
        let id: CampaignID
        let journal: Journal
        let source: JournalOutcomeSource
        var tally = TrialTally()

        init(trials: UInt64 = 1000) throws {
            laboratory = try TestLaboratory()
            (id, _) = try laboratory.seal(1, trials: trials)
            journal = try Journal.open(at: laboratory.store.journal(of: id))
            source = JournalOutcomeSource(store: laboratory.store)
        }

        mutating func begin(_ number: UInt64) throws {
            tally = TrialTally()
            let calibration: JSON = ["number": JSON(count: number)]
            try journal.beginBlock(
                BlockHeader(
                    number: number, firstIndex: journal.nextIndex, calibration: calibration,
                    calibrationHash: Blake2b.hash(text: calibration.text), audit: ["k": 5],
                    programs: PerNode(alice: [1], bob: [2]), bootIDs: PerNode(alice: 1, bob: 2)))
        }

        mutating func arm(_ count: UInt32, in block: UInt64) throws {
            let number = journal.nextArm
            try journal.commitArm(
                ArmHeader(arm: number, block: block, firstIndex: journal.nextIndex, count: count))
            let statuses = [UInt8](repeating: UInt8(number % 16), count: Int(count))
            for byte in statuses { tally.add(try #require(TrialStatus(rawValue: byte))) }
            try journal.record(
                arm: number,
                ArmResult(
                    halves: PerNode(alice: [], bob: []), clocks: PerNode(alice: [], bob: []), statuses: statuses,
                    margins: [:]))
        }

        func close(_ number: UInt64) throws {
            let head: JSON = .string(Digest.zero.description)
            try journal.closeBlock(
                number,
                summary: [
                    "next_index": JSON(count: journal.nextIndex), "tally": tally.json, "margins": [:],
                    "evidence_roots": ["alice": head, "bob": head],
                    "signatures": PerNode { _ in SignatureCount(signed: 1) }.json,
                ])
        }

        func items(from index: UInt64, frames: UInt32 = 1000) throws -> [StreamItem] {
            try source.items(
                of: id, after: StreamPosition(nextIndex: index), limit: StreamCredit(frames: frames, bytes: 1 << 20))
        }

        /// `a0` an arm's first index, `b0` a block's number, `e` the end.
        func names(from index: UInt64, frames: UInt32 = 1000) throws -> [String] {
            try items(from: index, frames: frames).map { item in
                switch item {
                case .outcomes(let arm): "a\(arm.firstIndex)"
                case .blockEnd(let block): "b\(block.number)"
                case .end: "e"
                }
            }
        }

        /// Two blocks of two arms of 10 trials, an empty block, and the end.
        mutating func fill() throws {
            for block in 0..<2 as Range<UInt64> {
                try begin(block)
                try arm(10, in: block)
                try arm(10, in: block)
                try close(block)
            }
            try begin(2)
            try close(2)
            try journal.setState("finishing")
        }
    }

    @Test("items come in order from every arm's boundary")
    func order() throws {
        var outbox = try Outbox(trials: 40)
        try outbox.fill()
        #expect(try outbox.names(from: 0) == ["a0", "a10", "b0", "a20", "a30", "b1", "b2", "e"])
        #expect(try outbox.names(from: 10) == ["a10", "b0", "a20", "a30", "b1", "b2", "e"])
        #expect(try outbox.names(from: 20) == ["b0", "a20", "a30", "b1", "b2", "e"])
        #expect(try outbox.names(from: 30) == ["a30", "b1", "b2", "e"])
        #expect(try outbox.names(from: 40) == ["b1", "b2", "e"])
        // Asked piece by piece it is the same stream.
        var position = StreamPosition(nextIndex: 0)
        var pieces: [StreamItem] = []
        for _ in 0..<20 {
            let items = try outbox.source.items(
                of: outbox.id, after: position, limit: StreamCredit(frames: 1, bytes: 1))
            if items.isEmpty { break }
            for item in items {
                #expect(position.accepts(item))
                position.advance(over: item)
            }
            pieces += items
        }
        #expect(try outbox.items(from: 0) == pieces)
    }

    @Test("an end says whether all trials were run", arguments: [40, 100] as [UInt64])
    func end(planned: UInt64) throws {
        var outbox = try Outbox(trials: planned)
        try outbox.fill()
        guard case .end(let end)? = try outbox.items(from: 40).last else {
            Issue.record("there is no end")
            return
        }
        #expect(end.nextIndex == 40)
        #expect(end.notRun == planned - 40)
        #expect(end.state == (planned == 40 ? .completed : .stopped))
        #expect((end.reason == nil) == (planned == 40))
    }

    @Test("no end is given before it is decided, nor before the last block's")
    func undecided() throws {
        var outbox = try Outbox(trials: 40)
        try outbox.begin(0)
        #expect(try outbox.names(from: 0) == [])
        try outbox.arm(10, in: 0)
        #expect(try outbox.names(from: 0) == ["a0"])
        #expect(try outbox.names(from: 10) == [])
        for state in ["running", "suspended", "paused", "interrupted"] {
            try outbox.journal.setState(state)
            #expect(try outbox.names(from: 10) == [])
        }
        try outbox.close(0)
        #expect(try outbox.names(from: 10) == ["b0"])
        // An arm that is committed and not recorded is not there yet.
        try outbox.begin(1)
        try outbox.journal.commitArm(ArmHeader(arm: 1, block: 1, firstIndex: 10, count: 10))
        #expect(try outbox.names(from: 0) == ["a0", "b0"])
    }

    @Test("what was abandoned has no end: there is nothing to certify")
    func abandoned() throws {
        var outbox = try Outbox(trials: 40)
        try outbox.fill()
        #expect(try outbox.names(from: 0).contains("e"))
        try outbox.journal.setState("abandoned", reason: "no helium")
        #expect(try outbox.names(from: 0) == ["a0", "a10", "b0", "a20", "a30", "b1", "b2"])
        #expect(try outbox.names(from: 40) == ["b1", "b2"])
    }

    @Test("a place that the journal cannot go on from is refused", arguments: [5, 41, UInt64.max])
    func places(index: UInt64) throws {
        var outbox = try Outbox(trials: 40)
        try outbox.fill()
        let error = try #require(throws: BellError.self) { try outbox.items(from: index) }
        #expect(error.code == .streamSource)
        #expect(error.place == outbox.laboratory.store.journal(of: outbox.id))
    }

    @Test("BEGIN repeats what was sealed")
    func begin() throws {
        let outbox = try Outbox()
        let begin = try outbox.source.begin(of: outbox.id)
        #expect(begin.plan.text == outbox.journal.sealed.json.text)
        #expect(begin.planHash == outbox.journal.planHash)
        #expect(begin.simulated)
    }

    @Test("campaigns are listed until their end is acknowledged, and damaged ones hide no other")
    func listing() throws {
        let outbox = try Outbox()
        let (second, _) = try outbox.laboratory.seal(2)
        let (third, _) = try outbox.laboratory.seal(3)
        let store = outbox.laboratory.store
        #expect(try outbox.source.campaigns() == [outbox.id, second, third])
        try outbox.source.acknowledged(outbox.id, nextIndex: 0, end: false)
        #expect(!outbox.source.isEnded(outbox.id))
        try outbox.journal.setState("finishing")
        try outbox.source.acknowledged(outbox.id, nextIndex: 0, end: true)
        #expect(outbox.source.isEnded(outbox.id))
        #expect(try outbox.source.campaigns() == [second, third])
        try Journal.open(at: store.journal(of: second)).setState("completed")
        #expect(try outbox.source.campaigns() == [third])
        let database = store.journal(of: third)
        for name in ["-wal", "-shm"] { try removeIfThere(database + name) }
        try overwrite(database)
        #expect(try outbox.source.campaigns() == [])
    }
}
