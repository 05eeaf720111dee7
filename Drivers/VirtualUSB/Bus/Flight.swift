import Synchronization

/// One transfer of a task with a simulated device: ends with the device's outcome, or is stopped first.
final class Flight: Sendable {
    /// Why it was stopped.
    enum Stop: Sendable {
        case timeout
        case cancelled
        case closed
    }

    enum Ending: Sendable {
        case ended(USBTransferOutcome)
        case stopped(Stop)
    }

    private struct State {
        var continuation: CheckedContinuation<Ending, Never>?
        var transfer: UInt64?
        var stop: Stop?
        var isOver = false
        var timer: Task<Void, Never>?
    }

    private let device: VirtualUSBDevice
    private let state = Mutex(State())

    init(device: VirtualUSBDevice) { self.device = device }

    /// Submits the transfer and waits for its end; call it once.
    func fly(
        _ work: USBTransfer.Work, to endpoint: UInt8, generation: UInt64, timeout: Duration
    ) async -> Ending {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.continuation = continuation }
                let id = device.submit(work, to: endpoint, generation: generation) { [self] in end($0) }
                let (isOver, isStopped) = state.withLock { state in
                    state.transfer = id
                    return (state.isOver, state.stop != nil)
                }
                if isOver { return }
                if isStopped { return device.cancel(id) }
                let timer = Task { [weak self] in
                    guard (try? await Task.sleep(for: timeout)) != nil else { return }
                    self?.stop(.timeout)
                }
                let isLate = state.withLock { state in
                    if !state.isOver { state.timer = timer }
                    return state.isOver
                }
                if isLate { timer.cancel() }
            }
        } onCancel: {
            stop(.cancelled)
        }
    }

    /// Takes the transfer back, unless it is over; the first reason counts.
    func stop(_ reason: Stop) {
        let transfer = state.withLock { state -> UInt64? in
            guard !state.isOver, state.stop == nil else { return nil }
            state.stop = reason
            return state.transfer
        }
        if let transfer { device.cancel(transfer) }
    }

    private func end(_ outcome: USBTransferOutcome) {
        let (continuation, timer, stop) = state.withLock { state in
            state.isOver = true
            defer { (state.continuation, state.timer) = (nil, nil) }
            return (state.continuation, state.timer, state.stop)
        }
        timer?.cancel()
        if outcome == .cancelled, let stop {
            continuation?.resume(returning: .stopped(stop))
        } else {
            continuation?.resume(returning: .ended(outcome))
        }
    }
}
