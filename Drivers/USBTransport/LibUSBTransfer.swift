import BellModel
import CLibUSB
import DriverKit
import Synchronization

/// One asynchronous transfer: its memory lives until libusb's completion, whoever gave up before.
///
/// It goes through idle → under way → over, and is completed once. A cancellation before the submission prevents it; one
/// that comes too late changes nothing.
final class LibUSBTransfer: LibUSBActivity, Sendable {
    enum Kind {
        case bulk
        case interrupt
        case control
    }

    /// How it ended: the bytes that moved, and why there were not more.
    struct Outcome: Sendable {
        var moved: Int
        var error: BellError?
        var isTimeout = false
    }

    private enum Phase {
        case idle
        case underWay
        case over
    }

    private struct State {
        var phase = Phase.idle
        var reason: BellError?
        var completion: (@Sendable (LibUSBTransfer, Outcome) -> Void)?
    }

    // Both are touched by one thread at a time: the starter's until the submission, libusb's until the completion, and
    // then the completion's.
    nonisolated(unsafe) private let raw: UnsafeMutablePointer<libusb_transfer>
    nonisolated(unsafe) let buffer: UnsafeMutableRawBufferPointer
    let endpoint: UInt8
    private let handle: LibUSBHandle
    private let what: String
    private let state = Mutex(State())

    /// Prepares a transfer with a buffer of `count` bytes; nothing happens yet.
    ///
    /// - Parameters:
    ///   - timeout: Milliseconds, 0 for none.
    ///   - what: The sentence of its errors.
    /// - Throws: `usb.memory` when libusb has none (`libusb_alloc_transfer`).
    init(
        _ kind: Kind, on handle: LibUSBHandle, endpoint: UInt8, count: Int, timeout: UInt32, flags: UInt8 = 0,
        what: String
    ) throws(BellError) {
        guard let raw = libusb_alloc_transfer(0) else {
            throw LibUSBError.error(
                LIBUSB_ERROR_NO_MEM.rawValue, of: "libusb_alloc_transfer", what, at: handle.place)
        }
        self.raw = raw
        self.endpoint = endpoint
        self.handle = handle
        self.what = what
        // One byte at least, so that an empty transfer has an address too.
        buffer = .allocate(byteCount: max(1, count), alignment: 16)
        raw.pointee.dev_handle = handle.raw
        raw.pointee.endpoint = endpoint
        raw.pointee.flags = flags
        raw.pointee.type =
            switch kind {
            case .bulk: UInt8(truncatingIfNeeded: LIBUSB_TRANSFER_TYPE_BULK.rawValue)
            case .interrupt: UInt8(truncatingIfNeeded: LIBUSB_TRANSFER_TYPE_INTERRUPT.rawValue)
            case .control: UInt8(truncatingIfNeeded: LIBUSB_TRANSFER_TYPE_CONTROL.rawValue)
            }
        raw.pointee.timeout = timeout
        raw.pointee.buffer = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        raw.pointee.length = Int32(count)
        raw.pointee.callback = { transfer in
            guard let transfer, let data = transfer.pointee.user_data else { return }
            Unmanaged<LibUSBTransfer>.fromOpaque(data).takeRetainedValue().completed()
        }
    }

    deinit {
        libusb_free_transfer(raw)
        buffer.deallocate()
    }

    /// Submits it. `completion` is called once: on the event thread, or here when it cannot be submitted.
    func start(_ completion: @escaping @Sendable (LibUSBTransfer, Outcome) -> Void) {
        do throws(BellError) {
            try handle.begin(self)
        } catch {
            completion(self, Outcome(moved: 0, error: error))
            return
        }
        let failure: BellError? = state.withLock { state in
            if let reason = state.reason { return reason }
            raw.pointee.user_data = Unmanaged.passRetained(self).toOpaque()
            let result = libusb_submit_transfer(raw)
            guard result == 0 else {
                Unmanaged.passUnretained(self).release()
                return handle.error(result, of: "libusb_submit_transfer", what)
            }
            state.phase = .underWay
            state.completion = completion
            return nil
        }
        guard let failure else { return }
        state.withLock { $0.phase = .over }
        handle.end(self)
        completion(self, Outcome(moved: 0, error: failure))
    }

    func cancel(_ reason: BellError) {
        state.withLock { state in
            guard state.phase != .over, state.reason == nil else { return }
            state.reason = reason
            // Under the lock: the completion, which frees the transfer, waits for it.
            if state.phase == .underWay { libusb_cancel_transfer(raw) }
        }
    }

    /// The error of a write of which the device took a part without saying why.
    func short(_ moved: Int) -> BellError {
        BellError(.usbIO, what, at: handle.place, cause: "the device took \(moved) bytes")
    }

    private func completed() {
        let (reason, completion) = state.withLock { state in
            state.phase = .over
            let completion = state.completion
            state.completion = nil
            return (state.reason, completion)
        }
        var outcome = Outcome(moved: Int(raw.pointee.actual_length))
        let status = raw.pointee.status
        // A timed-out transfer is cancelled by libusb itself: the reason counts only for an end by our cancelling.
        outcome.isTimeout = status == LIBUSB_TRANSFER_TIMED_OUT
        outcome.error = handle.error(status, what)
        if status == LIBUSB_TRANSFER_CANCELLED, let reason { outcome.error = reason }
        handle.end(self)
        completion?(self, outcome)
    }
}
