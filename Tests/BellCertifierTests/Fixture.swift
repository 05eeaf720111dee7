import BellAudit
import BellCrypto
import BellHost
import BellModel
import BellStream
import BellTiming
import Glibc
import Testing
import TestSupport

/// A whole campaign as belld would send it: sealed plan, arms, block ends with true tallies and roots, an end.
struct Fixture {
    var campaign: CampaignID
    var sealed: SealedPlan
    var begin: CampaignBegin
    var items: [StreamItem] = []
    /// Of the trials that were run.
    var tally = TrialTally()
    var end: CampaignEnd

    /// - Parameters:
    ///   - run: Trials that are run; fewer than `trials` makes a stopped campaign.
    ///   - stops: Whether the headline is an anytime-valid test with a stop rule.
    init(
        _ n: UInt8 = 1, trials: UInt64 = 4096, run: UInt64? = nil, arm: UInt64 = 64, block: UInt64 = 1024,
        headline: Plan.Claim? = nil, seed: UInt64 = 1, stops: Bool = false
    ) throws {
        var random = SplitMix(seed: seed &+ UInt64(n))
        campaign = try #require(CampaignID(bytes: [UInt8](repeating: n, count: 16)))
        let plan = Plan(
            name: "fixture", trials: trials, trialsPerArm: UInt32(arm), trialsPerBlock: block, pattern: .minusOn11,
            inputBits: .board, hostBits: nil, settingBias: 0.001, localityK: 5,
            headline: headline ?? .localRealism(significance: 1e-6, test: stops ? .winCount : .binomial), claims: [],
            pool: .public, onRestart: .resume, sequence: "bell-chsh.yaml", sequenceHash: .zero,
            stop: stops ? .headline : nil)
        sealed = SealedPlan(plan: plan, number: 1, previous: .zero, sealedAt: "2026-11-21T00:00:00Z")
        begin = CampaignBegin(
            plan: sealed.json, planHash: Blake2b.hash(text: sealed.json.text),
            devices: ["alice": ["key": Self.key(1)], "bob": ["key": Self.key(2)]], simulated: true,
            software: "test")
        let audit = try Self.audit()
        let last = run ?? trials
        end = CampaignEnd(
            state: last == trials ? .completed : .stopped, nextIndex: last, notRun: trials - last,
            reason: last == trials ? nil : "stopped by a test")
        var next: UInt64 = 0
        var number: UInt64 = 0
        var trees = PerNode(alice: MerkleTree(), bob: MerkleTree())
        while next < last {
            let first = next
            number += 1
            var tally = TrialTally()
            var chunks: UInt64 = 0
            while next < min(first + block, last) {
                let count = min(arm, first + block - next, last - next)
                let statuses = (0..<count).map { _ in Self.status(&random) }
                let hash = Blake2b.hash(statuses + [number].flatMap { [UInt8(truncatingIfNeeded: $0)] })
                let frame = OutcomesFrame(
                    arm: next / arm, firstIndex: next,
                    leaves: PerNode(alice: hash, bob: Blake2b.hash(hash.bytes)), statuses: statuses)
                for node in Node.allCases { trees[node].append(frame.leaves[node]) }
                chunks += 1
                tally += frame.tally
                next = frame.nextIndex
                items.append(.outcomes(frame))
            }
            self.tally += tally
            items.append(
                .blockEnd(
                    BlockEnd(
                        number: number, firstIndex: first, nextIndex: next, tally: tally,
                        margins: Self.margins(tally), calibrationHash: .zero, evidenceRoots: trees.map(\.root),
                        signatures: PerNode { _ in SignatureCount(signed: chunks) }, audit: audit)))
        }
        items.append(.end(end))
    }

    var arms: [OutcomesFrame] { items.compactMap { if case .outcomes(let arm) = $0 { arm } else { nil } } }
    var blocks: [BlockEnd] { items.compactMap { if case .blockEnd(let block) = $0 { block } else { nil } } }

    /// A source that holds the whole campaign.
    static func source(_ fixtures: Fixture...) -> MemoryOutcomeSource {
        let source = MemoryOutcomeSource()
        for fixture in fixtures {
            source.add(fixture.campaign, fixture.begin)
            for item in fixture.items { source.append(item, to: fixture.campaign) }
        }
        return source
    }

    private static func key(_ byte: UInt8) -> JSON {
        ["public": .string([UInt8](repeating: byte, count: 32).hex), "holder": "board"]
    }

    /// Wins with probability 0.82, is lost with probability 1/64.
    private static func status(_ random: inout SplitMix) -> UInt8 {
        let roll = random.next()
        if roll & 63 == 0 { return TrialStatus(loss: .bobMissing).rawValue }
        let (x, y, a) = (UInt8(roll >> 8 & 1), UInt8(roll >> 9 & 1), UInt8(roll >> 10 & 1))
        let wins = roll >> 11 & 1023 < 840
        return TrialStatus(x: x, y: y, a: a, b: (x & y == 0) == wins ? a : 1 - a).rawValue
    }

    private static func margins(_ tally: TrialTally) -> JSON {
        var margins = MarginSummary().json.objectValue ?? [:]
        margins["unknown"] = JSON(count: tally.valid)
        return .object(margins)
    }

    private static func audit() throws -> JSON {
        let path = TimingSurvey.Path(metres: 32.824, uncertainty: 0.004)
        let station = TimingSurvey.Station(startOffset: .zero, stopOffset: .zero, pulseDelay: nil)
        let survey = TimingSurvey(
            pathAB: path, pathBA: path, stations: PerNode(alice: station, bob: station),
            terms: [.init(name: "trigger jitter", picoseconds: 20, kind: .random)])
        let rate = try #require(TickRate(numerator: 8_000_000_000))
        return try AuditParameters(
            survey: survey, k: 5, tickRates: PerNode(alice: rate, bob: rate),
            trialPeriod: PerNode(alice: 640_000, bob: 640_000)
        ).json
    }
}

/// A state directory that goes with the test.
final class TemporaryState {
    let state: StateDirectory

    init() throws {
        state = try StateDirectory(path: "/tmp/bellcert-test-\(getpid())-\(UInt32.random(in: .min ... .max))")
    }

    deinit {
        removeTree(state.path)
        if let run = try? RunDirectory(for: state, create: false) { removeTree(run.path) }
    }
}
