import BellCrypto
import BellHost
import BellModel
import BellSQLite
import TestSupport
import Testing

@testable import BellBeacon

/// Hands out known values, as many as it has.
struct FakeSupply: BitSupply {
    var left: Int
    var given = 0

    mutating func take() throws(BellError) -> CertifiedValue? {
        guard left > 0 else { return nil }
        left -= 1
        given += 1
        return CertifiedValue(value: TestChain.value(given), origin: TestChain.origin(given))
    }
}

@Suite struct PulseMakerTests {
    private let folder: TemporaryFolder
    private let chain: TestChain
    private var path: String { folder.file("beacon.sqlite") }

    init() throws {
        folder = try TemporaryFolder()
        chain = try TestChain()
    }

    private func maker(_ key: SigningKey? = nil, period: UInt32 = 60_000) throws -> (PulseMaker, SharedStore) {
        let store = try SharedStore(path: path)
        return (try PulseMaker(store: store, key: key ?? chain.key, period: period, base: "http://b"), store)
    }

    private func minute(_ number: Int64) -> UTCTime { UTCTime(milliseconds: 1_798_758_000_000 + number * 60_000) }

    private func stored(_ store: SharedStore, chain: UInt64 = 1) throws -> [Pulse] {
        try store { (store) throws(BellError) in try store.pulses(chain: chain, 1...1000) }
    }

    @Test("Pulses over restarts, gaps and new spans are one sound chain, and each value is used once, in order")
    func chainOverRestarts() throws {
        var supply = FakeSupply(left: 100)
        for start in [[0, 1, 2], [57, 58, 60], [61, 1500], [45_000, 45_001]] as [[Int64]] {
            let (maker, _) = try maker()
            for number in start {
                #expect(try maker.prepare(from: &supply))
                #expect(try maker.publish(at: minute(number))?.timeStamp == minute(number))
            }
        }
        let pulses = try stored(try maker().1)
        #expect(pulses.count == 10 && chain.findings(pulses) == [])
        #expect(pulses.map(\.localRandomValue) == (1...10).map(TestChain.value))
        // The one that was committed to, and no more than one ahead.
        #expect(supply.given == 11)
    }

    @Test("Before a pulse is stored, the value that it commits to is")
    func order() throws {
        let (maker, store) = try maker()
        var supply = FakeSupply(left: 1)
        #expect(try maker.prepare(from: &supply) == false)
        #expect(try maker.publish(at: minute(0)) == nil, "one value is not enough")
        supply.left = 5
        #expect(try maker.prepare(from: &supply))
        let pulse = try #require(try maker.publish(at: minute(1)))
        let next = try store { (store) throws(BellError) in try store.nextValues() }
        #expect(next.map(\.value) == [TestChain.value(2)])
        #expect(pulse.precommitmentValue == Value512.hash(TestChain.value(2).bytes))
        #expect(try maker.publish(at: minute(2)) == nil, "the next one is not there yet")
    }

    @Test("An empty pool leaves a gap that is marked, and the committed value is the one that follows")
    func empty() throws {
        let (maker, store) = try maker()
        var supply = FakeSupply(left: 2)
        #expect(try maker.prepare(from: &supply))
        #expect(try maker.publish(at: minute(0)) != nil)
        #expect(try maker.prepare(from: &supply) == false)
        #expect(try maker.publish(at: minute(1)) == nil)
        supply.left = 2
        #expect(try maker.prepare(from: &supply))
        #expect(try maker.publish(at: minute(5))?.statusCode.contains(.timeGap) == true)
        #expect(chain.findings(try stored(store)) == [])
    }

    @Test("Another key, and another period, begin another chain; the old one stays")
    func otherChain() throws {
        var supply = FakeSupply(left: 20)
        var chains: [UInt64] = []
        for (number, key, period) in [
            (0, chain.key, 60_000), (1, PulseTestKey.other, 60_000), (2, PulseTestKey.other, 30_000),
        ] as [(Int64, SigningKey?, UInt32)] {
            let (maker, _) = try maker(key, period: period)
            #expect(try maker.prepare(from: &supply))
            let pulse = try #require(try maker.publish(at: minute(number)))
            #expect(pulse.pulseIndex == 1 && pulse.statusCode.contains(.uncommitted))
            chains.append(pulse.chainIndex)
        }
        #expect(chains == [1, 2, 3])
        #expect(chain.findings(try stored(try maker().1)) == [])
    }

    @Test("The file refuses a pulse that is changed, removed, repeated, out of turn or not of the next value")
    func appendOnly() throws {
        var supply = FakeSupply(left: 20)
        let (maker, store) = try maker()
        for number in 0..<3 as Range<Int64> {
            #expect(try maker.prepare(from: &supply))
            #expect(try maker.publish(at: minute(number)) != nil)
        }
        #expect(try maker.prepare(from: &supply))
        let before = try stored(store)
        let database = try Database(path: path, mode: .readWrite)
        for sql in [
            "UPDATE pulse SET json = '{}' WHERE number = 1", "DELETE FROM pulse WHERE number = 3",
            "INSERT INTO pulse VALUES (1, 3, 9999999999999, '{}')",
            "INSERT INTO pulse VALUES (1, 5, 9999999999999, '{}')",
            "INSERT INTO pulse VALUES (1, 4, 5, '{}')", "INSERT INTO pulse VALUES (2, 1, 9999999999999, '{}')",
        ] {
            #expect(throws: BellError.self, "\(sql)") { try database.execute(sql) }
        }
        var draft = chain.draft(at: minute(3))
        draft.chainIndex = 1
        draft.pulseIndex = 4
        draft.localRandomValue = TestChain.value(77)
        #expect { try store { [draft] (store) throws(BellError) in try store.append(chain.sign(draft)) } } throws: {
            ($0 as? BellError)?.code == .beaconCorrupt
        }
        #expect(try stored(store) == before)
    }

    @Test(
        "A file that lost the value that was committed to, or whose last pulse was changed, is not gone on with",
        arguments: [
            "DELETE FROM next_value",
            "UPDATE next_value SET value = zeroblob(64) WHERE id = (SELECT min(id) FROM next_value)",
            "DROP TRIGGER pulse_update; UPDATE pulse SET json = replace(json, '\"period\":60000', '\"period\":30000')",
        ])
    func damaged(sql: String) throws {
        var supply = FakeSupply(left: 20)
        let (maker, _) = try maker()
        #expect(try maker.prepare(from: &supply))
        #expect(try maker.publish(at: minute(0)) != nil)
        try Database(path: path, mode: .readWrite).execute(sql)
        #expect { try self.maker() } throws: { ($0 as? BellError)?.code == .beaconCorrupt }
    }

    @Test("A file of the future is left alone")
    func newer() throws {
        _ = try maker()
        try Database(path: path, mode: .readWrite).execute("PRAGMA user_version = 2")
        #expect { try self.maker() } throws: { ($0 as? BellError)?.code == .beaconNewerVersion }
    }

    @Test("The loop gives out a pulse at every full period, and says what it is doing")
    func loop() throws {
        let (maker, store) = try maker()
        let word = BeaconState()
        var loop = BeaconLoop(
            maker: maker, supply: FakeSupply(left: 3), word: word, log: Logger(level: .error),
            schedule: PulseSchedule(periodMilliseconds: 60_000, now: minute(0), last: nil))
        var now = minute(0)
        func run(until end: UTCTime) {
            while now < end { now.milliseconds += loop.turn(now: now) }
        }
        run(until: minute(1))
        #expect(try stored(store).map(\.timeStamp) == [minute(0)])
        #expect(word.now == .pulsing)
        run(until: UTCTime(milliseconds: minute(5).milliseconds - 30_000))
        #expect(try stored(store).map(\.timeStamp) == [minute(0), minute(1)])
        #expect(word.now == .empty)
        loop.supply.left = 10
        run(until: minute(7))
        #expect(try stored(store).map(\.timeStamp) == [minute(0), minute(1), minute(5), minute(6)])
        #expect(word.now == .pulsing)
        #expect(chain.findings(try stored(store)) == [])
    }
}
