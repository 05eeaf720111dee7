import BellModel
import DriverKit

/// One board of the frame pump as a value: answers the host's frames, and gives an arm's records at once.
///
/// It has no physics: its records were made before, and only indices, pulses and ticks are put in.
struct PumpBoard {
    /// Records that are kept until they are acknowledged: enough for several arms under way.
    static let spool: UInt32 = 1 << 19
    private static let waveformMemory: UInt32 = 1 << 20

    let node: Node
    private let bootID: UInt64
    private let rate: TickRate
    private var sequence = SequenceCounter()
    private var half: SyntheticHalf
    private var clock: SyntheticClock
    private var program: NodeProgram?
    private var order: ArmOrder?
    /// One past the last record made, and the first one that is not acknowledged; of the campaign under way.
    private var made: UInt64 = 0
    private var acknowledged: UInt64 = 0

    init(node: Node, rate: TickRate, half: SyntheticHalf) {
        self.node = node
        self.rate = rate
        self.half = half
        bootID = 0xb007_0000 + UInt64(node.rawValue)
        clock = SyntheticClock(
            zero: node == .alice ? 123_456_789 : 9_876_543_210_987, period: 640_000,
            driftEvery: node == .alice ? 130 : 50)
    }

    /// What came of a frame.
    struct Response {
        var frames: [[UInt8]] = []
        /// The arm that the host started.
        var started: ArmName?
    }

    /// Takes a frame of the host.
    mutating func receive(_ bytes: [UInt8]) -> Response {
        guard let frame = try? Frame.decode(bytes) else { return Response() }
        let message: BoardMessage
        do throws(FrameError) {
            message = try BoardMessage(frame)
        } catch {
            return reply(.error(ErrorReport(error)), to: frame)
        }
        switch message {
        case .hello:
            // Everything was acknowledged, or the pump's run is over: there is nothing to send again.
            var response = reply(.capabilities(capabilities), to: frame)
            response.frames.append(BoardMessage.status(status).encoded(sequence: sequence.next()))
            return response
        case .program(let bytes):
            guard let new = try? NodeProgram(decoding: bytes) else {
                return reply(.error(ErrorReport(code: .badProgram, text: "it cannot be read")), to: frame)
            }
            program = new
            clock.period = new.trialPeriod
            return reply(.programLoaded(ProgramLoaded(program: bytes)), to: frame)
        case .arm(let new):
            // Indices begin anew with each campaign.
            if new.campaign != order?.campaign { (made, acknowledged) = (new.firstIndex, new.firstIndex) }
            guard made &- acknowledged &+ UInt64(new.count) <= UInt64(PumpBoard.spool) else {
                return reply(.error(ErrorReport(code: .spoolFull, text: "too much is not acknowledged")), to: frame)
            }
            order = new
            return reply(.armed(new), to: frame)
        case .start(let name):
            var response = reply(.ok, to: frame)
            response.started = name
            return response
        case .acknowledge(let message):
            if message.campaign == order?.campaign { acknowledged = max(acknowledged, message.nextIndex) }
            return Response()
        case .statusRequest: return reply(.status(status), to: frame)
        case .ping(let token): return reply(.pong(token: token), to: frame)
        case .stop, .safe: return reply(.ok, to: frame)
        default: return reply(.error(ErrorReport(code: .unsupported, text: "the pump cannot do that")), to: frame)
        }
    }

    /// Plays the armed arm.
    ///
    /// - Returns: TRIALS frames, and what follows them: CLOCK and ARM_END. Nil when no arm is armed.
    mutating func play(firstPulse: UInt64) -> (trials: [[UInt8]], end: [[UInt8]])? {
        guard let order, let program else { return nil }
        let start = program.events.first { $0.kind == .inputBit }?.tick ?? 0
        let stop = program.events.last { $0.kind == .stop }?.tick ?? start
        half.stamp(
            firstIndex: order.firstIndex, firstPulse: firstPulse, clock: clock, start: UInt64(start),
            stopDelta: stop &- start)
        var trials: [[UInt8]] = []
        var sent = 0
        for records in half.chunks where sent < Int(order.count) {
            // The last arm of a block may be shorter than the records that were made.
            let count = min(records.count / TrialRecord.byteCount, Int(order.count) - sent)
            let whole = count * TrialRecord.byteCount == records.count
            let message = TrialsMessage(
                campaign: order.campaign, arm: order.arm, bootID: bootID,
                firstIndex: order.firstIndex + UInt64(sent), firstPulse: firstPulse + UInt64(sent),
                records: whole ? records : Array(records[..<(count * TrialRecord.byteCount)]))
            trials.append(BoardMessage.trials(message).encoded(sequence: sequence.next()))
            sent += count
        }
        var pulses = Array(stride(from: 0, to: UInt64(order.count), by: max(1, Int(program.clockEvery))))
        if pulses.last != UInt64(order.count) - 1 { pulses.append(UInt64(order.count) - 1) }
        let records = pulses.map { ClockRecord(pulse: firstPulse + $0, tick: clock.tick(at: firstPulse + $0)) }
        let message = ClockMessage(campaign: order.campaign, arm: order.arm, bootID: bootID, records: records)
        made = order.firstIndex + UInt64(order.count)
        let end = ArmEnd(order: order, made: order.count, reason: .completed)
        return (
            trials,
            [
                BoardMessage.clock(message).encoded(sequence: sequence.next()),
                BoardMessage.armEnd(end).encoded(sequence: sequence.next()),
            ]
        )
    }

    /// How many trials the armed arm has.
    var armedCount: UInt64 { UInt64(order?.count ?? 0) }

    private mutating func reply(_ message: BoardMessage, to request: Frame) -> Response {
        Response(frames: [message.encoded(sequence: sequence.next(), replyTo: request.sequence)])
    }

    private var status: BoardStatus {
        BoardStatus(
            state: program == nil ? .idle : .ready, bootID: bootID, tick: clock.tick(at: made),
            spoolUsed: UInt32(clamping: made &- acknowledged),
            spoolFree: PumpBoard.spool - min(PumpBoard.spool, UInt32(clamping: made &- acknowledged)))
    }

    private var capabilities: Capabilities {
        Capabilities(
            node: node, model: "frame pump", serial: "bench-\(node.name)", firmware: Version.belld, simulated: true,
            tickRate: rate, ticksPerSample: 4, channels: 4, waveformMemory: PumpBoard.waveformMemory,
            maxEvents: 4096, spoolTrials: PumpBoard.spool, hasRNG: true, hasSigningKey: false, bootID: bootID)
    }
}
