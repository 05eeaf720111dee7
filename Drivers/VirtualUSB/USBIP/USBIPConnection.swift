import DriverKit
import Glibc
import Synchronization

/// One host that has imported one device: takes its commands and sends what becomes of them.
final class USBIPConnection: Sendable {
    /// The most bytes of one transfer.
    static let longestTransfer = 16 << 20
    /// The most transfers, and bytes of them, that may wait for the device.
    static let mostPending = 4096
    static let mostPendingBytes = 128 << 20

    private struct Pending {
        var id: UInt64?
        var size: Int
        /// The UNLINK that wants it back.
        var unlink: UInt32?
    }

    private struct State {
        var pending: [UInt32: Pending] = [:]
        var bytes = 0
        var isOver = false
    }

    private let device: VirtualUSBDevice
    private let generation: UInt64
    private let outbox: SocketOutbox
    private let state = Mutex(State())

    init(device: VirtualUSBDevice, generation: UInt64, outbox: SocketOutbox) {
        self.device = device
        self.generation = generation
        self.outbox = outbox
    }

    /// Serves commands until the connection ends or the host breaks a rule; then takes back what waits.
    func run(_ reader: inout SocketReader) {
        defer { end() }
        let header = UnsafeMutableRawBufferPointer.allocate(byteCount: USBIP.headerSize, alignment: 8)
        defer { header.deallocate() }
        while outbox.waitForRoom(), reader.fill(header) {
            let command = USBIP.command(UnsafeRawBufferPointer(header), longest: USBIPConnection.longestTransfer)
            switch command {
            case .submit(let submission):
                guard let data = reader.read(submission.isIn ? 0 : submission.length) else { return }
                guard serve(submission, data) else { return }
            case .unlink(let sequence, let target): unlink(target, by: sequence)
            case nil: return
            }
        }
    }

    /// Queues a transfer or runs a control request; false when the host breaks a rule.
    private func serve(_ submission: USBIP.Submission, _ data: [UInt8]) -> Bool {
        guard submission.endpoint != 0 else {
            answer(submission, control(submission, data))
            return true
        }
        let size = data.count
        let isTaken = state.withLock { state -> Bool in
            guard state.pending[submission.sequence] == nil, state.pending.count < USBIPConnection.mostPending,
                state.bytes + size <= USBIPConnection.mostPendingBytes
            else { return false }
            state.pending[submission.sequence] = Pending(id: nil, size: size)
            state.bytes += size
            return true
        }
        guard isTaken else { return false }
        let id = device.submit(
            submission.isIn ? .read(submission.length) : .write(data), to: submission.address, generation: generation
        ) { [self] outcome in finish(submission, outcome) }
        state.withLock { $0.pending[submission.sequence]?.id = id }
        return true
    }

    private func control(_ submission: USBIP.Submission, _ data: [UInt8]) -> USBTransferOutcome {
        // Linux's usbip-host takes a port's reset for one of the device; there is no other message for it.
        let portReset = USBControlRequest(type: 0x23, request: 3, value: 4)
        if submission.setup.type == portReset.type, submission.setup.request == portReset.request,
            submission.setup.value == portReset.value
        {
            device.reset()
            return .done([])
        }
        guard device.generation == generation else { return .unplugged }
        return device.control(submission.setup, data: data)
    }

    private func unlink(_ target: UInt32, by sequence: UInt32) {
        let transfer = state.withLock { state -> UInt64? in
            guard state.pending[target] != nil else {
                outbox.send(USBIP.unlinkReply(sequence, status: USBIP.Status.ok))
                return nil
            }
            state.pending[target]?.unlink = sequence
            return state.pending[target]?.id
        }
        if let transfer { device.cancel(transfer) }
    }

    private func finish(_ submission: USBIP.Submission, _ outcome: USBTransferOutcome) {
        // Sent with the lock held: an UNLINK that finds the transfer gone must be answered after it.
        state.withLock { state in
            guard !state.isOver, let pending = state.pending.removeValue(forKey: submission.sequence) else { return }
            state.bytes -= pending.size
            if outcome == .cancelled, let unlink = pending.unlink {
                return outbox.send(USBIP.unlinkReply(unlink, status: USBIP.Status.unlinked))
            }
            answer(submission, outcome)
            if let unlink = pending.unlink { outbox.send(USBIP.unlinkReply(unlink, status: USBIP.Status.ok)) }
        }
    }

    private func answer(_ submission: USBIP.Submission, _ outcome: USBTransferOutcome) {
        var status = USBIP.Status.ok
        var data: [UInt8] = []
        var actual = 0
        switch outcome {
        case .done(let bytes) where submission.isIn:
            data = bytes.count > submission.length ? Array(bytes.prefix(submission.length)) : bytes
            actual = data.count
            if actual < submission.length, submission.flags & USBIP.shortNotOK != 0 {
                status = USBIP.Status.shortPacket
            }
        case .done: actual = submission.length
        case .stall: status = USBIP.Status.stall
        case .overflow: status = USBIP.Status.overflow
        case .cancelled: status = USBIP.Status.unlinked
        // The connection is about to be closed, which says it.
        case .unplugged: return
        }
        outbox.send(USBIP.submitReply(submission.sequence, status: status, actualLength: actual), data)
    }

    /// The host has gone: the device's transfers end, and nothing more is sent.
    private func end() {
        state.withLock { state in
            state.isOver = true
            state.pending = [:]
        }
        if device.generation == generation { device.cancelAll() }
    }
}
