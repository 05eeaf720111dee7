import BellModel
import DriverKit
import Glibc
import Synchronization

/// The memory for transfers under way that this bus may take from the kernel, shared by all of its devices.
///
/// usbfs counts the buffers of all transfers under way, of all programs together, against
/// `/sys/module/usbcore/parameters/usbfs_memory_mb` (Linux, drivers/usb/core/devio.c; MiB, 0 = no limit, 16 unless set),
/// and refuses with ENOMEM what goes beyond. Here transfers wait instead, first come first served, so that they keep
/// their order; streams size themselves by ``limit``.
final class USBMemoryBudget: Sendable {
    private struct State {
        var ledger: USBMemoryLedger
        var waiting: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        /// Answers for tickets whose task has not yet begun to wait.
        var early: [UInt64: Bool] = [:]

        /// Answers tickets; gives the tasks to wake outside of the lock.
        mutating func answer(_ tickets: [UInt64], _ answer: Bool) -> [CheckedContinuation<Bool, Never>] {
            tickets.compactMap { ticket in
                if let continuation = waiting.removeValue(forKey: ticket) { return continuation }
                early[ticket] = answer
                return nil
            }
        }
    }

    private let state: Mutex<State>
    /// Bytes that may be under way.
    let limit: Int

    init(limit: Int) {
        self.limit = limit
        state = Mutex(State(ledger: USBMemoryLedger(limit: limit)))
    }

    /// Reads the kernel's limit.
    static func ofThisComputer() -> USBMemoryBudget {
        USBMemoryBudget(limit: limit(kernelText: read("/sys/module/usbcore/parameters/usbfs_memory_mb")))
    }

    /// Bytes to use when the kernel's parameter reads as `text`; 15/16 of it, because the kernel counts its own records.
    static func limit(kernelText text: String?) -> Int {
        let digits = (text ?? "").prefix { !$0.isWhitespace }
        guard let mebibytes = UInt32(digits) else { return 15 << 20 }
        return mebibytes == 0 ? 4 << 30 : Int(mebibytes) * (15 << 16)
    }

    /// Bytes that are taken now.
    var used: Int { state.withLock { $0.ledger.used } }

    /// Takes without asking: for streams, whose size was fitted to the limit before.
    func take(_ bytes: Int) { state.withLock { $0.ledger.take(bytes) } }

    /// Waits until there is room, and takes it.
    ///
    /// - Throws: `usb.memory` after `timeout`, `usb.cancelled` when the task is cancelled; then nothing was taken.
    func reserve(_ bytes: Int, timeout: Duration, at place: String) async throws(BellError) {
        guard case .waits(let ticket) = state.withLock({ $0.ledger.request(bytes) }) else { return }
        let alarm = Task {
            try await Task.sleep(for: timeout)
            giveUp(ticket)
        }
        defer { alarm.cancel() }
        let isGranted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state in
                    let answer = state.early.removeValue(forKey: ticket)
                    if answer == nil { state.waiting[ticket] = continuation }
                    return answer
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            giveUp(ticket)
        }
        if isGranted { return }
        if Task.isCancelled { throw .usbCancelled(at: place) }
        throw BellError(
            .usbMemory, "There was no memory for a USB transfer of \(bytes) bytes within \(timeout).", at: place,
            cause: "transfers under way have taken the limit of \(limit) bytes", fix: LibUSBError.memoryFix)
    }

    /// Gives back what was taken.
    func release(_ bytes: Int) {
        let granted = state.withLock { state in
            let served = state.ledger.release(bytes)
            return state.answer(served, true)
        }
        for continuation in granted { continuation.resume(returning: true) }
    }

    private func giveUp(_ ticket: UInt64) {
        let (refused, granted) = state.withLock { state in
            let (wasWaiting, served) = state.ledger.withdraw(ticket)
            return (wasWaiting ? state.answer([ticket], false) : [], state.answer(served, true))
        }
        for continuation in refused { continuation.resume(returning: false) }
        for continuation in granted { continuation.resume(returning: true) }
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 32)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        return String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
