import BellAudit
import BellModel
import BellTiming
import Testing

@testable import MockLab

/// Campaigns of cheating laboratories as the audit sees them.
enum Zoo {
    /// 2^18.
    static let trials = 1 << 18

    /// An arm of a campaign, audited; both nodes' generators have the bias.
    static func audited(
        _ adversary: Adversary?, trials: Int = Zoo.trials, seed: UInt64 = 1, rngBias: Double = 0,
        hostBits: PerNode<[UInt8]>? = nil
    ) throws -> ArmAudit {
        var campaign = try campaign(adversary, seed: seed, rngBias: rngBias)
        let evidence = campaign.arm(count: trials, hostBits: hostBits)
        return audit(evidence, try parameters(inputBits: hostBits == nil ? .board : .host))
    }

    static func campaign(_ adversary: Adversary?, seed: UInt64, rngBias: Double = 0) throws -> CheatingCampaign {
        var boards = try #require(CheatingCampaign.soundBoards)
        for node in Node.allCases {
            boards[node].rngBias = rngBias
            boards[node].rngRule = .constant
        }
        return CheatingCampaign(adversary, boards: boards, seed: seed)
    }

    /// Light needs 109 489 ps; a trial of 850 ticks of 125 ps leaves margins of 3 239 ps, of which 500 ps are required.
    static func parameters(inputBits: InputBitSource = .board) throws -> AuditParameters {
        let station = TimingSurvey.Station(
            startOffset: Picoseconds(0), stopOffset: Picoseconds(0), pulseDelay: Picoseconds(0))
        let survey = TimingSurvey(
            pathAB: .init(metres: 32.824, uncertainty: 0), pathBA: .init(metres: 32.824, uncertainty: 0),
            stations: PerNode(alice: station, bob: station),
            terms: [.init(name: "all", picoseconds: 100, kind: .random)])
        let rate = try #require(TickRate(numerator: 8_000_000_000))
        return try AuditParameters(
            survey: survey, k: 5, tickRates: PerNode(alice: rate, bob: rate),
            trialPeriod: PerNode(alice: 640_000, bob: 640_000), inputBits: inputBits)
    }

    /// Standard deviation of a win rate near `rate` after `trials`.
    static func sigma(_ rate: Double, _ trials: Int = Zoo.trials) -> Double {
        (rate * (1 - rate) / Double(trials)).squareRoot()
    }
}

extension ArmAudit {
    /// Wins of all committed trials; a loss is none.
    func winRate(_ pattern: CHSHPattern = .minusOn11) -> Double {
        Double(tally.wins(pattern)) / Double(tally.trials)
    }

    /// S of the valid trials alone, which is what somebody who discards losses would publish.
    func publishedS(_ pattern: CHSHPattern = .minusOn11) -> Double {
        var s = 0.0
        for x in 0..<2 {
            for y in 0..<2 {
                let equal = tally.count(x: x, y: y, a: 0, b: 0) + tally.count(x: x, y: y, a: 1, b: 1)
                let all = Double(max(tally.count(x: x, y: y), 1))
                s += Double(pattern.sign(x: x, y: y)) * (2 * Double(equal) / all - 1)
            }
        }
        return s
    }
}
