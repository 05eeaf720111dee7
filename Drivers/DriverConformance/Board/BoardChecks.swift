/// Every check of a board, in the order in which they are made.
enum BoardChecks {
    private static let greeting = "Greeting and replay"
    private static let frame = "Frame"
    private static let faulty = "What happens when"
    private static let glance = "Messages at a glance"
    private static let states = "States of a board"
    private static let arms = "Arms"
    private static let spool = "Spool and acknowledgement"
    private static let program = "Program"
    private static let record = "Trial record"

    static let all: [BoardCheck] = handshake + framing + programs + arming + data + keeping + more + safety + session

    /// The check that a board which is not there fails.
    static let greetingID = "handshake.capabilities"

    private static let handshake = [
        BoardCheck(
            "handshake.hello-required", "before HELLO every request is refused", "Codes",
            rule: "answer everything but HELLO with ERROR hello-required until this peer has greeted",
            need: .nothing, run: HandshakeChecks.helloRequired),
        BoardCheck(
            "handshake.wrong-version", "HELLO of another version is refused", greeting,
            rule: "answer HELLO of a version that is not spoken with ERROR wrong-version", need: .nothing,
            run: HandshakeChecks.wrongVersion),
        BoardCheck(
            greetingID, "HELLO is answered with CAPABILITIES", greeting,
            rule: "answer HELLO with CAPABILITIES, reply to HELLO's number", need: .nothing,
            run: HandshakeChecks.capabilities),
        BoardCheck(
            "handshake.replay", "the replay ends with one STATUS", greeting,
            rule: "send what is kept, then exactly one unsolicited STATUS", run: HandshakeChecks.replay),
        BoardCheck(
            "handshake.second-hello", "HELLO again changes nothing", greeting,
            rule: "let HELLO change nothing but the peer: program, arm and spool stay", run: HandshakeChecks.secondHello
        ),
    ]

    private static let framing = [
        BoardCheck(
            "framing.unknown-type", "unknown types are refused, the connection stays", faulty,
            rule: "answer a type that is not known, or goes the other way, with ERROR unknown-type",
            run: FramingChecks.unknownType),
        BoardCheck(
            "framing.bad-frame", "damaged frames are dropped and reported", faulty,
            rule: "drop it, send ERROR bad-frame with reply to 0, and go on", run: FramingChecks.badFrame),
        BoardCheck(
            "framing.bad-payload", "payloads that cannot be read are refused", "Conventions",
            rule: "check every field's range and the payload's exact size; answer ERROR bad-payload",
            run: FramingChecks.badPayload),
        BoardCheck(
            "framing.wrong-version", "frames of another version are refused", faulty,
            rule: "answer a sound frame of another version with ERROR wrong-version, reply to its number",
            run: FramingChecks.wrongVersion),
        BoardCheck(
            "framing.stream", "a frame is found behind garbage", "Transports",
            rule: "after garbage go on at the next BELL that heads a sound frame", run: FramingChecks.stream),
        BoardCheck(
            "framing.pipelined", "requests need not wait for answers", glance,
            rule: "take requests before earlier ones are answered, and answer in their order",
            run: FramingChecks.pipelined),
        BoardCheck(
            "latency.ping", "time from PING to PONG", "Time-outs", rule: "answer PING", run: MeasureChecks.latency),
    ]

    private static let programs = [
        BoardCheck(
            "limits.capabilities", "CAPABILITIES make sense", "CAPABILITIES 0x0101",
            rule: "state limits that a program can be made for", run: ProgramChecks.capabilities),
        BoardCheck(
            "program.read-back", "PROGRAM_LOADED tells what is in memory", "PROGRAM_LOADED 0x0102",
            rule: "compute the CRC-32C over the program's bytes as they lie in the board's memory",
            run: ProgramChecks.readBack),
        BoardCheck(
            "limits.at", "a program at the limits is loaded", program,
            rule: "take what CAPABILITIES promise, or promise less", run: ProgramChecks.atLimits),
        BoardCheck(
            "limits.past", "a program past a limit is refused", program,
            rule: "check the program against CAPABILITIES before it replaces the old one; answer ERROR bad-program",
            run: ProgramChecks.pastLimits),
    ]

    private static let arming = [
        BoardCheck(
            "states.idle", "idle: ARM, START and SHOTS are refused", states,
            rule: "answer requests that do not fit the state with ERROR wrong-state", run: StateChecks.idle),
        BoardCheck(
            "states.ready", "ready: START is refused", states,
            rule: "answer requests that do not fit the state with ERROR wrong-state", run: StateChecks.ready),
        BoardCheck(
            "states.armed", "armed: PROGRAM, ARM and SHOTS are refused", states,
            rule: "answer requests that do not fit the state with ERROR wrong-state, and stay armed",
            run: StateChecks.armed),
        BoardCheck(
            "arm.echo", "ARMED repeats the order", arms, rule: "answer ARM with ARMED and the same fields",
            run: ArmChecks.echo),
        BoardCheck(
            "arm.waits", "an armed board waits for the trigger and for STOP", arms,
            rule: "wait for the first pulse for ever; STOP gives ARM_END with 0 records and reason 1",
            run: ArmChecks.waits),
        BoardCheck(
            "arm.start-name", "START of another arm fires nothing", arms,
            rule: "compare START's campaign and arm with the armed one; answer ERROR wrong-state",
            run: ArmChecks.startName),
        BoardCheck(
            "arm.not-master", "START is for the trigger master alone", arms,
            rule: "answer START with ERROR wrong-state unless this board drives the trigger line",
            run: ArmChecks.notMaster),
        BoardCheck(
            "arm.completes", "an arm runs, and ends once behind all its data", arms,
            rule: "send TRIALS, CHUNK_SIGNATURE and CLOCK of the arm, then one ARM_END with the true count",
            need: .trigger, run: ArmChecks.reference),
        BoardCheck(
            "arm.duplicates", "a repeated request is a new one", faulty,
            rule: "answer each request by the state it meets; send one ARM_END an arm", run: ArmChecks.duplicates),
    ]

    private static let data = [
        BoardCheck(
            "trials.numbering", "indices are the host's, without gap or overlap", arms,
            rule: "number records from ARM's first index on; a record's own index is its place", need: .reference,
            run: TrialChecks.numbering),
        BoardCheck(
            "trials.pulses", "one pulse a trial", arms,
            rule: "let pulses rise by one; record a trial whose pulse did not come with the flag missed trigger",
            need: .reference, run: TrialChecks.pulses),
        BoardCheck(
            "trials.fields", "settings, outcomes and flags are in range", record,
            rule: "use 0 and 1, and the eight flags of version 1", need: .reference, run: TrialChecks.fields),
        BoardCheck(
            "trials.stop-delta", "the stop event is where the program has it", record,
            rule: "count the ticks from the start event to the last sample that can influence the outcome",
            need: .reference, run: TrialChecks.stopDelta),
        BoardCheck(
            "trials.start-ticks", "start ticks rise by the trial period", record,
            rule: "latch the free-running counter at each start event", need: .reference, run: TrialChecks.startTicks),
        BoardCheck(
            "clock.records", "clock records at the first pulse, the last and every n-th", arms,
            rule: "pair tick and pulse at the arm's first trial, its last, and every n-th in between",
            need: .reference, run: ClockChecks.records),
        BoardCheck(
            "clock.rate", "the counter makes a trial period of ticks a pulse", "Conventions",
            rule: "let the counter run at the rate that CAPABILITIES state", need: .reference, run: ClockChecks.rate),
        BoardCheck(
            "clock.same-counter", "start ticks and clock records are of one counter", "Conventions",
            rule: "take start ticks and clock records from the board's one counter", need: .reference,
            run: ClockChecks.sameCounter),
        BoardCheck(
            "clock.wall-rate", "the counter's rate in wall time is that of CAPABILITIES", "Conventions",
            rule: "state the counter's true rate in CAPABILITIES", run: ClockChecks.wallRate),
        BoardCheck(
            "signature.key", "the node's key", "NODE_KEY 0x010C",
            rule: "answer with the one public key, or ERROR unsupported", run: SignatureChecks.key),
        BoardCheck(
            "signature.chunks", "chunks are signed", "CHUNK_SIGNATURE 0x010B",
            rule: "sign bytes 0-79 of the payload behind the 16 bytes `BELL chunk v1`, 0, 0, 0; digest: BLAKE2b-256",
            need: .reference, run: SignatureChecks.chunks),
    ]

    private static let keeping = [
        BoardCheck(
            "resend.same-connection", "HELLO brings everything again", greeting,
            rule: "keep chunks as they were sent until they are acknowledged: same first index, count and bytes",
            need: .trigger, run: SpoolChecks.resendHere),
        BoardCheck(
            "resend.reconnect", "so does a new connection", greeting,
            rule: "keep chunks as they were sent until they are acknowledged: same first index, count and bytes",
            need: .trigger, run: SpoolChecks.resendAnew),
        BoardCheck(
            "spool.ack-partial", "a chunk goes only as a whole", spool,
            rule: "drop a chunk when all of its records are below ACK's index", need: .trigger,
            run: SpoolChecks.partial),
        BoardCheck(
            "spool.ack-unknown", "ACK of another campaign does nothing", spool,
            rule: "compare ACK's campaign; never answer ACK", need: .trigger, run: SpoolChecks.unknown),
        BoardCheck(
            "spool.ack-cumulative", "ACK covers all arms below its index", spool,
            rule: "drop by index alone, over all arms of the campaign", need: .trigger, run: SpoolChecks.cumulative),
        BoardCheck(
            "spool.refuses", "an arm that does not fit is refused", spool,
            rule: "reserve room at ARM, or answer ERROR spool-full and stay ready", run: SpoolChecks.refuses),
        BoardCheck(
            "spool.fill", "a full spool stops rather than overwrites", spool,
            rule: "keep every record that is not acknowledged; refuse further arms", need: .trigger,
            run: SpoolChecks.fill),
        BoardCheck(
            "throughput", "records a second", "Time-outs", rule: "send records as fast as they are made",
            need: .reference, run: MeasureChecks.throughput),
        BoardCheck(
            "recovery.cable-pull", "an arm outlives the connection", states,
            rule: "finish the arm, keep the records and wait for HELLO", need: .trigger, run: SpoolChecks.cablePull),
    ]

    private static let more = [
        BoardCheck(
            "host-bits.required", "an arm without its bits is refused", arms,
            rule: "answer ARM with ERROR no-host-bits; keep the bits of at least two arms",
            run: HostBitChecks.required),
        BoardCheck(
            "host-bits.used", "settings are the host's bits", arms,
            rule: "use the bits in index order as settings, and set the flag host bit", need: .trigger,
            run: HostBitChecks.used),
        BoardCheck(
            "random.count", "RAW_RNG brings the bits that were asked for", "RAW_RNG 0x010A",
            rule: "pack the bits most significant first, unused bits zero; other bits each time",
            run: RandomChecks.count),
        BoardCheck(
            "random.health", "raw bits are not obviously unhealthy", "RAW_RNG 0x010A",
            rule: "check the generator", run: RandomChecks.health),
        BoardCheck(
            "random.settings", "nor are the settings", record, rule: "check the generator and the latch",
            need: .reference, run: TrialChecks.settings),
        BoardCheck(
            "shots", "SHOTS play the program without records", "SHOTS_REQUEST 0x000B",
            rule: "answer with as many points as were asked for, or their mean; make no trial records",
            run: MeasureChecks.shots),
        BoardCheck(
            "program.kept", "a refused program leaves the old one", states,
            rule: "check a program wholly before it replaces the loaded one", run: ProgramChecks.kept),
        BoardCheck(
            "states.running", "running: PROGRAM, ARM, START and SHOTS are refused", states,
            rule: "answer requests that do not fit the state with ERROR wrong-state, and go on", need: .trigger,
            run: StateChecks.running),
        BoardCheck(
            "arm.stop", "STOP ends a running arm", states,
            rule: "end the arm with reason 1 and what was made", need: .trigger, run: ArmChecks.stop),
    ]

    private static let safety = [
        BoardCheck(
            "safe.ready", "SAFE forgets the program", states, rule: "lead to idle and forget the program",
            run: SafeChecks.ready),
        BoardCheck(
            "safe.armed", "SAFE ends a waiting arm", states, rule: "end the arm with reason 2",
            run: SafeChecks.armed),
        BoardCheck(
            "safe.running", "SAFE ends a running arm", states,
            rule: "switch the outputs off, end the arm with reason 2, keep its records", need: .trigger,
            run: SafeChecks.running),
        BoardCheck(
            "fault.report", "a fault ends the arm and is told", states,
            rule: "outputs off, ARM_END with reason 3, FAULT of severity 2; then only SAFE leads out",
            need: .trigger, run: SafeChecks.fault),
    ]

    /// What was seen in all of the above.
    private static let session = [
        BoardCheck(
            "session.readable", "every frame could be read", frame,
            rule: "send payloads of exactly the bytes that are listed", run: FramingChecks.readable),
        BoardCheck(
            "session.sequence", "frames were numbered without a gap", frame,
            rule: "number every frame that is sent, 1 … 2^32 - 1, leaving out 0", run: FramingChecks.sequence),
        BoardCheck(
            "session.answers", "every request had one answer, in order", glance,
            rule: "answer each request but ACK once, in order; data and FAULT have reply to 0",
            run: FramingChecks.answers),
        BoardCheck(
            "session.boot-id", "the boot id stayed", "Order, loss and repetition",
            rule: "show one boot id from power-up to power-up", run: HandshakeChecks.bootID),
        BoardCheck(
            "session.ticks", "the counter never went back", "Conventions", rule: "never set the counter back",
            run: FramingChecks.ticks),
        BoardCheck(
            "session.accounted", "every arm's records are accounted for", arms,
            rule: "send each trial of each arm once, in order, as many as ARM_END announces", need: .reference,
            run: AccountChecks.accounted),
        BoardCheck(
            "session.left-safe", "the board is left safe and empty", states, rule: "obey SAFE and ACK",
            run: SafeChecks.left),
    ]
}
