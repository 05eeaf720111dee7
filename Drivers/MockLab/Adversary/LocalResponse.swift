import BellModel

/// What one side answers to each setting, agreed on before the trial: it sees nothing else.
///
/// A pair of them is a deterministic local strategy; with randomness agreed on before, every local model is a mixture of
/// such pairs (Fine, PRL 48, 291 (1982)).
struct LocalResponse: Equatable, Sendable {
    /// The outcome for setting 0 in bit 0, for setting 1 in bit 1.
    private let table: UInt8

    init(zero: UInt8, one: UInt8) { table = zero & 1 | (one & 1) << 1 }

    /// The outcome, 0 or 1, for this side's setting.
    @inline(__always)
    func outcome(_ setting: UInt8) -> UInt8 { table &>> (setting & 1) & 1 }
}

/// What the side that hears answers; `message` is what the other side sent in this trial.
struct SignalledResponse: Equatable, Sendable {
    let game: CHSHGame
    let hears: Adversary.Message
    /// Random and known to both sides, so that neither side's outcomes show the message.
    let flip: UInt8

    /// The outcome of the side that speaks; it sees its own setting alone.
    @inline(__always)
    func speaker(_ setting: UInt8) -> UInt8 { hears == .setting ? flip : flip ^ setting }

    /// What is sent.
    @inline(__always)
    func message(setting: UInt8, outcome: UInt8) -> UInt8 { hears == .setting ? setting : outcome }

    /// The outcome of the side that hears, which wins always.
    @inline(__always)
    func listener(_ setting: UInt8, hearing message: UInt8, listensAtBob: Bool) -> UInt8 {
        let other = hears == .setting ? message : message ^ flip
        let said = speaker(other)
        return said ^ (listensAtBob ? game.target(other, setting) : game.target(setting, other))
    }
}

/// The CHSH game of a sign pattern: a trial is won when a ⊕ b is the pair's target.
struct CHSHGame: Equatable, Sendable {
    /// Bit 2x + y is the target of the pair (x, y).
    private let targets: UInt8
    /// Pairs of responses by 2·(the pair that they lose, 2x + y) + a flip of both outcomes.
    private let strategies: [PerNode<LocalResponse>]

    init(_ pattern: CHSHPattern) {
        var targets: UInt8 = 0
        for pair in 0..<4 where pattern.sign(x: pair >> 1, y: pair & 1) < 0 { targets |= 1 << UInt8(pair) }
        self.targets = targets
        strategies = (0..<8).map { place in
            let flip = UInt8(place & 1)
            // With one target changed all four have even parity, and are f(x) ⊕ g(y).
            let wanted = targets ^ 1 << UInt8(place >> 1)
            let target = { (x: UInt8, y: UInt8) in wanted >> (2 * x + y) & 1 }
            return PerNode(
                alice: LocalResponse(zero: flip ^ target(0, 0), one: flip ^ target(1, 0)),
                bob: LocalResponse(zero: flip, one: flip ^ target(0, 1) ^ target(0, 0)))
        }
    }

    /// a ⊕ b of a won trial.
    @inline(__always)
    func target(_ x: UInt8, _ y: UInt8) -> UInt8 { targets &>> (2 &* x &+ y) & 1 }

    @inline(__always)
    func wins(_ x: UInt8, _ y: UInt8, _ a: UInt8, _ b: UInt8) -> Bool { a ^ b == target(x, y) }

    /// The best local strategy that loses at one setting pair only, 2x + y.
    @inline(__always)
    func strategy(losing pair: Int, flip: UInt8) -> PerNode<LocalResponse> {
        strategies[2 &* (pair & 3) &+ Int(flip & 1)]
    }
}
