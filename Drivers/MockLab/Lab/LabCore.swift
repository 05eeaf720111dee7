import BellCrypto
import BellModel
import DriverKit

/// The virtual laboratory as a pure state machine: frames and wall time in, frames and a deadline out.
///
/// One shared trigger pulse starts each trial. Laboratory time advances by the master's trial period a pulse, whatever
/// the wall clock does, so a seed and the same requests give the same records byte for byte.
struct LabCore: Sendable {
    let profile: MockProfile
    private let seed: UInt64
    private let pace: Pace
    let makeBootID: @Sendable () -> UInt64
    let gaussian = GaussianTable()
    var random: TrialSampler.Randomness
    var boards: PerNode<VirtualBoard>
    /// Index of the next pulse.
    private(set) var pulse: UInt64 = 0
    /// Laboratory time of the next pulse in picoseconds.
    private(set) var time: UInt64 = 0
    private var isRunning = false
    /// Wall nanoseconds up to which trials have been made.
    private var scheduled: UInt64 = 0
    /// Wall nanoseconds since which no pulse came.
    private var quietSince: UInt64 = 0
    private var reboots: UInt64 = 0
    var faults = FaultBook()
    private var physics: (key: PhysicsKey, sampler: TrialSampler)?

    /// Nil when nothing drifts.
    var drift: LabDrift?
    /// What the drift has made of the profile's physics.
    var truthNow: PhysicsTruth
    var gauges: GaugeBook
    /// Nil in an honest laboratory.
    var cheat: Cheat?

    private struct PhysicsKey: Equatable {
        var versions: PerNode<Int?>
        var isBlocked: Bool
        var driftStep: UInt64
    }

    /// - Parameter makeBootID: Another number at each call; not from the seed, because a restarted laboratory must be
    ///   seen as such.
    init(profile: MockProfile, seed: UInt64, pace: Pace, makeBootID: @escaping @Sendable () -> UInt64) {
        let profile = profile.drawn(seed: seed)
        self.profile = profile
        drift = LabDrift(profile: profile, seed: seed)
        truthNow = profile.physics
        gauges = GaugeBook(profile: profile, seed: seed)
        cheat = profile.adversary.map { Cheat($0, boards: profile.boards, seed: seed) }
        self.seed = seed
        self.pace = pace
        self.makeBootID = makeBootID
        random = TrialSampler.Randomness(seed: seed)
        boards = PerNode { node in
            let truth = profile.boards[node]
            let stream = 16 + UInt64(node.rawValue)
            return VirtualBoard(
                node: node, truth: truth, isMaster: node == profile.triggerMaster,
                key: LabCore.key(seed: seed, node: node), bootID: makeBootID(),
                counter: LabCore.counter(truth, seed: seed, stream: stream + 16, since: 0),
                random: NodeRandomness(seed: seed, stream: stream, bias: truth.rngBias, rule: truth.rngRule))
        }
    }

    private static func key(seed: UInt64, node: Node) -> SigningKey {
        let bytes = Blake2b.hash(text: "mocklab node key \(seed) \(node.name)").bytes
        return SigningKey(seed: bytes) ?? SigningKey.generate()
    }

    private static func counter(_ truth: BoardTruth, seed: UInt64, stream: UInt64, since: UInt64) -> TickCounter {
        var draw = Xoshiro256(seed: seed, stream: stream)
        // Up to 2^45 ticks: about an hour of 8 GHz.
        let start = truth.startTick ?? draw.next() >> 19
        return TickCounter(rate: truth.tickRate, drift: truth.drift, start: start, since: since)
    }

    // MARK: In

    /// Handles a host's frame to a board; `now` is monotonic wall time in nanoseconds.
    mutating func receive(_ frame: [UInt8], at node: Node, now: UInt64) {
        guard !faults.isMuted(node, now: now) else { return }
        if faults.waitsForArm, let order = LabCore.armOrder(in: frame),
            faults.strikeArm(of: node, endIndex: order.endIndex ?? .max)
        {
            boards[node].refusesNextArm = true
        }
        switch boards[node].receive(frame, time: time) {
        case .start:
            isRunning = true
            // What was missed while no arm ran may be caught up, but not more than that.
            scheduled = max(scheduled, now < LabCore.catchUp ? 0 : now - LabCore.catchUp)
        case .shots(let wanted, let request): shoot(wanted, at: node, request: request)
        case nil: break
        }
        advance(now: now)
    }

    private static func armOrder(in bytes: [UInt8]) -> ArmOrder? {
        guard let frame = try? Frame.decode(bytes), frame.type == MessageType.arm.rawValue,
            case .arm(let order) = try? BoardMessage(frame)
        else { return nil }
        return order
    }

    /// 100 ms.
    private static let catchUp: UInt64 = 100_000_000
    /// How long a board that runs waits for the next pulse before it ends its arm: 1 s.
    private static let patience: UInt64 = 1_000_000_000
    /// Slices made in one call, so that requests get their turn.
    private static let slicesAtOnce = 8

    // MARK: Time

    /// Makes the trials that are due.
    mutating func advance(now: UInt64) {
        for _ in 0..<LabCore.slicesAtOnce where isRunning {
            guard let count = nextSlice else {
                isRunning = false
                quietSince = now
                break
            }
            let span = pace.duration(of: count)
            if pace != .max {
                let late = LabCore.catchUp + span
                scheduled = max(scheduled, now < late ? 0 : now - late)
                if scheduled + span > now { break }
                scheduled += span
            }
            play(count, now: now)
        }
        if isRunning && nextSlice == nil {
            isRunning = false
            quietSince = now
        }
        if !isRunning && now >= quietSince + LabCore.patience {
            for node in Node.allCases where boards[node].arm?.isRunning == true { boards[node].endArm(.noTrigger) }
        }
    }

    /// When ``advance(now:)`` has something to do next, in wall nanoseconds; nil: nothing.
    var deadline: UInt64? {
        if isRunning { return scheduled + pace.duration(of: nextSlice ?? 0) }
        let waits = Node.allCases.contains { boards[$0].arm?.isRunning == true }
        return waits ? quietSince + LabCore.patience : nil
    }

    /// Trials of the next slice; nil when the master has nothing to do.
    private var nextSlice: Int? {
        guard let arm = boards[profile.triggerMaster].arm, arm.remaining > 0 else { return nil }
        var count = min(pace.slice, Int(arm.remaining))
        if let other = boards[profile.triggerMaster.other].arm, other.remaining > 0 {
            count = min(count, Int(other.remaining))
        }
        return faults.cut(count, from: arm.nextIndex)
    }

    // MARK: Trials

    private mutating func play(_ slice: Int, now: UInt64) {
        let first = boards[profile.triggerMaster].arm?.nextIndex ?? 0
        for fault in faults.strikeBefore(first) { strike(fault, now: now) }
        guard let program = boards[profile.triggerMaster].program, boards[profile.triggerMaster].arm != nil else {
            return
        }
        let period = LabCore.period(of: program)
        var halves = PerNode { boards[$0].half(count: slice) }
        foresee(&halves, count: slice)
        var made = play(slice, period: period, halves: halves, areTrials: true) { $0.sampler() }
        forge(&made, firstIndex: first, period: period)
        let range = first..<first + UInt64(slice)
        let chunkFaults = faults.strikeIn(range)
        var frameFaults = PerNode<ChunkFault>(alice: [], bob: [])
        for fault in chunkFaults where made[fault.node] != nil {
            frameFaults[fault.node].formUnion(fault.chunkFault)
            if var records = made[fault.node]?.records {
                fault.damage(&records, first: first)
                made[fault.node]?.records = records
            }
        }
        for node in Node.allCases where faults.permuted[node] {
            if var records = made[node]?.records {
                RecordEdit.reverseOutcomes(&records)
                made[node]?.records = records
            }
        }
        let sent = chunks(of: made, firstIndex: first)
        for node in Node.allCases {
            guard let output = made[node] else { continue }
            boards[node].record(sent[node], pulseTicks: output.pulseTicks, firstPulse: pulse, fault: frameFaults[node])
        }
        pulse &+= UInt64(slice)
        time &+= UInt64(slice) &* period
    }

    private static func period(of program: NodeProgram) -> UInt64 {
        UInt64(min(Double(program.trialPeriod) / program.tickRate.hertz * 1e12, 1e15).rounded())
    }

    /// The sampler for what is loaded and armed now.
    private mutating func sampler() -> TrialSampler {
        let versions = PerNode<Int?> { boards[$0].arm == nil ? nil : boards[$0].programVersion }
        let key = PhysicsKey(versions: versions, isBlocked: faults.isBlocked, driftStep: drift?.index ?? 0)
        if let physics, physics.key == key { return physics.sampler }
        let programs = PerNode<NodeProgram?> { boards[$0].arm == nil ? nil : boards[$0].program }
        let made = TrialSampler(physics: BellPhysics(programs: programs, truth: truth), gaussian: gaussian)
        physics = (key, made)
        return made
    }

    /// What is true of the cryostat now.
    var truth: PhysicsTruth {
        var truth = truthNow
        if faults.isBlocked { truth.link.efficiency = 0 }
        return truth
    }

    /// Plays one board's program on its own trigger, with its switch passing.
    private mutating func shoot(_ wanted: ShotsRequest, at node: Node, request: UInt32) {
        guard let program = boards[node].program else { return }
        let shots = Int(wanted.count)
        let half = TrialSampler.Half(
            firstIndex: 0, bits: [UInt8](repeating: 1, count: shots), startTick: 0, stopDelta: 0, flags: .simulated,
            counter: boards[node].counter, pulseDelay: 0, jitterStep: 0)
        var halves = PerNode<TrialSampler.Half?>(alice: nil, bob: nil)
        halves[node] = half
        let period = LabCore.period(of: program)
        let made = play(shots, period: period, halves: halves, areTrials: false) { core in
            let physics = BellPhysics(shotsOf: program, node: node, truth: core.truth)
            return TrialSampler(physics: physics, gaussian: core.gaussian)
        }
        time &+= UInt64(shots) &* period
        let points = TrialRecord.all(in: made[node]?.records ?? []).map { Shots.Point(i: $0.i, q: $0.q) }
        let mean = { (sum: Int64) in Int32(clamping: sum * 65_536 / Int64(max(shots, 1))) }
        boards[node].send(
            .shots(
                Shots(
                    count: wanted.count,
                    points: wanted.averaged
                        ? .mean(
                            i: mean(points.reduce(0) { $0 + Int64($1.i) }),
                            q: mean(points.reduce(0) { $0 + Int64($1.q) }))
                        : .each(points))),
            replyTo: request)
    }

    // MARK: Faults

    private mutating func strike(_ fault: MockFault, now: UInt64) {
        let node = fault.node
        switch fault.kind {
        case .mute: faults.mute(node, until: now &+ UInt64(min(max(fault.value, 0), 1e6) * 1e9))
        case .reboot:
            reboots += 1
            let counter = LabCore.counter(
                profile.boards[node], seed: seed, stream: 64 + 2 * reboots + UInt64(node.rawValue), since: time)
            boards[node].reboot(bootID: makeBootID(), counter: counter)
        case .slip: boards[node].counter.slip(by: Int64(fault.value))
        case .bias: boards[node].random.set(bias: fault.value, rule: .constant)
        case .block: faults.isBlocked = true
        case .permute: faults.permuted[node] = true
        case .fault:
            let code = FaultReport.Code(rawValue: UInt16(min(max(fault.value, 0), 65_535)))
            boards[node].fail(code, time: time)
        case .drop, .repeat, .corrupt, .truncate, .garbage, .lie, .flag, .exchange, .error: break
        }
    }

    // MARK: Out

    /// Takes the frames that go out, a board's in their order; those of a muted board are lost.
    mutating func takeOutgoing(now: UInt64) -> PerNode<[[UInt8]]> {
        PerNode { node in
            let frames = boards[node].takeOutbox()
            return faults.isMuted(node, now: now) ? [] : frames
        }
    }
}
