public import BellModel
public import DriverKit
import Synchronization

/// An instrument on USB: performs what its ``USBTMCMachine`` says, over any ``USBInterface``.
///
/// Not an actor: a question takes three transfers, and an actor would be left and entered again around each of them, which
/// takes as long as the transfers do. A turnstile lets one operation in at a time instead.
public final class USBTMCLink: SCPILink {
    struct State {
        var interface: (any USBInterface)?
        var machine: USBTMCMachine?
        var listener: Task<Void, Never>?
        var isListening = false
        /// What the listener heard that is no service request.
        var heard: [[UInt8]] = []
        var awaiting: CheckedContinuation<USBTMCEvent, Never>?
    }

    public let place: String
    /// Status bytes of the instrument's service requests, for one consumer; it keeps the newest 64. Listens from the first
    /// ``listenForServiceRequests()`` on; ends with the link.
    public let serviceRequests: AsyncStream<SCPIStatusByte>

    let requests: AsyncStream<SCPIStatusByte>.Continuation
    let clock: any Clock<Duration>
    let state = Mutex(State())
    private let opener: USBInterfaceOpener
    private let patience: USBTMCPatience
    private let turnstile = Turnstile()

    /// - Parameters:
    ///   - place: The device's name or address, for errors.
    ///   - clock: Measures the pauses of a recovery.
    ///   - open: Opens the device's USBTMC interface (class 0xFE, subclass 3), found by its serial.
    public init(
        place: String, patience: USBTMCPatience = .init(), clock: any Clock<Duration> = ContinuousClock(),
        open: @escaping USBInterfaceOpener
    ) {
        self.place = place
        self.patience = patience
        self.clock = clock
        opener = open
        (serviceRequests, requests) = AsyncStream.makeStream(
            of: SCPIStatusByte.self, bufferingPolicy: .bufferingNewest(64))
    }

    deinit {
        state.withLock { state in
            state.listener?.cancel()
            state.interface?.close()
        }
        requests.finish()
    }

    /// The interface that is USBTMC's.
    public static let interfaceKind = USBInterfaceChoice.kind(class: 0xFE, subclass: 3, protocol: nil)

    /// What the device said that it can do, at the last opening.
    public var capabilities: USBTMCCapabilities { state.withLock { $0.machine?.capabilities ?? .init() } }

    // MARK: SCPILink

    public func open() async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        stop()
        let interface = try await opener()
        do throws(BellError) {
            let machine = USBTMCMachine(
                pipes: try USBTMCPipes(of: interface), quirks: USBTMCQuirks(of: interface.identity), patience: patience)
            state.withLock { state in
                state.interface = interface
                state.machine = machine
            }
        } catch {
            interface.close()
            throw error
        }
        listen()
        do throws(BellError) {
            _ = try await perform(.open)
        } catch {
            stop()
            throw error
        }
    }

    public func write(_ message: [UInt8], timeout: Duration) async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        _ = try await perform(.write(message + [UInt8(ascii: "\n")], timeout: timeout))
    }

    public func query(
        _ message: [UInt8], answer kind: SCPIAnswerKind, limit: Int, timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        await turnstile.enter()
        defer { turnstile.leave() }
        let write = USBTMCMachine.Operation.write(message + [UInt8(ascii: "\n")], timeout: timeout)
        let read = USBTMCMachine.Operation.read(limit: limit, terminator: nil, timeout: timeout)
        var (early, hasRunOn) = await ahead(of: [write, read])
        do throws(BellError) {
            _ = try await perform(write, &early)
            guard case .message(let bytes) = try await perform(read, &early) else { return [] }
            return bytes
        } catch {
            // A request for the answer that came after a failed command would be answered later.
            if hasRunOn { state.withLock { $0.machine?.debt = .clear } }
            throw error
        }
    }

    public func clear() async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        _ = try await perform(.clear)
    }

    public func statusByte() async throws(BellError) -> SCPIStatusByte? {
        await turnstile.enter()
        defer { turnstile.leave() }
        guard case .statusByte(let byte) = try await perform(.readStatusByte(timeout: patience.control)) else {
            return nil
        }
        return SCPIStatusByte(rawValue: byte)
    }

    public func close() async {
        await turnstile.enter()
        defer { turnstile.leave() }
        stop()
    }

    // MARK: USBTMC

    /// Takes one message that nobody asked for in this call, up to a character where the device can end there.
    public func read(limit: Int, terminator: UInt8? = nil, timeout: Duration) async throws(BellError) -> [UInt8] {
        await turnstile.enter()
        defer { turnstile.leave() }
        return try await received(.read(limit: limit, terminator: terminator, timeout: timeout))
    }

    /// Sends a trigger, as IEEE 488's group execute trigger.
    ///
    /// - Returns: False when the device takes none.
    public func trigger(timeout: Duration) async throws(BellError) -> Bool { try await ask(.trigger(timeout: timeout)) }

    /// Lets the device blink; false when it cannot.
    public func indicate() async throws(BellError) -> Bool { try await ask(.indicate) }

    /// Puts the device under remote control, or lets go of it; false when it takes no such request.
    public func remoteEnable(_ isOn: Bool) async throws(BellError) -> Bool { try await ask(.remoteEnable(isOn)) }

    /// Gives the front panel back until the next command; false when it takes no such request.
    public func goToLocal() async throws(BellError) -> Bool { try await ask(.goToLocal) }

    /// Locks the front panel's way out of remote control; false when it takes no such request.
    public func localLockout() async throws(BellError) -> Bool { try await ask(.localLockout) }

    /// Listens for service requests from now on; they come out of ``serviceRequests``.
    ///
    /// - Returns: False when the device has no interrupt endpoint; there will be none.
    public func listenForServiceRequests() -> Bool {
        let canListen = state.withLock { state in
            let canListen = state.machine?.pipes.interruptIn != nil
            if canListen { state.isListening = true }
            return canListen
        }
        if canListen { listen() }
        return canListen
    }

    // MARK: Performing

    private func ask(_ operation: USBTMCMachine.Operation) async throws(BellError) -> Bool {
        await turnstile.enter()
        defer { turnstile.leave() }
        return try await perform(operation) != .unsupported
    }

    private func received(_ operation: USBTMCMachine.Operation) async throws(BellError) -> [UInt8] {
        guard case .message(let bytes) = try await perform(operation) else { return [] }
        return bytes
    }

    /// Runs one operation to its end; the caller holds the turnstile.
    private func perform(_ operation: USBTMCMachine.Operation) async throws(BellError) -> USBTMCOutcome {
        var early: [USBTMCEvent] = []
        return try await perform(operation, &early)
    }

    /// Likewise, where the first actions were performed ahead; takes how they went.
    private func perform(
        _ operation: USBTMCMachine.Operation, _ early: inout [USBTMCEvent]
    ) async throws(BellError) -> USBTMCOutcome {
        guard var action = state.withLock({ $0.machine?.begin(operation) }) else { throw located(.usbtmcLost) }
        while true {
            if case .finish(let result) = action {
                do throws(BellError) { return try result.get() } catch { throw located(error) }
            }
            let event = early.isEmpty ? await event(of: action) : early.removeFirst()
            guard let next = state.withLock({ $0.machine?.handle(event) }) else { throw located(.usbtmcLost) }
            action = next
        }
    }

    /// Performs what operations begin with, as far as that is known before anything has come back, in one chain of
    /// transfers: a turn of the task between two of them would cost half as much as a transfer.
    ///
    /// - Returns: How these actions went; the last one may have failed, and those behind it may have gone on.
    private func ahead(of operations: [USBTMCMachine.Operation]) async -> ([USBTMCEvent], hasRunOn: Bool) {
        let (interface, steps) = state.withLock { state in
            (state.interface, state.machine?.firstSteps(of: operations) ?? [])
        }
        guard let interface, case .read? = steps.last else { return ([], false) }
        let outcome = await interface.chain(steps)
        let done = [USBTMCEvent](repeating: .done, count: outcome.completed)
        if let error = outcome.error { return (done + [.failed(error)], outcome.hasRunOn) }
        return (done.dropLast() + [.bytes(outcome.bytes)], false)
    }

    private func event(of action: USBTMCAction) async -> USBTMCEvent {
        let (interface, pipes) = state.withLock { ($0.interface, $0.machine?.pipes) }
        guard let interface, let pipes else { return .failed(.usbtmcLost) }
        do throws(BellError) {
            switch action {
            case .write(let bytes, let timeout): try await interface.write(bytes, to: pipes.bulkOut, timeout: timeout)
            case .read(let count, let timeout):
                return .bytes(try await interface.read(count, from: pipes.bulkIn, timeout: timeout))
            case .control(let request, let timeout):
                return .bytes(try await interface.control(request, data: [], timeout: timeout))
            case .notification(let timeout): return await notification(timeout: timeout)
            case .clearHalt(let isIn): try await interface.clearHalt(isIn ? pipes.bulkIn : pipes.bulkOut)
            case .sleep(let duration): try? await clock.sleep(for: duration)
            case .reset: try await interface.reset()
            case .reopen: try await reopen()
            case .finish: break
            }
            return .done
        } catch {
            return .failed(error)
        }
    }

    /// Closes the interface and opens the device anew, in the midst of a recovery.
    private func reopen() async throws(BellError) {
        silence()
        state.withLock { $0.interface }?.close()
        let new = try await opener()
        let pipes = try USBTMCPipes(of: new)
        state.withLock { state in
            state.machine?.pipes = pipes
            state.interface = new
        }
        listen()
    }

    private func stop() {
        silence()
        let (interface, awaiting) = state.withLock { state in
            defer {
                state.interface = nil
                state.machine = nil
                state.heard = []
                state.awaiting = nil
            }
            return (state.interface, state.awaiting)
        }
        interface?.close()
        awaiting?.resume(returning: .failed(.usbtmcLost))
    }

    private func located(_ error: BellError) -> BellError {
        var error = error
        error.place = error.place.map { $0.hasPrefix(place) ? $0 : "\(place) (\($0))" } ?? place
        return error
    }
}
