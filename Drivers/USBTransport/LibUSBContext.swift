import BellHost
import BellModel
import CLibUSB
import Glibc
import Synchronization

/// One libusb context and the one thread that serves it; completions and hotplug calls run on that thread.
///
/// The thread sleeps in `libusb_handle_events_timeout_completed` and wakes for events only. It also closes devices
/// between two rounds of events, because `libusb_close` is not allowed in a completion, and it ends the context
/// (`libusb_exit`) when it was told to stop and nothing uses the context any more.
final class LibUSBContext: Sendable {
    private struct State {
        /// Open devices and blocking calls under way.
        var users = 0
        var isStopping = false
        var hasEnded = false
        var jobs: [@Sendable () -> Void] = []
        var handles: [ObjectIdentifier: LibUSBHandle] = [:]
        var thread: JoinableThread?
    }

    // libusb's functions on a context are thread safe, and the pointer never changes.
    nonisolated(unsafe) let raw: OpaquePointer
    let budget: USBMemoryBudget
    let hotplug = LibUSBHotplug()
    private let state = Mutex(State())

    /// Makes the context and starts its thread.
    ///
    /// - Throws: `usb.io` when libusb cannot start (`libusb_init`), for example without `/dev/bus/usb`;
    ///   `host.system-failed` when no thread is left.
    init() throws(BellError) {
        var pointer: OpaquePointer?
        let result = libusb_init(&pointer)
        guard result == 0, let pointer else {
            throw LibUSBError.error(result, of: "libusb_init", "USB cannot be used on this computer.", at: "libusb")
        }
        raw = pointer
        budget = .ofThisComputer()
        do throws(BellError) {
            // The thread holds the context until it has ended it.
            let thread = try startJoinableThread(named: "usb") { [self] in run() }
            state.withLock { $0.thread = thread }
        } catch {
            libusb_exit(pointer)
            throw error
        }
    }

    // MARK: Users

    /// Keeps the context alive until ``release()``.
    ///
    /// - Throws: `usb.closed` when it is being ended.
    func acquire() throws(BellError) {
        let isOpen = state.withLock { state in
            if !state.isStopping { state.users += 1 }
            return !state.isStopping
        }
        guard isOpen else { throw .usbClosed(at: "libusb") }
    }

    func release() {
        state.withLock { state in
            state.users -= 1
            if state.isStopping, state.users == 0 { wake(state) }
        }
    }

    /// Runs a blocking call on a thread of its own: it must not hold up the few threads that Swift shares among tasks.
    func blocking<Value: Sendable>(
        _ body: @escaping @Sendable () throws(BellError) -> Value
    ) async throws(BellError) -> Value {
        try acquire()
        let result: Result<Value, BellError> = await withCheckedContinuation { continuation in
            do throws(BellError) {
                try startThread(named: "usb call") { [self] in
                    let result: Result<Value, BellError>
                    do throws(BellError) { result = .success(try body()) } catch { result = .failure(error) }
                    release()
                    continuation.resume(returning: result)
                }
            } catch {
                release()
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// Whether ``shutdown()`` was called.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    // MARK: Devices

    /// Notes an open device, so that the end closes it; at once, if the end has begun meanwhile. The caller has acquired
    /// the context for it.
    func adopt(_ handle: LibUSBHandle) {
        let isStopping = state.withLock { state in
            state.handles[ObjectIdentifier(handle)] = handle
            return state.isStopping
        }
        if isStopping { handle.close() }
    }

    /// Closes a device whose transfers have all ended; on the event thread, soon.
    func retire(_ handle: LibUSBHandle) {
        post { [self] in
            handle.closeNow()
            _ = state.withLock { $0.handles.removeValue(forKey: ObjectIdentifier(handle)) }
            release()
        }
    }

    private func post(_ job: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.jobs.append(job)
            wake(state)
        }
    }

    // MARK: The thread

    /// Closes all devices, waits for the thread and for `libusb_exit`. Called on the thread itself it does not wait.
    func shutdown() {
        hotplug.finish()
        let (thread, handles) = state.withLock { state in
            let thread = state.thread
            state.thread = nil
            state.isStopping = true
            wake(state)
            return (thread, Array(state.handles.values))
        }
        for handle in handles { handle.close() }
        thread?.join()
    }

    /// Wakes the thread; under the lock, so that the context is not ended meanwhile.
    private func wake(_ state: borrowing State) {
        if !state.hasEnded { libusb_interrupt_event_handler(raw) }
    }

    private func run() {
        while !serveJobs() {
            var limit = timeval(tv_sec: 3600, tv_usec: 0)
            let result = libusb_handle_events_timeout_completed(raw, &limit, nil)
            // A failing poll must not become a busy loop.
            if result < 0, result != LIBUSB_ERROR_INTERRUPTED.rawValue { usleep(10_000) }
        }
        hotplug.deregister(from: raw)
        libusb_exit(raw)
    }

    /// Runs what was posted; true when the context has no user any more and is to be ended.
    private func serveJobs() -> Bool {
        while true {
            let (jobs, isOver) = state.withLock { state in
                let jobs = state.jobs
                state.jobs = []
                state.hasEnded = jobs.isEmpty && state.isStopping && state.users == 0
                return (jobs, state.hasEnded)
            }
            if isOver { return true }
            if jobs.isEmpty { return false }
            for job in jobs { job() }
        }
    }
}
