import BellAudit
import BellModel
import BellTiming
import Testing

@Suite("Losses")
struct LossTests {
    private func causes(_ evidence: ArmEvidence, _ parameters: AuditParameters? = nil) throws -> [Int: LossCause] {
        let result = audit(evidence, try parameters ?? Scene.parameters())
        #expect(result.tally.trials == UInt64(evidence.count))
        var causes: [Int: LossCause] = [:]
        for (i, status) in result.statuses.enumerated() { causes[i] = TrialStatus(rawValue: status)?.loss }
        return causes
    }

    @Test("Valid trials carry x, y, a and b")
    func valid() throws {
        let scene = Scene(count: 64)
        let result = audit(scene.evidence, try Scene.parameters())
        for i in 0..<64 {
            let (a, b) = (scene.records.alice[i], scene.records.bob[i])
            let status = TrialStatus(x: a.setting, y: b.setting, a: a.outcome, b: b.outcome)
            #expect(result.statuses[i] == status.rawValue)
        }
        #expect(result.tally.valid == 64)
    }

    @Test("Missing halves are losses of the node that is silent")
    func missing() throws {
        let scene = Scene(count: 100)
        var evidence = scene.evidence
        evidence.halves.alice = [scene.chunk(.alice, 60..<90), scene.chunk(.alice, 0..<50)]
        evidence.halves.bob = [scene.chunk(.bob, 10..<95)]
        let causes = try causes(evidence)
        #expect((0..<10).allSatisfy { causes[$0] == .bobMissing })
        #expect((10..<50).allSatisfy { causes[$0] == nil })
        #expect((50..<60).allSatisfy { causes[$0] == .aliceMissing })
        #expect((90..<95).allSatisfy { causes[$0] == .aliceMissing })
        #expect((95..<100).allSatisfy { causes[$0] == .bothMissing })
        #expect(
            try self.causes(
                ArmEvidence(
                    firstIndex: 0, count: 3, halves: PerNode(alice: [], bob: []), clocks: PerNode(alice: [], bob: [])))
                == [0: .bothMissing, 1: .bothMissing, 2: .bothMissing])
    }

    @Test("A chunk cut inside a record loses that record; chunks of the other node or outside the arm are not seen")
    func cut() throws {
        let scene = Scene(count: 20)
        var evidence = scene.evidence
        evidence.halves.alice[0].records.removeLast(33)
        #expect(try causes(evidence) == [18: .aliceMissing, 19: .aliceMissing])
        evidence = scene.evidence
        evidence.halves.bob = [scene.chunk(.alice)]
        #expect(try causes(evidence).count == 20)
        evidence = scene.evidence
        evidence.firstIndex += 5
        evidence.count = 10
        #expect(try causes(evidence).isEmpty)
    }

    @Test("Repeated chunks count once; contradictory ones are mispaired where they differ")
    func duplicates() throws {
        var scene = Scene(count: 50)
        var evidence = scene.evidence
        evidence.halves.alice += [scene.chunk(.alice, 10..<20), scene.chunk(.alice)]
        #expect(try causes(evidence).isEmpty)
        scene.records.alice[12].outcome ^= 1
        evidence.halves.alice.append(scene.chunk(.alice, 10..<14))
        #expect(try causes(evidence) == [12: .mispaired])
        evidence.halves.alice.reverse()
        #expect(try causes(evidence) == [12: .mispaired])
        evidence.halves.alice[0].bootID += 1
        #expect(try causes(evidence) == [10: .mispaired, 11: .mispaired, 12: .mispaired, 13: .mispaired])
    }

    @Test("Halves that name different pulses, or a record with another index, are mispaired")
    func mispaired() throws {
        var scene = Scene(count: 8)
        scene.records.bob[3].index += 1
        #expect(try causes(scene.evidence) == [3: .mispaired])
        var evidence = Scene(count: 8).evidence
        evidence.halves.bob[0].firstPulse += 1
        #expect(try causes(evidence) == Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, .mispaired) }))
    }

    @Test("A slipped trial, whose ticks belong to the next pulse, is mispaired")
    func slipped() throws {
        var scene = Scene(count: 8)
        scene.records.alice[4].startTick += Scene.period
        scene.records.bob[6].startTick -= Scene.period
        #expect(try causes(scene.evidence) == [4: .mispaired, 6: .mispaired])
    }

    @Test("A slipped pulse count is a clock loss for the stretch in which it happened")
    func slippedPulse() throws {
        var scene = Scene(count: 256)
        // From trial 100 on bob's counter stands a period later than his pulse count says.
        for i in 100..<256 { scene.records.bob[i].startTick += Scene.period }
        scene.clocks.bob = scene.clocks.bob.map {
            ClockRecord(pulse: $0.pulse, tick: $0.pulse >= 77 + 100 ? $0.tick + Scene.period : $0.tick)
        }
        let causes = try causes(scene.evidence)
        // Clock records stand at trials 64 and 128.
        #expect((65..<128).allSatisfy { causes[$0] == .clock })
        #expect(causes.count == 63)
    }

    @Test("Fault flags, foreign flags and impossible bits")
    func health() throws {
        var scene = Scene(count: 16)
        scene.records.alice[1].flags.insert(.saturated)
        scene.records.bob[2].flags.insert(.clockUnlocked)
        scene.records.bob[3].flags.insert(TrialFlags(rawValue: 1 << 15))
        scene.records.alice[4].setting = 2
        scene.records.bob[5].outcome = 255
        scene.records.alice[6].flags.insert(.hostBit)
        #expect(
            try causes(scene.evidence) == [
                1: .unhealthy, 2: .unhealthy, 3: .unhealthy, 4: .malformed, 5: .malformed, 6: .hostBitMismatch,
            ])
    }

    @Test("A stretch without clock records is a clock loss")
    func clock() throws {
        var scene = Scene(count: 200)
        scene.clocks.alice.removeLast()  // records at 0, 64, 128, 192 remain
        let causes = try causes(scene.evidence)
        #expect(causes == Dictionary(uniqueKeysWithValues: (193..<200).map { ($0, .clock) }))
        scene.clocks.bob = []
        #expect(try self.causes(scene.evidence).count == 200)
    }

    @Test("An arm of one trial uses the nominal rate")
    func single() throws { #expect(try causes(Scene(count: 1).evidence).isEmpty) }

    @Test("A margin that fails in either direction is a locality loss")
    func locality() throws {
        var scene = Scene(count: 8)
        scene.records.alice[2].startTick += 24  // m_AB = 3239 − 3000
        scene.records.bob[3].stopDelta += 24
        scene.records.bob[4].stopDelta = .max
        scene.records.alice[4].stopDelta = .max
        let result = audit(scene.evidence, try Scene.parameters())
        #expect(try causes(scene.evidence) == [2: .locality, 3: .locality, 4: .locality])
        #expect(result.margins.leastFailed == Picoseconds(109_489 - 536_870_911_875))
        #expect(result.margins.known == 5)
    }

    @Test("Host bits: another bit, a missing flag or missing bits are mismatches; margins are unknown")
    func hostBits() throws {
        var scene = Scene(count: 20)
        for node in Node.allCases {
            for i in 0..<20 { scene.records[node][i].flags.insert(.hostBit) }
        }
        func packed(_ node: Node) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 3)
            for (i, record) in scene.records[node].enumerated() { bytes[i / 8] |= record.setting << (7 - i % 8) }
            return bytes
        }
        let parameters = try Scene.parameters(inputBits: .host)
        var evidence = scene.evidence
        evidence.hostBits = PerNode(alice: packed(.alice), bob: packed(.bob))
        let good = audit(evidence, parameters)
        #expect(good.tally.valid == 20)
        #expect(good.margins.unknown == 20 && good.margins.known == 0)
        evidence.hostBits?.alice[1] ^= 0x80
        evidence.hostBits?.bob[2] ^= 0x10
        #expect(try causes(evidence, parameters) == [8: .hostBitMismatch, 19: .hostBitMismatch])
        scene.records.bob[0].flags.remove(.hostBit)
        evidence.halves.bob = [scene.chunk(.bob)]
        #expect(
            try causes(evidence, parameters) == [0: .hostBitMismatch, 8: .hostBitMismatch, 19: .hostBitMismatch])
        evidence.hostBits?.bob.removeLast()
        #expect(try causes(evidence, parameters).count == 20)
        evidence.hostBits = nil
        #expect(try causes(evidence, parameters).count == 20)
    }

    @Test("Every cause that an audit can find is found by some test, in the documented order")
    func order() throws {
        var scene = Scene(count: 7)
        // Trial i has every fault from the i-th on, worst last.
        for i in 0..<7 {
            if i <= 0 { scene.records.alice[i].index += 1 }
            if i <= 1 { scene.records.alice[i].setting = 7 }
            if i <= 2 { scene.records.alice[i].flags.insert(.rngFault) }
            if i <= 3 { scene.records.bob[i].flags.insert(.hostBit) }
            if i <= 4 { scene.records.bob[i].startTick += 2 * Scene.period }
            if i <= 5 { scene.records.bob[i].stopDelta = 5_000 }
        }
        #expect(
            try causes(scene.evidence) == [
                0: .mispaired, 1: .malformed, 2: .unhealthy, 3: .hostBitMismatch, 4: .mispaired, 5: .locality,
            ])
        scene.clocks.alice = []
        #expect(
            try causes(scene.evidence) == [
                0: .mispaired, 1: .malformed, 2: .unhealthy, 3: .hostBitMismatch, 4: .clock, 5: .clock, 6: .clock,
            ])
    }
}
