import BellAudit
import BellModel
import Testing

@testable import MockLab

@Suite("Strategies of cheating laboratories")
struct AdversaryStrategyTests {
    private static let bits = 0..<2 as Range<UInt8>

    @Test("The best local strategies lose at the one pair that they give up", arguments: CHSHPattern.allCases)
    func local(pattern: CHSHPattern) {
        let game = CHSHGame(pattern)
        for pair in 0..<4 {
            for flip in Self.bits {
                let responses = game.strategy(losing: pair, flip: flip)
                for x in Self.bits {
                    for y in Self.bits {
                        let (a, b) = (responses.alice.outcome(x), responses.bob.outcome(y))
                        #expect(
                            pattern.wins(x: Int(x), y: Int(y), a: Int(a), b: Int(b)) == (2 * Int(x) + Int(y) != pair))
                        #expect(game.wins(x, y, a, b) == (2 * Int(x) + Int(y) != pair))
                    }
                }
            }
        }
    }

    @Test("A message within the trial wins every pair", arguments: CHSHPattern.allCases, Adversary.Message.allCases)
    func signalled(pattern: CHSHPattern, hears: Adversary.Message) {
        for flip in Self.bits {
            let response = SignalledResponse(game: CHSHGame(pattern), hears: hears, flip: flip)
            for own in Self.bits {
                for other in Self.bits {
                    let said = response.speaker(other)
                    let message = response.message(setting: other, outcome: said)
                    let atBob = response.listener(own, hearing: message, listensAtBob: true)
                    #expect(pattern.wins(x: Int(other), y: Int(own), a: Int(said), b: Int(atBob)))
                    let atAlice = response.listener(own, hearing: message, listensAtBob: false)
                    #expect(pattern.wins(x: Int(own), y: Int(other), a: Int(atAlice), b: Int(said)))
                }
            }
        }
    }

    @Test(
        "A local strategy with memory wins no more than three quarters", arguments: Adversary.Goal.allCases,
        [UInt64(1), 2, 3])
    func memory(goal: Adversary.Goal, seed: UInt64) throws {
        let result = try Zoo.audited(Adversary(.memory(goal)), seed: seed)
        #expect(result.tally.losses == 0)
        #expect(abs(result.winRate() - 0.75) < 4 * Zoo.sigma(0.75), "seed \(seed)")
        #expect(result.publishedS() < 2 + 8 * 4 * Zoo.sigma(0.75), "seed \(seed)")
    }

    @Test("It gives up the pair that an undeclared bias makes rare, and wins what the bias allows")
    func learning() throws {
        // Both bits are 1 with probability 0.6, so (0, 0) comes with 0.16.
        let result = try Zoo.audited(Adversary(.memory(.wins)), rngBias: 0.1)
        #expect(abs(result.winRate() - 0.84) < 5 * Zoo.sigma(0.84))
        let other = try Zoo.audited(Adversary(.memory(.sValue)), rngBias: 0.1)
        #expect(other.winRate() < 0.75)
    }

    @Test(
        "Settings foreseen with probability ½ + μ give 1 − (½ − μ)², and look uniform",
        arguments: [0, 0.001, 0.01, 0.1, 0.5], CHSHPattern.allCases)
    func predicted(bias: Double, pattern: CHSHPattern) throws {
        let result = try Zoo.audited(Adversary(.predict(bias: bias), pattern: pattern), seed: 7)
        let rate = 1 - (0.5 - bias) * (0.5 - bias)
        #expect(result.tally.losses == 0)
        #expect(abs(result.winRate(pattern) - rate) <= 4 * Zoo.sigma(rate))
        for x in 0..<2 {
            for y in 0..<2 {
                let share = Double(result.tally.count(x: x, y: y)) / Double(Zoo.trials)
                #expect(abs(share - 0.25) < 4 * Zoo.sigma(0.25), "pair \(x)\(y)")
            }
        }
    }

    @Test(
        "What the two sides hear shows in neither side's outcomes", arguments: Adversary.Message.allCases, Node.allCases
    )
    func hidden(hears: Adversary.Message, node: Node) throws {
        let result = try Zoo.audited(Adversary(.signal(hears, sValue: 2.6, .lying), node: node))
        #expect(abs(result.publishedS() - 2.6) < 8 * 4 * Zoo.sigma(0.825))
        let tally = result.tally
        for x in 0..<2 {
            for y in 0..<2 {
                let all = Double(tally.count(x: x, y: y))
                let a = Double(tally.count(x: x, y: y, a: 1, b: 0) + tally.count(x: x, y: y, a: 1, b: 1)) / all
                let b = Double(tally.count(x: x, y: y, a: 0, b: 1) + tally.count(x: x, y: y, a: 1, b: 1)) / all
                #expect(abs(a - 0.5) < 5 * Zoo.sigma(0.5, Int(all)))
                #expect(abs(b - 0.5) < 5 * Zoo.sigma(0.5, Int(all)))
            }
        }
    }

    @Test("Of a thousand local campaigns about one in a hundred passes a test at 0.01, none at 1e-9")
    func thousand() throws {
        let trials = 1 << 12
        let parameters = try Zoo.parameters()
        var (lucky, impossible) = (0, 0)
        for seed in 0..<1000 as Range<UInt64> {
            var campaign = try Zoo.campaign(Adversary(.memory(.wins)), seed: seed)
            let result = audit(campaign.arm(count: trials), parameters)
            let sigmas = (result.winRate() - 0.75) / Zoo.sigma(0.75, trials)
            if sigmas > 2.326 { lucky += 1 }
            if sigmas > 6 { impossible += 1 }
        }
        // Mean 10, standard deviation 3.1.
        #expect((1...26).contains(lucky), "\(lucky)")
        #expect(impossible == 0)
    }
}
