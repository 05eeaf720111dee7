import BellCrypto
import BellModel
import DriverKit

/// A simulated board as seen from its protocol: a pure state machine, frames in, frames out.
///
/// The laboratory (``LabCore``) owns it, plays its programs and hands it the records. It keeps what is not acknowledged
/// and refuses an arm for which it has no room, so that nothing is ever overwritten.
/// - SeeAlso: docs/board-protocol.md.
struct VirtualBoard: Sendable {
    /// What the laboratory has to do.
    enum Effect: Equatable, Sendable {
        /// The trigger master was told to start its arm.
        case start
        /// Play the loaded program on its own for calibration, and answer the request with the points.
        case shots(ShotsRequest, request: UInt32)
    }

    let node: Node
    /// Only its drift changes it.
    var truth: BoardTruth
    private let isMaster: Bool
    let key: SigningKey
    private(set) var bootID: UInt64
    var counter: TickCounter
    var random: NodeRandomness
    private(set) var program: NodeProgram?
    /// Rises with every program loaded or dropped, over reboots too.
    private(set) var programVersion = 0
    var arm: BoardArm?
    var spool: Spool
    private var hostBits: [ArmName: PackedBits] = [:]
    private var metHost = false
    /// The hardware has failed; only SAFE leads out of it.
    private(set) var hasFailed = false
    /// The next ARM is answered with ERROR `hardware`.
    var refusesNextArm = false
    private var sequence = SequenceCounter()
    /// Frames to send, oldest first; the laboratory takes them.
    private(set) var outbox: [[UInt8]] = []

    init(
        node: Node, truth: BoardTruth, isMaster: Bool, key: SigningKey, bootID: UInt64, counter: TickCounter,
        random: NodeRandomness
    ) {
        self.node = node
        self.truth = truth
        self.isMaster = isMaster
        self.key = key
        self.bootID = bootID
        self.counter = counter
        self.random = random
        spool = Spool(capacity: Int(truth.spoolTrials))
    }

    var capabilities: Capabilities {
        Capabilities(
            node: node, model: "mocklab virtual board", serial: "MOCK-\(node.name.uppercased())",
            firmware: Version.belld, simulated: true, tickRate: truth.tickRate, ticksPerSample: truth.ticksPerSample,
            channels: 4, waveformMemory: truth.waveformMemory, maxEvents: truth.maxEvents,
            spoolTrials: truth.spoolTrials, hasRNG: true, hasSigningKey: truth.signs, bootID: bootID)
    }

    /// Takes the frames that wait to be sent.
    mutating func takeOutbox() -> [[UInt8]] {
        defer { outbox = [] }
        return outbox
    }

    /// Handles one frame of the host; `time` is laboratory time in picoseconds.
    mutating func receive(_ bytes: [UInt8], time: UInt64) -> Effect? {
        var number: UInt32 = 0
        do throws(FrameError) {
            let frame = try Frame.decode(bytes)
            number = frame.sequence
            return handle(try BoardMessage(frame), request: frame.sequence, time: time)
        } catch {
            if case .wrongVersion(_, let sequence) = error { number = sequence }
            send(.error(ErrorReport(error)), replyTo: number)
            return nil
        }
    }

    private mutating func handle(_ message: BoardMessage, request: UInt32, time: UInt64) -> Effect? {
        if case .hello(let hello) = message {
            greet(hello, request: request, time: time)
            return nil
        }
        guard metHost else {
            refuse(.helloRequired, "HELLO must come first; this is boot \(bootID)", request)
            return nil
        }
        guard !hasFailed || message.isTakenInFault else {
            refuse(.wrongState, "the hardware has failed; only SAFE leads out of it", request)
            return nil
        }
        switch message {
        case .program(let bytes): load(bytes, request)
        case .hostBits(let bits): take(bits, request)
        case .arm(let order): prepare(order, request)
        case .start(let name): return start(name, request)
        case .stop:
            endArm(.stopped)
            send(.ok, replyTo: request)
        case .safe:
            endArm(.safe)
            forgetProgram()
            hasFailed = false
            send(.ok, replyTo: request)
        case .statusRequest: send(.status(status(time: time)), replyTo: request)
        case .acknowledge(let acknowledgement): spool.drop(acknowledgement)
        case .ping(let token): send(.pong(token: token), replyTo: request)
        case .rawRandomRequest(let wanted):
            let bits = PackedBits(count: wanted.count, bytes: random.packedBits(Int(wanted.count)))
            send(.rawRandom(RawRandom(bits: bits)), replyTo: request)
        case .nodeKeyRequest:
            if truth.signs {
                send(.nodeKey(NodeKey(publicKey: key.publicKey)), replyTo: request)
            } else {
                refuse(.unsupported, "this board has no signing key", request)
            }
        case .pong, .error: break
        case .shotsRequest(let wanted):
            if arm == nil && program != nil { return .shots(wanted, request: request) }
            refuse(.wrongState, "no shots while an arm is armed, or without a program", request)
        case .hello, .capabilities, .programLoaded, .armed, .status, .fault, .trials, .clock, .armEnd, .shots,
            .rawRandom, .chunkSignature, .nodeKey, .ok:
            refuse(.unknownType, "\(message.type.name) is a board's message", request)
        }
        return nil
    }

    // MARK: Requests

    private mutating func greet(_ hello: Hello, request: UInt32, time: UInt64) {
        guard hello.version == Frame.version else {
            return refuse(.wrongVersion, "version \(hello.version) is not spoken here, only \(Frame.version)", request)
        }
        metHost = true
        send(.capabilities(capabilities), replyTo: request)
        for message in spool.messages { send(message) }
        send(.status(status(time: time)))
    }

    private mutating func load(_ bytes: [UInt8], _ request: UInt32) {
        guard arm == nil else { return refuse(.wrongState, "no program while an arm is armed", request) }
        let loaded: NodeProgram
        do throws(FrameError) {
            loaded = try NodeProgram(decoding: bytes)
        } catch {
            return refuse(.badProgram, error.description, request)
        }
        if let problem = loaded.problem(for: capabilities) ?? loaded.playingProblem {
            return refuse(.badProgram, problem, request)
        }
        program = loaded
        programVersion += 1
        send(.programLoaded(ProgramLoaded(program: bytes)), replyTo: request)
    }

    private mutating func take(_ bits: HostBits, _ request: UInt32) {
        let name = ArmName(campaign: bits.campaign, arm: bits.arm)
        // One set waits for the next arm, one may belong to the running one.
        // A host that begins another campaign will not come back for the bits of the old one.
        if hostBits.count >= 4 { hostBits = hostBits.filter { $0.key.campaign == name.campaign } }
        guard hostBits.count < 4 || hostBits[name] != nil, bits.bits.count <= truth.spoolTrials else {
            return refuse(.spoolFull, "at most four arms' host bits of \(truth.spoolTrials) are kept", request)
        }
        hostBits[name] = bits.bits
        send(.ok, replyTo: request)
    }

    private mutating func prepare(_ order: ArmOrder, _ request: UInt32) {
        guard arm == nil else { return refuse(.wrongState, "an arm is armed already", request) }
        guard let program else { return refuse(.wrongState, "no program is loaded", request) }
        if refusesNextArm {
            refusesNextArm = false
            return refuse(.hardware, "the hardware cannot do it now", request)
        }
        guard let start = program.first(.inputBit), let stop = program.last(.stop), stop.tick >= start.tick else {
            return refuse(.badProgram, "the program has no start event followed by a stop event", request)
        }
        guard order.count <= spool.free else {
            return refuse(.spoolFull, "\(spool.free) of \(spool.capacity) records are free", request)
        }
        var bits: PackedBits?
        if program.inputBits == .host {
            bits = hostBits.removeValue(forKey: ArmName(campaign: order.campaign, arm: order.arm))
            guard let bits, bits.count >= order.count else {
                return refuse(.noHostBits, "\(bits?.count ?? 0) of \(order.count) host bits are here", request)
            }
        }
        hostBits = hostBits.filter { $0.key.campaign == order.campaign && $0.key.arm > order.arm }
        arm = BoardArm(
            order: order, hostBits: bits, startTick: start.tick, stopDelta: stop.tick - start.tick,
            clockEvery: program.clockEvery)
        send(.armed(order), replyTo: request)
    }

    private mutating func start(_ name: ArmName, _ request: UInt32) -> Effect? {
        guard isMaster else {
            refuse(.wrongState, "this board is not the trigger master", request)
            return nil
        }
        guard let arm, !arm.isRunning, arm.order.campaign == name.campaign, arm.order.arm == name.arm else {
            refuse(.wrongState, "arm \(name.arm) is not armed and waiting", request)
            return nil
        }
        send(.ok, replyTo: request)
        return .start
    }

    func status(time: UInt64) -> BoardStatus {
        let state: BoardStatus.State =
            if hasFailed {
                .fault
            } else if let arm {
                arm.isRunning ? .running : .armed
            } else {
                program == nil ? .idle : .ready
            }
        let taken = Int(arm?.remaining ?? 0)
        return BoardStatus(
            state: state, bootID: bootID, tick: counter.tick(at: time), spoolUsed: UInt32(clamping: spool.used),
            spoolFree: UInt32(clamping: spool.free - taken), armed: arm?.order, nextIndex: arm?.nextIndex ?? 0)
    }

    /// A fault of severity 2: outputs off, the arm ends with what was made, and FAULT tells why.
    mutating func fail(_ code: FaultReport.Code, time: UInt64) {
        let name = arm?.order.arm ?? 0
        endArm(.fault)
        hasFailed = true
        let text = "injected fault \(code.rawValue)"
        let tick = counter.tick(at: time)
        send(.fault(FaultReport(code: code, severity: .stopped, tick: tick, arm: name, text: text)))
    }

    /// Pretends a restart that it did not have.
    mutating func claim(bootID: UInt64) { self.bootID = bootID }

    private mutating func forgetProgram() {
        program = nil
        programVersion += 1
    }

    /// Loses everything that is not in the board's read-only memory; what it has sent is on its way.
    mutating func reboot(bootID: UInt64, counter: TickCounter) {
        self.bootID = bootID
        self.counter = counter
        forgetProgram()
        hasFailed = false
        refusesNextArm = false
        arm = nil
        spool = Spool(capacity: spool.capacity)
        hostBits = [:]
        metHost = false
        sequence = SequenceCounter()
    }

    // MARK: Sending

    /// Sends a reply to `request`.
    mutating func send(_ message: BoardMessage, replyTo request: UInt32 = 0) {
        outbox.append(message.encoded(sequence: sequence.next(), replyTo: request))
    }

    private mutating func refuse(_ code: ErrorReport.Code, _ text: String, _ request: UInt32) {
        send(.error(ErrorReport(code: code, text: text)), replyTo: request)
    }

    mutating func keepAndSend(
        _ message: BoardMessage, _ order: ArmOrder, endIndex: UInt64, records: Int = 0, fault: ChunkFault = []
    ) {
        spool.keep(message, campaign: order.campaign, endIndex: endIndex, records: records)
        if fault.contains(.garbage) { outbox.append([UInt8]("no frame of the board protocol".utf8)) }
        var frame = message.encoded(sequence: sequence.next())
        if fault.contains(.corrupt) { frame[frame.count / 2] ^= 0x10 }
        if fault.contains(.truncate) { frame.removeLast(frame.count / 3) }
        outbox.append(frame)
        if fault.contains(.repeat) { outbox.append(frame) }
    }
}

extension BoardMessage {
    /// Whether a board in state fault takes the request; all others are answered with `wrong-state`.
    fileprivate var isTakenInFault: Bool {
        switch self {
        case .program, .hostBits, .arm, .start, .stop, .shotsRequest, .rawRandomRequest: false
        default: true
        }
    }
}
