public import BellModel

/// How a simulated laboratory cheats: the `adversary` section of a profile.
///
/// Each attack goes through the honest laboratory's doors: records, time tags, clock records, the board protocol. What an
/// outcome may depend on is in the types: ``LocalResponse`` sees its own setting alone.
/// - SeeAlso: docs/attacks.md, which says what must refuse each of them.
public struct Adversary: Equatable, Sendable {
    /// What is done instead of, or to, the physics.
    public enum Attack: Equatable, Sendable {
        /// A local deterministic strategy that looks at all past trials of both nodes.
        case memory(Goal)
        /// Local, but each setting bit was foreseen with probability ½ + `bias`; the reported bits have that law.
        case predict(bias: Double)
        /// Local; the node's record of every trial that is not won is spoilt.
        case lose(Loss)
        /// Local; the node puts its records of a slice into the order that wins most, and numbers them anew.
        case reorder
        /// Local; both nodes send their best slice so far, numbered anew, in place of every slice that is worse.
        case `repeat`
        /// Local; the node sends no more records once the wins are `sigmas` above three quarters.
        case cut(sigmas: Double)
        /// Local; after a slice with wins `sigmas` below three quarters the node pretends a restart and sends it better.
        case renumber(sigmas: Double)
        /// The node hears from the other one within the trial, which reaches `sValue`.
        case signal(Message, sValue: Double, TimeTags)
        /// The physics stays; the node's clock records jump by `offset` picoseconds and run off by `rate` from a trial on.
        case clock(offset: Double, rate: Double, from: UInt64)
    }

    /// Where a strategy with memory puts the setting pair that it must lose.
    public enum Goal: String, CaseIterable, Sendable {
        /// At the pair seen least so far: gains from settings with a bias that nobody told it.
        case wins
        /// At the pair seen most so far, where a loss costs the estimate of S least.
        case sValue = "s-value"
    }

    /// How a record is spoilt.
    public enum Loss: String, CaseIterable, Sendable {
        /// It is not sent.
        case missing
        /// It has the flag ``TrialFlags/saturated``.
        case saturated
        /// Its stop event is a millisecond late.
        case late
    }

    /// What the node hears.
    public enum Message: String, CaseIterable, Sendable {
        case setting, outcome
    }

    /// What the node's time tags say of the wait for the message.
    public enum TimeTags: Equatable, Sendable {
        /// The stop event comes so many picoseconds later.
        case honest(delay: UInt64)
        /// Nothing.
        case lying
    }

    public var attack: Attack
    /// The node that cheats alone, where one does; with a message, the one that hears.
    public var node: Node
    /// The pair with the minus sign in the attacked plan.
    public var pattern: CHSHPattern

    public init(_ attack: Attack, node: Node = .bob, pattern: CHSHPattern = .minusOn11) {
        self.attack = attack
        self.node = node
        self.pattern = pattern
    }
}
