import BellAudit
import BellModel
import BellTiming
import Testing
import TestSupport

@Suite("Margins")
struct MarginTests {
    @Test("Margins computed by hand: d/c − (e − r)")
    func byHand() throws {
        var scene = Scene(count: 10)
        let plain = audit(scene.evidence, try Scene.parameters())
        #expect(plain.tally.valid == 10)
        #expect(plain.margins.ab == .init(least: Picoseconds(3_239), greatest: Picoseconds(3_239)))
        #expect(plain.margins.ba == plain.margins.ab)
        #expect(plain.margins.leastSum == Picoseconds(6_478))
        #expect(plain.margins.histogramAB[52] == 10)
        #expect(plain.simulated)
        // Bob starts 1 ns later in trial 3 and alice's readout is 0.5 ns longer in trial 4.
        scene.records.bob[3].startTick += 8
        scene.records.alice[4].stopDelta += 4
        let changed = audit(scene.evidence, try Scene.parameters())
        #expect(changed.margins.ab == .init(least: Picoseconds(2_739), greatest: Picoseconds(4_239)))
        #expect(changed.margins.ba == .init(least: Picoseconds(2_239), greatest: Picoseconds(3_239)))
        #expect(changed.margins.leastSum == Picoseconds(5_978))
        #expect(changed.margins.least == Picoseconds(2_239))
    }

    @Test("Measured delays move the events: r by the start offset, e by the stop offset")
    func offsets() throws {
        let result = audit(
            Scene(count: 2).evidence,
            try Scene.parameters(Scene.survey(startA: -1_500, stopA: 250, startB: -100, stopB: 40)))
        // m_AB = 3239 − 250 + (−100); m_BA = 3239 − 40 + (−1500).
        #expect(result.margins.ab?.least == Picoseconds(2_889))
        #expect(result.margins.ba?.least == Picoseconds(1_699))
    }

    @Test(
        "Shifting a clock's static offset by o moves AB by −o at alice, BA by +o, and leaves the sum",
        arguments: [
            -2_700, -1, 0, 1, 999, 2_700,
        ] as [Int64])
    func staticOffset(o: Int64) throws {
        var dice = SplitMix(seed: 42)
        var scene = Scene(count: 200)
        for i in 0..<200 { scene.records.bob[i].startTick += UInt64.random(in: 0...3, using: &dice) }
        let base = audit(scene.evidence, try Scene.parameters(k: 1))
        let moved = audit(scene.evidence, try Scene.parameters(Scene.survey(offset: o), k: 1))
        let (ab, ba) = (try #require(base.margins.ab), try #require(base.margins.ba))
        #expect(moved.tally.valid == 200)
        // Alice's clock events move later by o: e_A later costs m_AB, r_A later helps m_BA.
        #expect(moved.margins.ab?.least == ab.least - Picoseconds(o))
        #expect(moved.margins.ab?.greatest == ab.greatest - Picoseconds(o))
        #expect(moved.margins.ba?.least == ba.least + Picoseconds(o))
        #expect(moved.margins.leastSum == base.margins.leastSum)
    }

    @Test("A margin must exceed k·u: equal is not enough")
    func threshold() throws {
        // Both margins are 3239 ps and u = 100 ps.
        let scene = Scene(count: 1)
        #expect(audit(scene.evidence, try Scene.parameters(k: 32.38)).tally.valid == 1)
        #expect(audit(scene.evidence, try Scene.parameters(k: 32.389)).tally.valid == 1)
        let lost = audit(scene.evidence, try Scene.parameters(k: 32.39))
        #expect(lost.tally.losses(.locality) == 1)
        #expect(lost.margins.leastFailed == Picoseconds(3_239))
        #expect(lost.margins.ab == nil)
    }

    @Test("Clock drift of 1 ppm at one node leaves the margins")
    func drift() throws {
        var scene = Scene(count: 1024)
        // Bob's counter gains 0.64 ticks a pulse.
        func drifted(_ tick: UInt64) -> UInt64 {
            let since = tick - scene.zero.bob
            return tick + since / 1_000_000
        }
        scene.records.bob = scene.records.bob.map { record in
            var record = record
            record.startTick = drifted(record.startTick)
            return record
        }
        scene.clocks.bob = scene.clocks.bob.map { ClockRecord(pulse: $0.pulse, tick: drifted($0.tick)) }
        let result = audit(scene.evidence, try Scene.parameters())
        #expect(result.tally.valid == 1024)
        let (ab, ba) = (try #require(result.margins.ab), try #require(result.margins.ba))
        // Ticks were rounded at the records and at both ends of a segment; uncorrected drift would reach 82 ns.
        for margin in [ab.least, ab.greatest, ba.least, ba.greatest] { #expect(abs(margin.count - 3_239) <= 250) }
        #expect(result.margins.leastSum == Picoseconds(6_478))
    }

    @Test("Without a surveyed offset margins are unknown, trials valid, and the sum check still bites")
    func unknown() throws {
        var scene = Scene(count: 16)
        scene.records.bob[2].startTick += 8_000  // 1 µs apart: no offset-free check can tell
        scene.records.alice[5].stopDelta = 900  // 112.5 ns: sum 109489·2 − 112500 − 106250 = 228 ps
        let result = audit(scene.evidence, try Scene.parameters(Scene.survey(known: false)))
        #expect(result.tally.valid == 15)
        #expect(result.tally.losses(.locality) == 1)
        #expect(result.statuses[5] == LossCause.locality.rawValue << 4)
        #expect(result.margins.known == 0)
        #expect(result.margins.unknown == 15)
        #expect(result.margins.ab == nil && result.margins.least == nil)
        #expect(result.margins.leastSum == Picoseconds(6_478))
        #expect(result.margins.histogramAB.allSatisfy { $0 == 0 })
    }

    @Test("Summaries of parts add up to the whole, and come back from JSON")
    func summary() throws {
        var dice = SplitMix(seed: 7)
        var scene = Scene(count: 512)
        for i in 0..<512 {
            scene.records.bob[i].startTick += UInt64.random(in: 0...60, using: &dice)
            scene.records.alice[i].stopDelta -= UInt32.random(in: 0...100, using: &dice)
        }
        let parameters = try Scene.parameters()
        let whole = audit(scene.evidence, parameters)
        #expect(whole.tally.losses(.locality) > 0)
        var sum = MarginSummary()
        for range in [0..<64, 64..<320, 320..<512] {
            var evidence = scene.evidence
            evidence.firstIndex += UInt64(range.lowerBound)
            evidence.count = UInt32(range.count)
            let part = audit(evidence, parameters)
            #expect(part.statuses == Array(whole.statuses[range]))
            sum += part.margins
        }
        #expect(sum == whole.margins)
        let again = try MarginSummary(json: try JSON(parsing: whole.margins.json.text))
        #expect(again == whole.margins)
        #expect(try MarginSummary(json: MarginSummary().json) == MarginSummary())
    }

    @Test("A summary whose sums do not agree is refused", arguments: ["known", "histogram_ab", "ab", "bin_width_ps"])
    func tampered(key: String) throws {
        var members = audit(Scene(count: 4).evidence, try Scene.parameters()).margins.json.objectValue ?? [:]
        members[key] = key == "histogram_ab" ? [[52, 3]] : key == "ab" ? nil : 5
        #expect(throws: BellError.self) { try MarginSummary(json: .object(members)) }
    }

    @Test("Parameters come back from JSON; hostile ones are refused")
    func parameters() throws {
        let parameters = try Scene.parameters(Scene.survey(known: false), k: 4.5, inputBits: .host)
        #expect(try AuditParameters(json: try JSON(parsing: parameters.json.text)) == parameters)
        #expect(parameters.required == Picoseconds(450))
        #expect(!parameters.knowsMargins)
        for (key, value) in [
            ("version", 2), ("k", -1), ("k", 1e300), ("input_bits", "both"), ("drift_limit_ppm", -1), ("more", 1),
            ("alice", ["tick_rate_numerator": 1, "tick_rate_denominator": 0, "trial_period_ticks": 1]),
            ("bob", ["tick_rate_numerator": 8_000_000_000, "tick_rate_denominator": 1, "trial_period_ticks": 640_001]),
        ] as [(String, JSON)] {
            var members = parameters.json.objectValue ?? [:]
            members[key] = value
            #expect(throws: BellError.self, "\(key)") { try AuditParameters(json: .object(members)) }
        }
    }
}
