import BellModel
import CLibUSB
import DriverKit
import Synchronization

/// Several reads of one bulk IN endpoint, submitted again in their completions; their buffers are kept.
final class LibUSBReadStream: USBReadStream, LibUSBActivity {
    /// One of the reads.
    private final class Slot: Sendable {
        // Unowned: the stream outlives its slots' transfers, because it is retained while they are under way.
        unowned let stream: LibUSBReadStream
        // Touched by libusb while under way, then by the completion, and else under the stream's lock.
        nonisolated(unsafe) let raw: UnsafeMutablePointer<libusb_transfer>
        nonisolated(unsafe) let buffer: UnsafeMutableRawBufferPointer

        init(_ stream: LibUSBReadStream, _ raw: UnsafeMutablePointer<libusb_transfer>, bytes: Int) {
            self.stream = stream
            self.raw = raw
            buffer = .allocate(byteCount: bytes, alignment: 4096)
        }

        deinit {
            libusb_free_transfer(raw)
            buffer.deallocate()
        }
    }

    private struct State {
        var slots: [Slot] = []
        /// Slots that wait for room or a start.
        var parked: [Slot] = []
        /// Slots under way, the oldest first.
        var flying: [Slot] = []
        /// Pauses that were not undone; a resume that overtakes its pause makes it negative for a moment.
        var pauses = 0
        var isRunning = false
        /// Ended from outside, for good.
        var stopped: BellError?
        /// Why it is to end, and whether data that still comes is wanted.
        var ending: (reason: BellError, isFromOutside: Bool)?
        /// Keeps the stream while it runs.
        var itself: LibUSBReadStream?
    }

    private let handle: LibUSBHandle
    private let endpoint: UInt8
    private let shape: USBStreamShape
    private let onData: @Sendable (UnsafeRawBufferPointer) -> Void
    private let onEnd: @Sendable (BellError) -> Void
    private let state = Mutex(State())
    private static let what = "A continuous read failed."

    init(
        on handle: LibUSBHandle, endpoint: USBEndpoint, shape: USBStreamShape,
        onData: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        onEnd: @escaping @Sendable (BellError) -> Void
    ) throws(BellError) {
        self.handle = handle
        self.endpoint = endpoint.address
        self.shape = shape
        self.onData = onData
        self.onEnd = onEnd
        handle.context.budget.take(shape.totalBytes)
        for _ in 0..<shape.transfers {
            guard let raw = libusb_alloc_transfer(0) else {
                throw LibUSBError.error(
                    LIBUSB_ERROR_NO_MEM.rawValue, of: "libusb_alloc_transfer", LibUSBReadStream.what, at: handle.place)
            }
            let slot = Slot(self, raw, bytes: shape.bytes)
            raw.pointee.dev_handle = handle.raw
            raw.pointee.endpoint = endpoint.address
            raw.pointee.type = UInt8(truncatingIfNeeded: LIBUSB_TRANSFER_TYPE_BULK.rawValue)
            // No time-out: a device may be silent for as long as it likes.
            raw.pointee.timeout = 0
            raw.pointee.buffer = slot.buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            raw.pointee.length = Int32(shape.bytes)
            raw.pointee.user_data = Unmanaged.passUnretained(slot).toOpaque()
            raw.pointee.callback = { transfer in
                guard let data = transfer?.pointee.user_data else { return }
                let slot = Unmanaged<Slot>.fromOpaque(data).takeUnretainedValue()
                slot.stream.completed(slot)
            }
            state.withLock { state in
                state.slots.append(slot)
                state.parked.append(slot)
            }
        }
    }

    deinit { handle.context.budget.release(shape.totalBytes) }

    func start() throws(BellError) {
        try handle.begin(self)
        let failure: BellError? = state.withLock { state in
            if let stopped = state.stopped { return stopped }
            state.ending = nil
            let result = submitParked(&state)
            // With fewer reads than planned it is slower; with none it does not work.
            guard result == 0 || !state.flying.isEmpty else {
                return submitError(result)
            }
            state.isRunning = true
            state.itself = self
            return nil
        }
        guard let failure else { return }
        handle.end(self)
        throw failure
    }

    func pause() { state.withLock { $0.pauses += 1 } }

    func resume() {
        end(
            state.withLock { state in
                state.pauses -= 1
                guard state.isRunning, state.ending == nil else { return nil }
                let result = submitParked(&state)
                if result != 0, state.flying.isEmpty { fail(&state, submitError(result)) }
                return endIfDrained(&state)
            })
    }

    func stop() { cancel(.usbClosed(at: handle.place)) }

    func cancel(_ reason: BellError) {
        end(
            state.withLock { state in
                if state.stopped == nil { state.stopped = reason }
                guard state.isRunning else { return nil }
                if state.ending == nil {
                    state.ending = (reason, true)
                    cancelFlying(state)
                }
                return endIfDrained(&state)
            })
    }

    private func completed(_ slot: Slot) {
        let error = handle.error(slot.raw.pointee.status, LibUSBReadStream.what)
        let count = Int(slot.raw.pointee.actual_length)
        let isWanted = state.withLock { $0.ending?.isFromOutside != true }
        // What came before a failure, or before a sibling's failure, is part of the stream.
        if isWanted, error == nil || count > 0 {
            onData(UnsafeRawBufferPointer(start: slot.buffer.baseAddress, count: count))
        }
        end(
            state.withLock { state in
                state.flying.removeAll { $0 === slot }
                state.parked.append(slot)
                if let error, state.ending == nil { fail(&state, error) }
                if state.ending == nil {
                    let result = submitParked(&state)
                    if result != 0, state.flying.isEmpty { fail(&state, submitError(result)) }
                }
                return endIfDrained(&state)
            })
    }

    /// Submits what is parked, unless paused.
    private func submitParked(_ state: inout State) -> Int32 {
        while state.pauses <= 0, let slot = state.parked.first {
            let result = libusb_submit_transfer(slot.raw)
            guard result == 0 else { return result }
            state.parked.removeFirst()
            state.flying.append(slot)
        }
        return 0
    }

    private func fail(_ state: inout State, _ error: BellError) {
        state.ending = (error, false)
        cancelFlying(state)
    }

    private func submitError(_ result: Int32) -> BellError {
        handle.error(result, of: "libusb_submit_transfer", LibUSBReadStream.what)
    }

    /// The youngest first, so that none of them takes data that an older one should have had.
    private func cancelFlying(_ state: borrowing State) {
        for slot in state.flying.reversed() { libusb_cancel_transfer(slot.raw) }
    }

    private func endIfDrained(_ state: inout State) -> (BellError, LibUSBReadStream)? {
        guard state.isRunning, state.flying.isEmpty, let ending = state.ending, let itself = state.itself else {
            return nil
        }
        state.isRunning = false
        state.itself = nil
        return (ending.reason, itself)
    }

    private func end(_ ended: (reason: BellError, itself: LibUSBReadStream)?) {
        guard let ended else { return }
        handle.end(ended.itself)
        onEnd(ended.reason)
    }
}
