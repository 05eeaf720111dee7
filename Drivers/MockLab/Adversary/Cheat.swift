import BellModel

/// The cheating laboratory at work: makes outcomes, spoils records and chooses what is sent.
///
/// Used slice by slice, in the trials' order: ``settings(count:)``, ``forge(_:firstIndex:period:discriminators:)``, and
/// ``chunks(of:firstIndex:firstPulse:bootIDs:newBoot:)``. The same seed gives the same bytes.
struct Cheat: Sendable {
    let adversary: Adversary
    private let game: CHSHGame
    /// Nil when the outcomes are the physics'.
    private var strategy: CheatingStrategy?
    private let tickRates: PerNode<TickRate>

    /// Trials so far, and how many of them were won as they were played.
    private(set) var trials: UInt64 = 0
    private(set) var wins: UInt64 = 0
    /// The node sends no more records, and answers nothing once another arm begins.
    private(set) var isSilent = false
    /// The best slice of the arm, for ``Adversary/Attack/repeat``.
    private var best: (wins: Int, chunks: PerNode<HalfChunk>)?
    /// Of the slice: wins, and the trials whose record the node does not send.
    private var sliceWins = 0
    private var missing: [Int] = []

    /// - Parameter outcomes: Where outcomes come from when the attack makes none; nil: from the physics.
    init(_ adversary: Adversary, outcomes: Adversary? = nil, boards: PerNode<BoardTruth>, seed: UInt64) {
        self.adversary = adversary
        game = CHSHGame(adversary.pattern)
        let own = CheatingStrategy(adversary, seed: seed)
        strategy = own.makesOutcomes ? own : outcomes.map { CheatingStrategy($0, seed: seed) }
        tickRates = boards.map(\.tickRate)
    }

    /// Wins above three quarters, in standard deviations.
    private static func sigmas(wins: Double, trials: Double) -> Double {
        (wins - 0.75 * trials) / max(trials * 3 / 16, 1e-9).squareRoot()
    }

    /// No lucky moment comes earlier.
    private static let leastTrials: UInt64 = 1024

    // MARK: Before a slice

    /// An arm begins.
    mutating func beginArm() { best = nil }

    /// The outcomes reach another S from here on, where a message makes them.
    mutating func reach(sValue: Double) { strategy?.reach(sValue: sValue) }

    /// The settings of a slice where the attack chooses their law.
    mutating func settings(count: Int) -> PerNode<[UInt8]>? { strategy?.settings(count: count) }

    // MARK: After a slice was played

    /// Rewrites what both nodes recorded in the trials from `firstIndex` on.
    ///
    /// - Parameters:
    ///   - period: Picoseconds from pulse to pulse.
    ///   - discriminators: Of the loaded programs: IQ points are mirrored at their lines, so that they explain the
    ///     outcomes; nil leaves them.
    mutating func forge(
        _ made: inout PerNode<TrialSampler.Output>, firstIndex: UInt64, period: UInt64,
        discriminators: PerNode<Discriminator>? = nil
    ) {
        let count = min(made.alice.pulseTicks.count, made.bob.pulseTicks.count)
        sliceWins = 0
        missing = []
        made.alice.records.withUnsafeMutableBytes { alice in
            made.bob.records.withUnsafeMutableBytes { bob in
                if var strategy {
                    play(&strategy, alice, bob, count, discriminators)
                    self.strategy = strategy
                }
            }
        }
        trials += UInt64(count)
        wins += UInt64(sliceWins)
        let node = adversary.node
        switch adversary.attack {
        case .signal(_, _, .honest(let delay)):
            let ticks = UInt32(min(Double(delay) * 1e-12 * tickRates[node].hertz, 4e9))
            for place in 0..<count { RecordForgery.delay(&made[node].records, place, ticks) }
        case .reorder:
            RecordForgery.reorder(&made[node].records, toWinAgainst: made[node.other].records, at: node, game)
        case .clock(let offset, let rate, let from):
            let ticksPerPicosecond = tickRates[node].hertz * 1e-12
            for place in 0..<count where firstIndex &+ UInt64(place) >= from {
                let passed = Double(firstIndex &+ UInt64(place) - from) * Double(period)
                let error = ((offset + rate * passed) * ticksPerPicosecond).rounded()
                made[node].pulseTicks[place] &+= UInt64(bitPattern: Int64(min(max(error, -1e18), 1e18)))
            }
        default: break
        }
    }

    /// Plays the strategy trial by trial.
    private mutating func play(
        _ strategy: inout CheatingStrategy, _ alice: UnsafeMutableRawBufferPointer,
        _ bob: UnsafeMutableRawBufferPointer,
        _ count: Int, _ discriminators: PerNode<Discriminator>?
    ) {
        let listensAtBob = strategy.adversary.node == .bob
        var loss: Adversary.Loss?
        if case .lose(let way) = adversary.attack { loss = way }
        var won = 0
        for trial in 0..<count {
            let at = trial * TrialRecord.byteCount
            let agreement = strategy.agree()
            let (x, y) = (alice[at + RecordEdit.setting], bob[at + RecordEdit.setting])
            let a: UInt8
            let b: UInt8
            switch agreement {
            case .local(let responses):
                a = responses.alice.outcome(x)
                b = responses.bob.outcome(y)
            case .signalled(let response) where listensAtBob:
                a = response.speaker(x)
                let message = response.message(setting: x, outcome: a)
                b = response.listener(y, hearing: message, listensAtBob: true)
            case .signalled(let response):
                b = response.speaker(y)
                let message = response.message(setting: y, outcome: b)
                a = response.listener(x, hearing: message, listensAtBob: false)
            }
            strategy.remember(x, y)
            RecordForgery.setOutcome(alice, at, a, discriminators?.alice)
            RecordForgery.setOutcome(bob, at, b, discriminators?.bob)
            if game.wins(x, y, a, b) {
                won += 1
            } else if let loss {
                let raw = adversary.node == .alice ? alice : bob
                switch loss {
                case .missing: missing.append(trial)
                case .saturated: raw[at + RecordEdit.flags] |= UInt8(TrialFlags.saturated.rawValue)
                case .late: RecordForgery.delay(raw, at, UInt32(min(1e-3 * tickRates[adversary.node].hertz, 4e9)))
                }
            }
        }
        sliceWins = won
    }

    // MARK: Sending

    /// What each node sends of the slice that ``forge(_:firstIndex:period:discriminators:)`` rewrote.
    ///
    /// - Parameters:
    ///   - made: The slice's outputs; records may have been damaged since.
    ///   - newBoot: A boot id that the node has never had.
    mutating func chunks(
        of made: PerNode<TrialSampler.Output>, firstIndex: UInt64, firstPulse: UInt64, bootIDs: PerNode<UInt64>,
        newBoot: () -> UInt64
    ) -> PerNode<[HalfChunk]> {
        let whole = PerNode { node in
            HalfChunk(
                node: node, firstIndex: firstIndex, firstPulse: firstPulse, bootID: bootIDs[node],
                records: made[node].records)
        }
        var sent = whole.map { [$0] }
        let node = adversary.node
        let count = whole[node].count
        switch adversary.attack {
        case .lose(.missing): sent[node] = whole[node].without(missing)
        case .repeat:
            if let best, best.wins > sliceWins, best.chunks.alice.count >= count {
                sent = best.chunks.map { [$0.renumbered(firstIndex, count: count)] }
            } else {
                best = (sliceWins, whole)
            }
        case .cut(let sigmas):
            if isSilent { sent[node] = [] }
            if trials >= Cheat.leastTrials, Cheat.sigmas(wins: Double(wins), trials: Double(trials)) >= sigmas {
                isSilent = true
            }
        case .renumber(let sigmas):
            if Cheat.sigmas(wins: Double(sliceWins), trials: Double(count)) <= -sigmas {
                var better = whole[node]
                better.bootID = newBoot()
                RecordForgery.winAll(&better.records, against: whole[node.other].records, at: node, game)
                sent[node].append(better)
            }
        default: break
        }
        return sent
    }
}
