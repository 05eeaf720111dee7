import BellModel
import Testing
import TestSupport

@testable import BellStatistics

/// Bits of a Santha–Vazirani source: each has probability ½ + μ towards `favoured`, given all before it.
struct BiasedSource {
    enum Rule: CaseIterable {
        /// 1, always.
        case constant
        /// The bit before: the worst for the repetition count.
        case again
        /// The first bit of the window: the worst for the adaptive proportion.
        case window
    }

    let rule: Rule
    let threshold: UInt64
    var random: SplitMix
    private var place = 0
    private var first: UInt8 = 1
    private var last: UInt8 = 1

    init(_ rule: Rule, bias: Double, seed: UInt64) {
        self.rule = rule
        threshold = UInt64((0.5 + bias) * 0x1p63)
        random = SplitMix(seed: seed)
    }

    mutating func bit() -> UInt8 {
        let favoured: UInt8 =
            switch rule {
            case .constant: 1
            case .again: last
            case .window: place == 0 ? 1 : first
            }
        let bit = random.next() >> 1 < threshold ? favoured : 1 - favoured
        if place == 0 { first = bit }
        place = place == 1023 ? 0 : place + 1
        last = bit
        return bit
    }
}

@Suite struct SettingHealthTests {
    private static let lost = TrialStatus(loss: .aliceMissing).rawValue

    private static func status(x: UInt8, y: UInt8 = 0) -> UInt8 { TrialStatus(x: x, y: y, a: 1, b: 0).rawValue }

    /// What the standard's loops give, bit by bit, without a trick.
    private static func plain(_ bits: [(trial: UInt64, bit: UInt8)]) -> SettingExtremes {
        var (run, runFrom, count, countFrom) = (0, UInt64(0), 0, UInt64(0))
        for start in bits.indices {
            let length = bits[start...].prefix { $0.bit == bits[start].bit }.count
            if length > run { (run, runFrom) = (length, bits[start].trial) }
        }
        for start in stride(from: 0, to: bits.count, by: 1024) {
            let equal = bits[start..<min(start + 1024, bits.count)].count { $0.bit == bits[start].bit }
            if equal > count { (count, countFrom) = (equal, bits[start].trial) }
        }
        return SettingExtremes(
            bits: UInt64(bits.count), run: UInt64(run), runFrom: runFrom, count: UInt64(count), countFrom: countFrom)
    }

    @Test("Both tests are the standard's, however trials are lost and cut into stretches", arguments: UInt64(1)...8)
    func reference(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let (first, trials) = (seed * 1000, Int(random.next() % 5000))
        let lossRate = [0, 3, 64][Int(seed % 3)]
        let statuses = (0..<trials).map { _ -> UInt8 in
            let word = random.next()
            return word >> 32 & 255 < lossRate
                ? SettingHealthTests.lost : TrialStatus(rawValue: UInt8(word & 15))?.rawValue ?? 0
        }
        let whole = {
            var health = PerNode<SettingHealth>()
            health.add(statuses, from: first)
            return health
        }()
        var cut = PerNode<SettingHealth>()
        var done = 0
        while done < trials {
            let end = min(trials, done + Int(random.next() % 700))
            cut.add(Array(statuses[done..<end]), from: first + UInt64(done))
            done = end
        }
        #expect(cut == whole)
        for (node, shift) in [(Node.alice, UInt8(3)), (.bob, 2)] {
            let bits = statuses.enumerated().filter { $0.1 < 16 }.map { (first + UInt64($0.0), $0.1 >> shift & 1) }
            #expect(whole[node].extremes == SettingHealthTests.plain(bits))
        }
    }

    @Test("Without a bit there is nothing to tell")
    func empty() {
        var health = PerNode<SettingHealth>()
        #expect(health.extremes.failures(HealthBudget(trials: 1, .uniform)).isEmpty)
        health.add([SettingHealthTests.lost, SettingHealthTests.lost], from: 0)
        #expect(health.alice.extremes == SettingExtremes(bits: 0, run: 0, runFrom: 0, count: 0, countFrom: 0))
        #expect(health.alice.extremes.contradiction(ones: 0, zeroes: 0, started: 2) == nil)
    }

    @Test("A stuck bit fires after exactly C valid trials, and lost ones neither end nor lengthen its run")
    func stuck() throws {
        let budget = HealthBudget(trials: 1 << 18, model(0.0005))
        var health = PerNode<SettingHealth>()
        // Bob's bits alternate.
        func valid(_ i: UInt64) -> UInt8 { SettingHealthTests.status(x: i == 100 ? 0 : 1, y: UInt8(i & 1)) }
        var trial: UInt64 = 100
        for i in 0..<budget.repetition {
            #expect(health.extremes.failures(budget).isEmpty)
            // The run begins after the one 0, at trial 101, each fourth trial being lost.
            health.add([valid(100 + i)], from: trial)
            trial += 1
            if i % 3 == 0 {
                health.add([SettingHealthTests.lost], from: trial)
                trial += 1
            }
        }
        #expect(health.extremes.failures(budget).isEmpty)
        health.add([SettingHealthTests.status(x: 1)], from: trial)
        let failure = try #require(health.extremes.failures(budget).first)
        #expect(health.extremes.failures(budget).count == 1)
        #expect(failure.node == .alice && failure.test == .repetitionCount && failure.count == budget.repetition)
        #expect(failure.from == 102)
        #expect(
            failure.words
                == "the settings of alice failed the repetition count test: \(budget.repetition) equal bits in a row "
                + "from trial 102 on, cut-off \(budget.repetition)")
    }

    @Test("A generator that alternates, or gives each bit twice, has the runs that it has")
    func periodic() {
        var health = SettingHealth(.bob)
        health.add((0..<4096).map { SettingHealthTests.status(x: 1, y: UInt8($0 / 2 & 1)) }, from: 0)
        #expect(health.extremes == SettingExtremes(bits: 4096, run: 2, runFrom: 0, count: 512, countFrom: 0))
    }

    @Test("A bias of 0.1 beyond the declared one fires within a few windows", arguments: UInt64(1)...20)
    func biased(seed: UInt64) {
        let budget = HealthBudget(trials: 1 << 18, model(0.0005))
        var source = BiasedSource(.constant, bias: 0.1, seed: seed)
        var health = SettingHealth(.alice)
        var windows = 0
        while health.extremes.failures(of: .alice, budget).isEmpty, windows < 100 {
            health.add((0..<1024).map { _ in SettingHealthTests.status(x: source.bit()) }, from: UInt64(windows) * 1024)
            windows += 1
        }
        // Two windows in five begin with the rarer bit.
        #expect(windows <= 12)
    }

    @Test(
        "Settings within the declared bias alarm in no more campaigns than budgeted, whatever their memory",
        arguments: BiasedSource.Rule.allCases, [0, 0.02])
    func falseAlarms(rule: BiasedSource.Rule, bias: Double) {
        let (campaigns, trials) = (1500, 4096)
        let budget = HealthBudget(trials: UInt64(trials), model(bias), falseAlarms: 0.1)
        var (alarms, runs, windows) = (0, 0, 0)
        for campaign in 0..<campaigns {
            var alice = BiasedSource(rule, bias: bias, seed: UInt64(campaign) * 2 + 1)
            var bob = BiasedSource(rule, bias: bias, seed: UInt64(campaign) * 2 + 1_000_000)
            var health = PerNode<SettingHealth>()
            health.add((0..<trials).map { _ in SettingHealthTests.status(x: alice.bit(), y: bob.bit()) }, from: 0)
            let failures = health.extremes.failures(budget)
            alarms += failures.isEmpty ? 0 : 1
            runs += failures.contains { $0.test == .repetitionCount } ? 1 : 0
            windows += failures.contains { $0.test == .adaptiveProportion } ? 1 : 0
        }
        // 0.1 · 1500 = 150, and four standard deviations.
        #expect(alarms <= 150 + 47)
        // The budget is not given away either: the bounds are within a small factor of what happens in the worst case.
        if bias == 0 || rule == .again { #expect(runs >= 6) }
        if bias == 0 || rule == .window { #expect(windows >= 15) }
    }

    @Test("At the shipped budget honest campaigns pass")
    func shipped() {
        let budget = HealthBudget(trials: 16_384, .uniform)
        var failed = 0
        for campaign in 0..<400 {
            var random = SplitMix(seed: UInt64(campaign))
            var health = PerNode<SettingHealth>()
            health.add((0..<16_384).map { _ in UInt8(random.next() & 15) }, from: 0)
            failed += health.extremes.failures(budget).isEmpty ? 0 : 1
        }
        // 0.4 are expected at most; four or more have a probability below 1e-3.
        #expect(failed <= 3)
    }
}

@Suite struct SettingExtremesTests {
    @Test("JSON and back")
    func json() throws {
        let alice = SettingExtremes(bits: 4000, run: 13, runFrom: 512, count: 560, countFrom: 1024)
        let both = PerNode(alice: alice, bob: SettingExtremes(bits: 0, run: 0, runFrom: 0, count: 0, countFrom: 0))
        #expect(try PerNode<SettingExtremes>(json: both.json, path: "x") == both)
        #expect(
            both.json["alice"]?.text == #"{"bits":4000,"run":13,"run_from":512,"window_count":560,"window_from":1024}"#)
        for key in ["bits", "run", "run_from", "window_count", "window_from"] {
            var object = try #require(alice.json.objectValue)
            object[key] = -1
            #expect(throws: BellError.self) { try SettingExtremes(json: .object(object), path: "x") }
            object[key] = nil
            #expect(throws: BellError.self) { try SettingExtremes(json: .object(object), path: "x") }
        }
        #expect(throws: BellError.self) {
            try SettingExtremes(json: .object(alice.json.objectValue?.merging(["more": 1]) { $1 } ?? [:]), path: "x")
        }
    }

    @Test("Numbers that no bits can have come to are told from those that some can")
    func contradictions() {
        func says(_ run: UInt64, _ runFrom: UInt64, _ count: UInt64, _ countFrom: UInt64, bits: UInt64 = 10) -> Bool {
            SettingExtremes(bits: bits, run: run, runFrom: runFrom, count: count, countFrom: countFrom)
                .contradiction(ones: 7, zeroes: 3, started: 20) != nil
        }
        #expect(!says(3, 0, 7, 0) && !says(7, 13, 3, 0) && !says(2, 0, 1, 19))
        #expect(says(3, 0, 7, 0, bits: 11), "another count of bits")
        #expect(says(8, 0, 7, 0) && says(1, 0, 7, 0), "seven ones among three zeroes")
        #expect(says(3, 18, 7, 0) && says(3, .max, 7, 0), "past the last trial")
        #expect(says(3, 0, 8, 0) && says(3, 0, 0, 0) && says(3, 0, 7, 14) && says(3, 0, 7, .max))
    }
}
