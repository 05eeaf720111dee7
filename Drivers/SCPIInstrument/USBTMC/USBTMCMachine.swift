import BellModel
import DriverKit

/// The host's side of USBTMC as a value: takes an operation and what came of each action, says the next action.
///
/// One operation at a time. An operation that fails brings the device back (``USBTMCRecovery``) before it is over, so that
/// the next one finds it ready; when that does not succeed, only ``Operation/open`` is performed any more.
public struct USBTMCMachine: Sendable {
    public enum Operation: Equatable, Sendable {
        /// Greets a device whose interface has just been claimed.
        case open
        /// Sends one message.
        case write([UInt8], timeout: Duration)
        /// Takes one message of at most `limit` bytes; with a terminator, ends there where the device can do that.
        case read(limit: Int, terminator: UInt8?, timeout: Duration)
        /// Empties input and output of the device.
        case clear
        case trigger(timeout: Duration)
        /// Lets it blink, so that people find it.
        case indicate
        case readStatusByte(timeout: Duration)
        case remoteEnable(Bool)
        case goToLocal
        case localLockout
    }

    /// Payload bytes of one transfer, at most.
    public static let mostTransfer = 1 << 20

    enum State: Sendable {
        case idle
        case readingCapabilities
        case writing(rest: ArraySlice<UInt8>, timeout: Duration)
        case triggering
        case requesting(USBTMCReply, requested: Int)
        case reading(USBTMCReply, asked: Int, isEnd: Bool)
        /// A control request with a status in its answer.
        case asking
        case readingStatus(tag: UInt8, timeout: Duration)
        case awaitingStatus(tag: UInt8, timeout: Duration, left: Int)
        case recovering(USBTMCRecovery, then: Then)
    }

    /// What follows a recovery.
    enum Then: Sendable {
        case operation(Operation)
        case finish
        case enableRemote
        case fail(BellError)
    }

    let patience: USBTMCPatience
    public internal(set) var capabilities = USBTMCCapabilities()
    var pipes: USBTMCPipes
    var quirks: USBTMCQuirks
    var tags = USBTMCTags()
    var state = State.idle
    /// The device has gone or could not be brought back.
    public internal(set) var isLost = false
    /// A cancelled operation left this to be done.
    var debt: USBTMCRecovery.Rung?
    /// The empty packet that ends a transfer had not come in time; it may come before the next one.
    var isOwedEnd = false
    var terminator: UInt8?
    var timeout = Duration.zero

    public init(pipes: USBTMCPipes, quirks: USBTMCQuirks, patience: USBTMCPatience = .init()) {
        self.pipes = pipes
        self.quirks = quirks
        self.patience = patience
    }

    /// Starts an operation.
    ///
    /// - Precondition: None is under way.
    public mutating func begin(_ operation: Operation) -> USBTMCAction {
        if operation == .open { return open() }
        guard !isLost else { return .finish(.failure(.usbtmcLost)) }
        if let rung = debt {
            debt = nil
            return recover(from: rung, then: .operation(operation))
        }
        switch operation {
        case .open: return open()
        case .write(let message, let timeout): return write(message[...], timeout: timeout)
        case .read(let limit, let terminator, let timeout):
            self.terminator = capabilities.hasTerminator ? terminator : nil
            self.timeout = timeout
            let reply = USBTMCReply(limit: limit, packet: pipes.packet, quirks: quirks, isOwedEnd: isOwedEnd)
            isOwedEnd = false
            return request(reply)
        case .clear: return recover(from: .clear, then: .finish)
        case .trigger(let timeout):
            guard capabilities.hasTrigger else { return finish(.unsupported) }
            state = .triggering
            return .write(USBTMCHeader(.trigger, tag: tags.nextWrite()).bytes, timeout: timeout)
        case .indicate:
            return ask(USBTMCRequest.indicatorPulse(interface: pipes.interface), if: capabilities.hasIndicatorPulse)
        case .readStatusByte(let timeout):
            guard capabilities.is4882 else { return finish(.unsupported) }
            return readStatus(timeout: timeout)
        case .remoteEnable(let isOn):
            return ask(USBTMCRequest.remoteEnable(isOn, interface: pipes.interface), if: hasRemoteControl)
        case .goToLocal: return ask(USBTMCRequest.goToLocal(interface: pipes.interface), if: hasRemoteControl)
        case .localLockout: return ask(USBTMCRequest.localLockout(interface: pipes.interface), if: hasRemoteControl)
        }
    }

    /// Takes how the last action went.
    public mutating func handle(_ event: USBTMCEvent) -> USBTMCAction {
        switch state {
        case .idle: return .finish(.failure(.usbtmc("an answer came to nothing that was asked")))
        case .readingCapabilities: return greeted(event)
        case .writing(let rest, let timeout):
            if case .failed(let error) = event { return fail(error, from: .abortOut, halted: false) }
            return rest.isEmpty ? finish(.done) : write(rest, timeout: timeout)
        case .triggering:
            if case .failed(let error) = event { return fail(error, from: .abortOut, halted: false) }
            return finish(.done)
        case .requesting(var reply, let requested):
            // A request that was not taken leaves the reply in the device: only a clear drops it.
            if case .failed(let error) = event { return fail(error, from: .clear, halted: false) }
            return follow(reply.requested(requested, tag: tags.read), reply)
        case .reading(let reply, let asked, let isEnd): return read(event, reply, asked: asked, isEnd: isEnd)
        case .asking: return answered(event)
        case .readingStatus(let tag, let timeout): return statusAnswered(event, tag: tag, timeout: timeout)
        case .awaitingStatus(let tag, let timeout, let left):
            return notified(event, tag: tag, timeout: timeout, left: left)
        case .recovering(var recovery, let then):
            let step = recovery.next(event)
            return follow(step, recovery, then: then)
        }
    }

    // MARK: Messages

    private mutating func write(_ message: ArraySlice<UInt8>, timeout: Duration) -> USBTMCAction {
        let piece = message.prefix(USBTMCMachine.mostTransfer)
        let rest = message.dropFirst(piece.count)
        state = .writing(rest: rest, timeout: timeout)
        return .write(
            USBTMCHeader.transfer(piece, tag: tags.nextWrite(), isLast: rest.isEmpty), timeout: timeout)
    }

    private mutating func request(_ reply: USBTMCReply) -> USBTMCAction {
        let count = min(reply.wanted, USBTMCMachine.mostTransfer)
        state = .requesting(reply, requested: count)
        let header = USBTMCHeader(
            .request(terminator: terminator), tag: tags.nextRead(), transferSize: UInt32(count))
        return .write(header.bytes, timeout: timeout)
    }

    private mutating func read(
        _ event: USBTMCEvent, _ reply: USBTMCReply, asked: Int, isEnd: Bool
    ) -> USBTMCAction {
        var reply = reply
        do throws(BellError) {
            switch event {
            case .bytes(let piece): return follow(try reply.take(piece, asked: asked), reply)
            case .failed(let error) where isEnd && error.code == .usbTimeout:
                isOwedEnd = true
                return follow(try reply.noEnd(), reply)
            case .failed(let error): return fail(error, from: .abortIn, halted: true)
            case .done: throw .usbtmc("a read gave nothing")
            }
        } catch {
            return fail(error, from: .clear, halted: nil)
        }
    }

    private mutating func follow(_ step: USBTMCReply.Step, _ reply: USBTMCReply) -> USBTMCAction {
        switch step {
        case .read(let count):
            state = .reading(reply, asked: count, isEnd: false)
            return .read(count, timeout: timeout)
        case .readEnd(let count):
            state = .reading(reply, asked: count, isEnd: true)
            return .read(count, timeout: patience.drain)
        case .request: return request(reply)
        case .complete: return finish(.message(reply.message))
        }
    }

    mutating func finish(_ outcome: USBTMCOutcome) -> USBTMCAction {
        state = .idle
        return .finish(.success(outcome))
    }
}
