import BellModel
import DriverKit
import Synchronization

/// The reading half of a USB transport: bytes of the IN pipe become frames of the queue.
final class USBFrameReader: Sendable {
    private struct State {
        var decoder = FrameStreamDecoder()
        var health = USBPipeHealth()
        var bytes: UInt64 = 0
        var stream: (any USBReadStream)?
        var hasEnded = false
    }

    private let interface: any USBInterface
    private let endpoint: UInt8
    private let queue: FrameQueue
    private let onFailure: @Sendable (BellError) -> Void
    private let began = ContinuousClock.now
    private let state = Mutex(State())

    /// - Parameter onFailure: Called when the pipe is given up.
    init(
        _ interface: any USBInterface, endpoint: UInt8, queue: FrameQueue,
        onFailure: @escaping @Sendable (BellError) -> Void
    ) {
        self.interface = interface
        self.endpoint = endpoint
        self.queue = queue
        self.onFailure = onFailure
    }

    func start(_ stream: any USBReadStream) throws(BellError) {
        state.withLock { $0.stream = stream }
        try stream.start()
    }

    /// The queue has room again.
    func resume() { state.withLock { $0.stream }?.resume() }

    /// Ends reading; nothing is reported any more.
    func stop() {
        let stream = state.withLock { state in
            state.hasEnded = true
            defer { state.stream = nil }
            return state.stream
        }
        stream?.stop()
    }

    /// Adds what was counted here.
    func count(into counts: inout USBTransportCounts) {
        state.withLock { state in
            counts.bytesRead = state.bytes
            counts.emptyReads = state.health.totalEmpty
            counts.readFailures = state.health.totalFailures
            counts.garbageBytes = state.decoder.garbageBytes
            counts.garbledFrames = state.decoder.garbledFrames
        }
    }

    /// One transfer's bytes.
    func take(_ bytes: UnsafeRawBufferPointer) {
        let health = state.withLock { state in
            guard !state.hasEnded else { return USBPipeHealth.Verdict.goOn }
            state.bytes += UInt64(bytes.count)
            var whole: [[UInt8]] = []
            state.decoder.take(bytes) { whole.append($0) }
            // Under the lock, so that the frames of two transfers cannot change places; together, because each waking of
            // the reader costs as much as a small frame.
            if case .takenPauseNow = queue.push(contentsOf: whole) { state.stream?.pause() }
            return state.health.noteTransfer(bytes: bytes.count)
        }
        if case .giveUp = health {
            onFailure(
                BellError(
                    .usbIO, "The USB device sends empty packets without end.", at: interface.identity.text,
                    cause: "more than \(USBPipeHealth.emptyLimit) empty transfers in a row",
                    fix: "reset the device; if it comes again, its firmware has lost its place"))
        }
    }

    /// The stream has ended: mends the pipe, or gives it up.
    func ended(_ error: BellError) {
        let now = ContinuousClock.now - began
        let verdict: USBPipeHealth.Verdict? = state.withLock { state in
            guard !state.hasEnded else { return nil }
            return USBPipeHealth.isMendable(error.code) ? state.health.noteFailure(at: now) : .giveUp
        }
        switch verdict {
        case nil: return
        case .giveUp: onFailure(error)
        case .goOn: Task { await mend(error) }
        }
    }

    private func mend(_ error: BellError) async {
        do throws(BellError) {
            try await interface.mend(endpoint, after: error)
            guard let stream = state.withLock({ $0.stream }) else { return }
            try stream.start()
        } catch {
            onFailure(error)
        }
    }
}

extension USBPipeHealth {
    /// Failures after which a pipe can go on; an unplugged device shows `usb.io` first on some controllers.
    static func isMendable(_ code: BellError.Code) -> Bool { code == .usbStall || code == .usbIO }
}

extension USBInterface {
    /// Clears an endpoint after a failure. After an I/O error it waits first: the kernel may be about to learn that the
    /// device has gone.
    ///
    /// - Throws: `usb.unplugged` or `usb.closed`, else the failure itself when it cannot be mended.
    func mend(_ endpoint: UInt8, after failure: BellError) async throws(BellError) {
        if failure.code != .usbStall { try? await Task.sleep(for: .milliseconds(100)) }
        do throws(BellError) {
            try await clearHalt(endpoint)
        } catch {
            if error.code == .usbUnplugged || error.code == .usbClosed { throw error }
            var failure = failure
            failure.others.append(error)
            throw failure
        }
    }
}
