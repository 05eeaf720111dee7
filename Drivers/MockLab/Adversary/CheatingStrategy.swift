import BellModel

/// Decides before each trial what both sides will answer; knows all past trials and no coming setting.
///
/// A pure value: the same seed and past give the same agreement.
struct CheatingStrategy: Sendable {
    /// What both sides agree on before a trial.
    enum Agreement {
        case local(PerNode<LocalResponse>)
        case signalled(SignalledResponse)
    }

    let adversary: Adversary
    let game: CHSHGame
    private var random: Xoshiro256
    /// Past trials by setting pair, 2x + y.
    private var seen = SIMD4<UInt64>.zero
    /// Setting pairs foreseen for the coming trials, the next one's last.
    private var foreseen: [UInt8] = []
    /// Of 2^32: how often both sides use their message.
    private var signalled: UInt64 = 0

    init(_ adversary: Adversary, seed: UInt64) {
        self.adversary = adversary
        game = CHSHGame(adversary.pattern)
        random = Xoshiro256(seed: seed, stream: 4)
        if case .signal(_, let sValue, _) = adversary.attack { reach(sValue: sValue) }
    }

    /// Lets the message give another S from the next trial on; without a message nothing changes.
    mutating func reach(sValue: Double) {
        guard case .signal = adversary.attack else { return }
        // A share p of trials that are won always, and else the local 3/4, gives S = 4p + 2(1 − p).
        signalled = UInt64(min(max((sValue - 2) / 2, 0), 1) * 0x1p32)
    }

    /// Whether outcomes are the adversary's and not the physics'.
    var makesOutcomes: Bool {
        if case .clock = adversary.attack { false } else { true }
    }

    /// The settings that are foreseen with a bias, as they really come; nil when the attack leaves them alone.
    ///
    /// The forecast is uniform, so the bits are uniform and independent to everybody else.
    mutating func settings(count: Int) -> PerNode<[UInt8]>? {
        guard case .predict(let bias) = adversary.attack else { return nil }
        let likely = UInt64((0.5 + min(max(bias, 0), 0.5)) * 0x1p31)
        var bits = PerNode(alice: [UInt8](repeating: 0, count: count), bob: [UInt8](repeating: 0, count: count))
        foreseen = [UInt8](repeating: 0, count: count)
        for trial in 0..<count {
            let draw = random.next()
            let pair = UInt8(truncatingIfNeeded: draw & 3)
            foreseen[count - 1 - trial] = pair
            bits.alice[trial] = pair >> 1 ^ (draw >> 2 & 0x7FFF_FFFF < likely ? 0 : 1)
            bits.bob[trial] = pair & 1 ^ (draw >> 33 < likely ? 0 : 1)
        }
        return bits
    }

    /// What both sides will answer in the next trial.
    @inline(__always)
    mutating func agree() -> Agreement {
        let draw = random.next()
        let flip = UInt8(truncatingIfNeeded: draw & 1)
        if draw >> 32 < signalled, case .signal(let hears, _, _) = adversary.attack {
            return .signalled(SignalledResponse(game: game, hears: hears, flip: flip))
        }
        return .local(game.strategy(losing: losingPair(draw), flip: flip))
    }

    /// The setting pair that is given up.
    @inline(__always)
    private mutating func losingPair(_ draw: UInt64) -> Int {
        switch adversary.attack {
        case .predict: return Int(~(foreseen.popLast() ?? UInt8(truncatingIfNeeded: draw >> 1)) & 3)
        case .memory(let goal):
            // Ties go to a pair that the draw chooses.
            var best = Int(draw >> 1 & 3)
            for step in 1..<4 {
                let pair = (Int(draw >> 1 & 3) + step) & 3
                let isBetter = goal == .wins ? seen[pair] < seen[best] : seen[pair] > seen[best]
                if isBetter { best = pair }
            }
            return best
        default: return Int(draw >> 1 & 3)
        }
    }

    /// Remembers a trial's settings.
    @inline(__always)
    mutating func remember(_ x: UInt8, _ y: UInt8) { seen[Int(2 * x + y)] &+= 1 }
}
