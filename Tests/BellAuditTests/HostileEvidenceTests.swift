import BellAudit
import BellModel
import BellTiming
import Testing
import TestSupport

@Suite("Hostile evidence")
struct HostileEvidenceTests {
    @Test("Valid trials and losses add up to the committed count, whatever the halves are", arguments: 0..<60)
    func fuzz(seed: UInt64) throws {
        var dice = SplitMix(seed: seed)
        var scene = Scene(count: Int.random(in: 1...300, using: &dice))
        let odd: [UInt64] = [0, 1, scene.firstIndex, scene.firstIndex + 7, 1 << 31, 1 << 63, .max - 3, .max]
        func pick() -> UInt64 { odd.randomElement(using: &dice) ?? 0 }
        for _ in 0..<Int.random(in: 0...20, using: &dice) {
            let i = Int.random(in: 0..<scene.count, using: &dice)
            switch Int.random(in: 0..<6, using: &dice) {
            case 0: scene.records.alice[i].startTick = pick()
            case 1: scene.records.bob[i].stopDelta = UInt32(truncatingIfNeeded: pick())
            case 2: scene.records.bob[i].index = pick()
            case 3: scene.records.alice[i].flags = TrialFlags(rawValue: UInt16.random(in: 0...65_535, using: &dice))
            case 4: scene.records.alice[i].setting = UInt8.random(in: 0...255, using: &dice)
            default: scene.clocks.bob.append(ClockRecord(pulse: pick(), tick: pick()))
            }
        }
        var evidence = scene.evidence
        for node in Node.allCases where Bool.random(using: &dice) {
            evidence.halves[node] = (0..<Int.random(in: 0...8, using: &dice)).map { _ in
                let lower = Int.random(in: 0..<scene.count, using: &dice)
                var chunk = scene.chunk(node, lower..<Int.random(in: lower...scene.count, using: &dice))
                switch Int.random(in: 0..<8, using: &dice) {
                case 0: chunk.firstIndex = pick()
                case 1: chunk.firstPulse = pick()
                case 2: chunk.records.removeLast(min(chunk.records.count, Int.random(in: 0...99, using: &dice)))
                case 3: chunk.bootID = pick()
                default: break
                }
                return chunk
            }
        }
        if Bool.random(using: &dice) { evidence.firstIndex = pick() }
        for source in [InputBitSource.board, .host] {
            for known in [true, false] {
                let parameters = try Scene.parameters(Scene.survey(known: known), inputBits: source)
                let result = audit(evidence, parameters)
                #expect(result.statuses.count == Int(evidence.count))
                #expect(result.tally.trials == UInt64(evidence.count))
                var recounted = TrialTally()
                for status in result.statuses { recounted.add(try #require(TrialStatus(rawValue: status))) }
                #expect(recounted == result.tally)
                #expect(result.margins.known + result.margins.unknown == result.tally.valid)
                #expect(audit(evidence, parameters) == result)
            }
        }
    }

    @Test("The order in which halves and clock records came does not matter")
    func permuted() throws {
        var dice = SplitMix(seed: 99)
        var scene = Scene(count: 256)
        scene.records.alice[9].outcome = 9
        scene.records.bob[77].stopDelta = 2_000
        var evidence = scene.evidence
        for node in Node.allCases {
            evidence.halves[node] = [0..<40, 30..<100, 100..<101, 120..<256].map { scene.chunk(node, $0) }
        }
        let parameters = try Scene.parameters()
        let result = audit(evidence, parameters)
        #expect(result.tally.losses(.bothMissing) == 19)
        for _ in 0..<20 {
            evidence.halves.alice.shuffle(using: &dice)
            evidence.halves.bob.shuffle(using: &dice)
            evidence.clocks.alice.shuffle(using: &dice)
            evidence.clocks.bob.shuffle(using: &dice)
            #expect(audit(evidence, parameters) == result)
        }
    }

    @Test("Outcomes never decide about validity")
    func outcomes() throws {
        var dice = SplitMix(seed: 3)
        var scene = Scene(count: 400)
        for i in 0..<400 where i % 7 == 0 { scene.records.bob[i].stopDelta += 40 }
        let parameters = try Scene.parameters()
        let before = audit(scene.evidence, parameters)
        for i in 0..<400 {
            scene.records.alice[i].outcome = UInt8.random(in: 0...1, using: &dice)
            scene.records.bob[i].outcome = UInt8.random(in: 0...1, using: &dice)
        }
        let after = audit(scene.evidence, parameters)
        #expect(before.statuses.map { $0 & 0xfc } == after.statuses.map { $0 & 0xfc })
        #expect(before.margins == after.margins)
    }

    @Test("An auditor's working memory leaves no trace: with the same history it gives the same result")
    func reuse() throws {
        let parameters = try Scene.parameters()
        var auditor = Auditor(parameters)
        var spoilt = Scene(count: 500).evidence
        spoilt.halves.alice.append(Scene(count: 500).chunk(.alice, 3..<9))
        spoilt.clocks.bob.reverse()
        for evidence in [Scene(count: 64).evidence, spoilt, Scene(count: 3).evidence, spoilt] {
            auditor.history = AuditHistory()
            #expect(auditor.audit(evidence) == audit(evidence, parameters))
        }
    }

    @Test("An arm of no trials gives nothing")
    func empty() throws {
        let result = audit(
            ArmEvidence(
                firstIndex: 0, count: 0, halves: PerNode(alice: [], bob: []), clocks: PerNode(alice: [], bob: [])),
            try Scene.parameters())
        #expect(result.statuses.isEmpty)
        #expect(result.tally == TrialTally())
    }
}
