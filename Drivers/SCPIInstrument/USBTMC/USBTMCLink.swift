public import BellModel
public import DriverKit

/// An instrument on USB: performs what its ``USBTMCMachine`` says, over any ``USBInterface``.
public actor USBTMCLink: SCPILink {
    public nonisolated let place: String
    /// Status bytes of the instrument's service requests, for one consumer; it keeps the newest 64. Listens from the first
    /// ``listenForServiceRequests()`` on; ends with the link.
    public nonisolated let serviceRequests: AsyncStream<SCPIStatusByte>

    private let requests: AsyncStream<SCPIStatusByte>.Continuation
    private let opener: USBInterfaceOpener
    private let patience: USBTMCPatience
    private let clock: any Clock<Duration>
    private let turnstile = Turnstile()
    private var interface: (any USBInterface)?
    private var machine: USBTMCMachine?
    private var listener: Task<Void, Never>?
    private var isListening = false
    /// What the listener heard that is no service request.
    private var heard: [[UInt8]] = []
    /// How the next actions went, which were performed ahead.
    private var early: [USBTMCEvent] = []
    private var awaiting: CheckedContinuation<USBTMCEvent, Never>?

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
        listener?.cancel()
        interface?.close()
        requests.finish()
    }

    /// The interface that is USBTMC's.
    public static let interfaceKind = USBInterfaceChoice.kind(class: 0xFE, subclass: 3, protocol: nil)

    /// What the device said that it can do, at the last opening.
    public var capabilities: USBTMCCapabilities { machine?.capabilities ?? .init() }

    /// What is known of the device's departures from the standard.
    public var quirks: USBTMCQuirks { interface.map { USBTMCQuirks(of: $0.identity) } ?? [] }

    // MARK: SCPILink

    public func open() async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        stop()
        let interface = try await opener()
        do throws(BellError) {
            let pipes = try USBTMCPipes(of: interface)
            machine = USBTMCMachine(pipes: pipes, quirks: USBTMCQuirks(of: interface.identity), patience: patience)
        } catch {
            interface.close()
            throw error
        }
        self.interface = interface
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
        await runAhead([write, read])
        _ = try await perform(write)
        return try await received(read)
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
        guard let machine, machine.pipes.interruptIn != nil else { return false }
        isListening = true
        listen()
        return true
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
        guard var action = machine?.begin(operation) else { throw located(.usbtmcLost) }
        while true {
            if case .finish(let result) = action {
                do throws(BellError) { return try result.get() } catch { throw located(error) }
            }
            let event = await nextEvent(of: action)
            guard let next = machine?.handle(event) else { throw located(.usbtmcLost) }
            action = next
        }
    }

    /// Performs what operations begin with, as far as that is known before anything has come back, in one chain of
    /// transfers; ``perform(_:)`` then finds how they went. Each turn of a task between them would cost as much as a transfer.
    private func runAhead(_ operations: [USBTMCMachine.Operation]) async {
        guard let interface, let machine else { return }
        let steps = machine.firstSteps(of: operations)
        guard steps.count > 1 else { return }
        let outcome = await interface.chain(steps)
        early = Array(repeating: .done, count: outcome.completed)
        if let error = outcome.error {
            early.append(.failed(error))
        } else if case .read = steps[steps.count - 1] {
            early[steps.count - 1] = .bytes(outcome.bytes)
        }
    }

    /// How an action went: one of those that were performed ahead, or performed now.
    private func nextEvent(of action: USBTMCAction) async -> USBTMCEvent {
        early.isEmpty ? await event(of: action) : early.removeFirst()
    }

    private func event(of action: USBTMCAction) async -> USBTMCEvent {
        guard let interface, let pipes = machine?.pipes else { return .failed(.usbtmcLost) }
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
        listener?.cancel()
        listener = nil
        interface?.close()
        let new = try await opener()
        machine?.pipes = try USBTMCPipes(of: new)
        interface = new
        listen()
    }

    private func stop() {
        listener?.cancel()
        listener = nil
        interface?.close()
        interface = nil
        machine = nil
        heard = []
        early = []
        answerAwaiting(.failed(.usbtmcLost))
    }

    private func located(_ error: BellError) -> BellError {
        var error = error
        error.place = error.place.map { $0.hasPrefix(place) ? $0 : "\(place) (\($0))" } ?? place
        return error
    }
}

// MARK: - Interrupt endpoint

extension USBTMCLink {
    /// `bNotify1` of a service request; an answer to READ_STATUS_BYTE has a tag from 2 on (USB488, tables 11 and 12).
    private static let serviceRequest: UInt8 = 0x81

    private func listen() {
        guard isListening, listener == nil, let interface, let endpoint = machine?.pipes.interruptIn else { return }
        listener = Task { [weak self] in
            while !Task.isCancelled {
                do throws(BellError) {
                    let bytes = try await interface.read(
                        USBTMCLink.notificationSize(interface), from: endpoint, timeout: .seconds(3600))
                    guard let self else { return }
                    await self.hear(bytes)
                } catch {
                    // What else fails here, the next operation meets as well.
                    guard error.code == .usbTimeout else { return }
                }
            }
        }
    }

    private func hear(_ bytes: [UInt8]) {
        guard bytes.count >= 2 else { return }
        if bytes[0] == USBTMCLink.serviceRequest {
            requests.yield(SCPIStatusByte(rawValue: bytes[1]))
        } else if awaiting != nil {
            answerAwaiting(.bytes(bytes))
        } else {
            heard = heard.suffix(7) + [bytes]
        }
    }

    private func answerAwaiting(_ event: USBTMCEvent) {
        awaiting?.resume(returning: event)
        awaiting = nil
    }

    /// The next notification that is no service request.
    private func notification(timeout: Duration) async -> USBTMCEvent {
        guard let interface, let endpoint = machine?.pipes.interruptIn else { return .failed(.usbtmcLost) }
        guard listener == nil else { return await heardNotification(timeout: timeout) }
        do throws(BellError) {
            for _ in 0..<8 {
                let bytes = try await interface.read(
                    USBTMCLink.notificationSize(interface), from: endpoint, timeout: timeout)
                guard bytes.count >= 2, bytes[0] == USBTMCLink.serviceRequest else { return .bytes(bytes) }
                requests.yield(SCPIStatusByte(rawValue: bytes[1]))
            }
            throw .usbtmc("service requests without end")
        } catch {
            return .failed(error)
        }
    }

    private func heardNotification(timeout: Duration) async -> USBTMCEvent {
        if !heard.isEmpty { return .bytes(heard.removeFirst()) }
        let alarm = Task { [weak self, clock] in
            try? await clock.sleep(for: timeout)
            guard !Task.isCancelled else { return }
            await self?.answerAwaiting(
                .failed(BellError(.usbTimeout, "The status byte did not come within \(timeout).")))
        }
        defer { alarm.cancel() }
        return await withCheckedContinuation { awaiting = $0 }
    }

    private static func notificationSize(_ interface: any USBInterface) -> Int {
        max(2, interface.endpoint(.interrupt, isIn: true)?.maximumPacket ?? 2)
    }
}
