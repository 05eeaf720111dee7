import BellAudit
import BellModel
import BellTiming
import Testing
import TestSupport

@Suite("What the arms before tell of the next")
struct BoardHistoryTests {
    /// The same records under later indices, as pulses that come later, with clock records to match.
    private func sentAgain(_ scene: Scene, arms: UInt64 = 1, later pulses: UInt64 = 0) -> ArmEvidence {
        var evidence = scene.evidence
        let shift = arms * UInt64(scene.count)
        evidence.firstIndex += shift
        for node in Node.allCases {
            var records = scene.records[node]
            for i in records.indices { records[i].index += shift }
            evidence.halves[node] = evidence.halves[node].map { half in
                var half = half
                half.firstIndex += shift
                half.firstPulse += pulses
                half.records = TrialRecord.bytes(of: records[...])
                return half
            }
            evidence.clocks[node] = scene.clocks[node].map { ClockRecord(pulse: $0.pulse + pulses, tick: $0.tick) }
        }
        return evidence
    }

    /// The arm after the scene's, honestly played, from another boot when one is given.
    private func next(_ scene: Scene, boot: UInt64? = nil, ticksFrom zero: UInt64? = nil) -> ArmEvidence {
        var evidence = scene.evidence
        let count = UInt64(scene.count)
        evidence.firstIndex += count
        for node in Node.allCases {
            let shift = zero.map { $0 &- scene.records[node][0].startTick } ?? (count + 3) * Scene.period
            var records = scene.records[node]
            for i in records.indices {
                records[i].index += count
                records[i].startTick &+= shift
            }
            evidence.halves[node] = evidence.halves[node].map { half in
                var half = half
                half.firstIndex += count
                half.firstPulse += count + 3
                if let boot { half.bootID = boot }
                half.records = TrialRecord.bytes(of: records[...])
                return half
            }
            evidence.clocks[node] = scene.clocks[node].map {
                ClockRecord(pulse: $0.pulse + count + 3, tick: $0.tick &+ shift)
            }
        }
        return evidence
    }

    @Test(
        "An old arm that is sent again as a later one is lost, whichever pulses it names",
        arguments: [0, 1027, 1 << 40])
    func oldArm(pulses: UInt64) throws {
        let scene = Scene()
        let again = sentAgain(scene, later: pulses)
        var auditor = Auditor(try Scene.parameters())
        #expect(auditor.audit(scene.evidence).tally.valid == 1024)
        #expect(auditor.audit(again).tally.losses(.clock) == 1024)
        // Alone it looks as good as new.
        #expect(audit(again, try Scene.parameters()).tally.valid == 1024)
    }

    @Test("What comes after it is valid")
    func onwards() throws {
        let scene = Scene()
        var auditor = Auditor(try Scene.parameters())
        _ = auditor.audit(scene.evidence)
        #expect(auditor.audit(next(scene)).tally.valid == 1024)
        #expect(auditor.audit(scene.evidence).tally.valid == 0)
    }

    @Test("It is lost in a later block as well")
    func laterBlock() throws {
        let scene = Scene()
        var first = Auditor(try Scene.parameters())
        _ = first.audit(scene.evidence)
        var second = Auditor(try Scene.parameters(k: 4), after: first.history)
        #expect(second.audit(sentAgain(scene)).tally.valid == 0)
    }

    @Test("A boot is left for good")
    func boots() throws {
        let scene = Scene()
        var auditor = Auditor(try Scene.parameters())
        #expect(auditor.audit(scene.evidence).tally.valid == 1024)
        // A reboot begins to count anew.
        #expect(auditor.audit(next(scene, boot: 6, ticksFrom: 90_000)).tally.valid == 1024)
        #expect(auditor.audit(next(scene)).tally.losses(.mispaired) == 1024)
        #expect(auditor.audit(next(scene, boot: 6, ticksFrom: 90_000)).tally.losses(.clock) == 1024)
        #expect(auditor.audit(next(scene, boot: 6, ticksFrom: 1 << 40)).tally.valid == 1024)
    }

    @Test("One bad clock record costs its neighbourhood, and not the arms after it")
    func glitch() throws {
        let scene = Scene()
        var spoilt = scene.evidence
        spoilt.clocks.bob[5].tick = .max
        var auditor = Auditor(try Scene.parameters())
        #expect(auditor.audit(spoilt).tally.losses(.clock) == 127)
        #expect(auditor.audit(next(scene)).tally.valid == 1024)
    }

    @Test("Within an arm a counter that runs back is not trusted either")
    func within() throws {
        var scene = Scene()
        // The second half of alice's records are those of the first, with clock records that say so.
        for i in 512..<1024 { scene.records.alice[i].startTick -= 512 * Scene.period }
        for i in scene.clocks.alice.indices where scene.clocks.alice[i].pulse >= scene.firstPulse + 512 {
            scene.clocks.alice[i].tick -= 512 * Scene.period
        }
        let result = audit(scene.evidence, try Scene.parameters())
        // Of the second half only what had no line in the first is new: from tick of pulse 448 on.
        #expect(result.tally.valid == 449 + 64)
        #expect(result.tally.losses(.clock) == 575 - 64)
    }

    @Test("Chunks and clock records alone give the same history", arguments: 0..<20)
    func passed(seed: UInt64) throws {
        var dice = SplitMix(seed: seed)
        let scene = Scene(count: 128, clockEvery: 16)
        let parameters = try Scene.parameters()
        var auditor = Auditor(parameters)
        var history = AuditHistory()
        for _ in 0..<40 {
            var arm: ArmEvidence
            switch Int.random(in: 0..<3, using: &dice) {
            case 0: arm = sentAgain(scene, later: .random(in: 0...3000, using: &dice))
            case 1: arm = next(scene, boot: .random(in: 5...9, using: &dice))
            default:
                arm = next(
                    scene, boot: .random(in: 5...9, using: &dice), ticksFrom: .random(in: 0...1 << 40, using: &dice))
            }
            if Bool.random(using: &dice), let i = arm.clocks.alice.indices.randomElement(using: &dice) {
                arm.clocks.alice[i].tick = .random(in: 0 ... .max, using: &dice)
            }
            _ = auditor.audit(arm)
            history.pass(
                chunks: arm.halves.map { $0.map { ($0.firstIndex, $0.bootID) } }, clocks: arm.clocks, parameters)
            #expect(history == auditor.history)
        }
    }
}
