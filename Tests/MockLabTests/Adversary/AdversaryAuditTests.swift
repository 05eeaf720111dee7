import BellAudit
import BellModel
import Testing

@testable import MockLab

/// What the audit makes of each attack's evidence, at 2^18 trials: which trials are lost, and why.
@Suite("Cheating laboratories before the audit")
struct AdversaryAuditTests {
    private static let most = 0.75 + 4 * Zoo.sigma(0.75)

    @Test("An honest laboratory loses nothing")
    func honest() throws {
        let result = try Zoo.audited(nil)
        #expect(result.tally.valid == UInt64(Zoo.trials))
        #expect(abs(result.winRate() - 0.78) < 4 * Zoo.sigma(0.78))
        #expect(result.margins.ab?.least.count ?? 0 > 500 && result.simulated)
    }

    @Test(
        "Losing what is not won publishes S = 4 and wins no more",
        arguments: zip(Adversary.Loss.allCases, [LossCause.bobMissing, .unhealthy, .locality]))
    func losing(loss: Adversary.Loss, cause: LossCause) throws {
        let result = try Zoo.audited(Adversary(.lose(loss)))
        #expect(result.publishedS() == 4)
        #expect(result.winRate() <= Self.most)
        #expect(result.tally.losses == result.tally.losses(cause))
        #expect(abs(Double(result.tally.losses) / Double(Zoo.trials) - 0.25) < 4 * Zoo.sigma(0.25))
    }

    @Test("Records in a lucky order do not lie in their pulses' periods", arguments: Node.allCases)
    func reorder(node: Node) throws {
        let result = try Zoo.audited(Adversary(.reorder, node: node))
        #expect(result.tally.losses(.mispaired) == result.tally.losses)
        #expect(result.tally.losses > UInt64(Zoo.trials) * 9 / 10)
        #expect(result.winRate() < 0.1)
    }

    @Test("Repeated trials have pulses that were used before, and are lost")
    func repeated() throws {
        var campaign = try Zoo.campaign(Adversary(.repeat), seed: 1)
        let evidence = campaign.arm(count: Zoo.trials)
        let pulses = Set(evidence.halves.bob.map(\.firstPulse))
        #expect(pulses.count < 20 && evidence.halves.bob.count == 256, "few slices are the best so far")
        let result = audit(evidence, try Zoo.parameters())
        #expect(result.tally.valid == UInt64(pulses.count * CheatingCampaign.slice))
        #expect(result.tally.losses(.mispaired) == result.tally.losses)
        #expect(result.winRate() < 0.1)
    }

    @Test("Stopping at the lucky moment leaves losses", arguments: [0.5, 1.0])
    func cut(sigmas: Double) throws {
        var (stopped, lucky) = (0, 0)
        for seed in 1..<9 as Range<UInt64> {
            let result = try Zoo.audited(Adversary(.cut(sigmas: sigmas)), seed: seed)
            #expect(result.winRate() <= Self.most)
            #expect(result.tally.losses == result.tally.losses(.bobMissing))
            guard result.tally.losses > 0 else { continue }
            stopped += 1
            #expect(result.winRate() < 0.75)
            let valid = Int(result.tally.valid)
            let published = Double(result.tally.wins(.minusOn11)) / Double(valid)
            if published > 0.75 + sigmas / 2 * Zoo.sigma(0.75, valid) { lucky += 1 }
        }
        #expect(stopped >= 3 && lucky == stopped, "\(stopped) stopped, \(lucky) with a lucky share of wins")
    }

    @Test("A restart with the same numbers contradicts what was sent")
    func renumber() throws {
        var campaign = try Zoo.campaign(Adversary(.renumber(sigmas: 1)), seed: 1)
        let evidence = campaign.arm(count: Zoo.trials)
        let again = evidence.halves.bob.count - 256
        #expect(again > 20 && again < 70, "a sixth of the slices: \(again)")
        #expect(Set(evidence.halves.bob.map(\.bootID)).count == again + 1)
        #expect(evidence.halves.alice.count == 256)
        let result = audit(evidence, try Zoo.parameters())
        // Copies may agree in no trial, because each has its own boot.
        #expect(result.tally.losses(.mispaired) == UInt64(again * CheatingCampaign.slice))
        #expect(result.winRate() <= Self.most)
    }

    @Test(
        "Whoever waits for a message honestly has no margin left", arguments: Adversary.Message.allCases, Node.allCases)
    func signal(hears: Adversary.Message, node: Node) throws {
        let result = try Zoo.audited(Adversary(.signal(hears, sValue: 2.24, .honest(delay: 150_000)), node: node))
        #expect(result.tally.losses(.locality) == UInt64(Zoo.trials))
        #expect(result.winRate() == 0)
    }

    @Test("A clock that jumps or runs off loses its trials", arguments: [(1e6, 0), (-1e6, 0), (0, 3e-4), (0, -3e-4)])
    func clock(offset: Double, rate: Double) throws {
        let from = 100_000
        let result = try Zoo.audited(Adversary(.clock(offset: offset, rate: rate, from: UInt64(from))))
        let before = result.statuses[..<(from - 64)].count { $0 < 16 }
        let after = result.statuses[from...].count { $0 < 16 }
        #expect(before == from - 64)
        #expect(after == 0)
        #expect(result.tally.losses(rate == 0 ? .locality : .clock) > UInt64(Zoo.trials - from - 64))
    }

    @Test("A stuck generator shows one setting pair alone")
    func stuck() throws {
        let result = try Zoo.audited(nil, rngBias: 0.5)
        #expect(result.tally.count(x: 1, y: 1) == UInt64(Zoo.trials))
    }

    @Test("Settings chosen against the host's bits are lost, and what is left is a quarter")
    func hostBits() throws {
        var random = Xoshiro256(seed: 12)
        let bits = PerNode { _ in (0..<Zoo.trials / 8).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
        let honest = try Zoo.audited(nil, hostBits: bits)
        #expect(honest.tally.losses == 0)
        let result = try Zoo.audited(Adversary(.predict(bias: 0.5)), hostBits: bits)
        #expect(result.tally.losses(.hostBitMismatch) == result.tally.losses)
        #expect(abs(result.winRate() - 0.25) < 4 * Zoo.sigma(0.25))
        #expect(result.publishedS() == 4)
    }

    @Test(
        "What no data can refute passes: lying time tags reach any S, above the quantum bound too", arguments: [2.4, 4])
    func lying(sValue: Double) throws {
        let result = try Zoo.audited(Adversary(.signal(.setting, sValue: sValue, .lying)))
        #expect(result.tally.losses == 0)
        #expect(abs(result.winRate() - (0.5 + sValue / 8)) <= 4 * Zoo.sigma(min(0.5 + sValue / 8, 0.999)))
    }
}
