import BellModel
import DriverKit
import Synchronization

/// The writing half of a USB transport: frames wait in a bounded queue and go out in order, several transfers at a time.
final class USBFrameWriter: Sendable {
    private struct State {
        var queue: USBSendQueue
        var health = USBPipeHealth()
        var bytes: UInt64 = 0
        /// One thread at a time submits, so that pieces keep their order.
        var isPumping = false
        /// The first error of the failure that is being mended.
        var failure: BellError?
        var hasEnded = false
        /// Why it has ended, when it was not closed.
        var reason: BellError?
    }

    private let interface: any USBInterface
    private let streaming: any USBStreaming
    private let endpoint: UInt8
    private let onFailure: @Sendable (BellError) -> Void
    private let began = ContinuousClock.now
    private let state: Mutex<State>

    /// - Parameter onFailure: Called when the pipe is given up.
    init(
        _ interface: any USBInterface, _ streaming: any USBStreaming, endpoint: USBEndpoint,
        onFailure: @escaping @Sendable (BellError) -> Void
    ) {
        self.interface = interface
        self.streaming = streaming
        self.endpoint = endpoint.address
        self.onFailure = onFailure
        state = Mutex(
            State(
                queue: USBSendQueue(
                    packet: endpoint.maximumPacket, window: streaming.writeWindow,
                    maximumFlying: streaming.maximumWrites)))
    }

    /// Queues a frame.
    ///
    /// - Throws: `transport.closed`, the failure that ended the transport, or `transport.full`.
    func send(_ frame: [UInt8]) throws(BellError) {
        let refusal: BellError? = state.withLock { state in
            if state.hasEnded {
                return state.reason
                    ?? BellError(
                        .transportClosed, "A message to the board cannot be sent: the USB connection has ended.",
                        at: interface.identity.text)
            }
            if state.queue.append(frame) { return nil }
            return BellError(
                .transportFull,
                "A message to the board cannot be sent: \(state.queue.waitingBytes) bytes wait already.",
                at: interface.identity.text, cause: "the board does not read its USB pipe",
                fix: "check that the board's firmware runs")
        }
        if let refusal { throw refusal }
        pump()
    }

    /// Ends writing, with the reason of a failure; what waits is dropped. The first end counts.
    func stop(_ reason: BellError? = nil) {
        state.withLock { state in
            if !state.hasEnded { state.reason = reason }
            state.hasEnded = true
        }
    }

    /// Adds what was counted here.
    func count(into counts: inout USBTransportCounts) {
        state.withLock { state in
            counts.bytesWritten = state.bytes
            counts.writeFailures = state.health.totalFailures
        }
    }

    private func pump() {
        let isMine = state.withLock { state in
            defer { state.isPumping = true }
            return !state.isPumping
        }
        guard isMine else { return }
        while true {
            let piece = state.withLock { state in
                let piece = state.hasEnded ? nil : state.queue.next()
                // Whatever makes a next piece after this moment pumps again.
                if piece == nil { state.isPumping = false }
                return piece
            }
            guard let piece else { return }
            streaming.submitWrite(
                piece.frame[piece.range], to: endpoint, endsWithEmptyPacket: piece.needsEmptyPacket
            ) { [self] (taken, error) in completed(piece, taken, error) }
            // An earlier piece may have failed since this one was taken from the queue: it must not wait on a halted pipe.
            if state.withLock({ $0.queue.isHalted }) { streaming.cancelWrites(to: endpoint) }
        }
    }

    private func completed(_ piece: USBSendQueue.Piece, _ taken: Int, _ error: BellError?) {
        let isShort = error == nil && taken < piece.range.count
        let error =
            isShort
            ? BellError(
                .usbIO, "The device took \(taken) of \(piece.range.count) bytes.", at: interface.identity.text) : error
        let now = ContinuousClock.now - began
        let (isFirst, drained) = state.withLock { state -> (Bool, (BellError, USBPipeHealth.Verdict)?) in
            guard !state.hasEnded else { return (false, nil) }
            state.queue.finished(piece.number, taken: taken, failed: error != nil)
            state.bytes += UInt64(taken)
            let isFirst = error != nil && state.failure == nil
            if isFirst { state.failure = error }
            if error == nil { _ = state.health.noteTransfer(bytes: taken) }
            guard state.queue.isHalted, state.queue.isDrained, let failure = state.failure else {
                return (isFirst, nil)
            }
            let isMendable = USBPipeHealth.isMendable(failure.code)
            return (isFirst, (failure, isMendable ? state.health.noteFailure(at: now) : .giveUp))
        }
        switch drained {
        case nil: if isFirst { streaming.cancelWrites(to: endpoint) } else { pump() }
        case (let failure, .giveUp)?: onFailure(failure)
        case (let failure, .goOn)?: Task { await mend(failure) }
        }
    }

    private func mend(_ failure: BellError) async {
        do throws(BellError) {
            try await interface.mend(endpoint, after: failure)
        } catch {
            onFailure(error)
            return
        }
        state.withLock { state in
            state.failure = nil
            state.queue.restart()
        }
        pump()
    }
}
