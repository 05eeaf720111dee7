public import Board
public import DriverKit

/// How long the kit waits; wall time.
public struct ConformanceTimeouts: Hashable, Sendable {
    /// For an answer; docs/board-protocol.md, "Time-outs".
    public var request: Duration
    /// For the answer to PROGRAM, HOST_BITS, SHOTS_REQUEST and RAW_RNG_REQUEST.
    public var transfer: Duration
    /// From CAPABILITIES to the STATUS that ends the replay.
    public var replay: Duration
    /// An arm is given up when nothing has come for so long; more than the 1 s after which a board ends it itself.
    public var stall: Duration
    /// How long an armed board is watched without a trigger; more than 1 s and 10 trial periods.
    public var quiet: Duration
    /// Longer arms than this are not run.
    public var longestArm: Duration

    public init(
        request: Duration = .seconds(2), transfer: Duration = .seconds(10), replay: Duration = .seconds(30),
        stall: Duration = .seconds(3), quiet: Duration = .milliseconds(1500), longestArm: Duration = .seconds(20)
    ) {
        self.request = request
        self.transfer = transfer
        self.replay = replay
        self.stall = stall
        self.quiet = quiet
        self.longestArm = longestArm
    }
}

/// What the kit may do to a board, and what it cannot find out by itself.
public struct BoardConformanceOptions: Sendable {
    /// What the way carries.
    public enum Way: Sendable {
        /// Whole messages: ZeroMQ, in process.
        case messages
        /// A stream of bytes in which frames stand: USB.
        case stream
    }

    public var way: Way
    /// The program's pulses have an amplitude; else nothing leaves the outputs but zeroes.
    public var allowOutput: Bool
    /// Whether the board drives the trigger line, as the laboratory file says; nil: the kit finds out.
    public var isTriggerMaster: Bool?
    /// Go on although the board has an arm of somebody's campaign; SAFE will end it.
    public var isForced: Bool
    /// How long the kit only listens before it begins, so that another host which talks to the board greets it again and
    /// is noticed; zero where the way has one host at a time, as a cable does.
    public var lookout: Duration
    /// Longer than the 1 s after which a belld says something and the 0.5 s after which it connects again.
    public static let usualLookout = Duration.milliseconds(2500)
    /// Compare the tick rate with wall time although the board is simulated.
    public var simulatesRealTime: Bool
    /// Most trials of the arm that fills the spool.
    public var largestArm: UInt32
    /// Makes the board fault at the first trial with an index not below the given one; nil: it cannot be made to.
    public var injectFault: FaultInjector?
    /// Asks a person to pull the cable and plug it in again; returns when that is done. Nil: the kit closes the way.
    public var askToPull: CablePuller?
    public var timeouts: ConformanceTimeouts
    public var clock: LinkClock

    /// Injects a fault of severity 2 with that code.
    public typealias FaultInjector = @Sendable (_ code: FaultReport.Code, _ firstTrial: UInt64) async -> Void
    /// Returns once the cable has been pulled and plugged in again.
    public typealias CablePuller = @Sendable () async -> Void

    public init(
        way: Way = .messages, allowOutput: Bool = false, isTriggerMaster: Bool? = nil, isForced: Bool = false,
        lookout: Duration = .zero, simulatesRealTime: Bool = false, largestArm: UInt32 = 1 << 17,
        injectFault: FaultInjector? = nil,
        askToPull: CablePuller? = nil, timeouts: ConformanceTimeouts = ConformanceTimeouts(),
        clock: LinkClock = .system
    ) {
        self.way = way
        self.allowOutput = allowOutput
        self.isTriggerMaster = isTriggerMaster
        self.isForced = isForced
        self.lookout = lookout
        self.simulatesRealTime = simulatesRealTime
        self.largestArm = largestArm
        self.injectFault = injectFault
        self.askToPull = askToPull
        self.timeouts = timeouts
        self.clock = clock
    }
}
