import DriverKit

/// One endpoint of a simulated device: what the host has submitted to it and when it may be served.
struct DevicePipe: Sendable {
    let endpoint: USBEndpoint
    var isHalted = false
    /// Transfers submitted since the device was plugged in.
    var submitted = 0
    /// On a paced endpoint: when the transfer at the head may move, nanoseconds of the monotonic clock.
    var due: UInt64?
    /// On a paced IN endpoint: what the model gave for the transfer at the head, kept until ``due``.
    var held: USBTransferOutcome?
    private var waiting: [USBTransfer] = []
    private var head = 0
    /// The last boundary that was used.
    private var lastDue: UInt64 = 0

    init(_ endpoint: USBEndpoint) { self.endpoint = endpoint }

    var isEmpty: Bool { head == waiting.count }
    var first: USBTransfer? { isEmpty ? nil : waiting[head] }

    mutating func append(_ transfer: USBTransfer) { waiting.append(transfer) }

    /// Removes the transfer at the head, and with it what was kept for it.
    mutating func removeFirst() -> USBTransfer {
        let transfer = waiting[head]
        head += 1
        if head == waiting.count || head >= 256 {
            waiting.removeFirst(head)
            head = 0
        }
        due = nil
        held = nil
        return transfer
    }

    /// Takes a transfer out of the queue, with what the model had given for it; nil when it is not there.
    mutating func remove(id: UInt64) -> (USBTransfer, USBTransferOutcome?)? {
        guard let place = waiting[head...].firstIndex(where: { $0.id == id }) else { return nil }
        guard place == head else { return (waiting.remove(at: place), nil) }
        let held = held
        return (removeFirst(), held)
    }

    /// Sets the time at which the head may move: the next boundary of the endpoint's interval that is still free.
    ///
    /// High speed: the interval is 2^(bInterval − 1) microframes of 125 µs (USB 2.0, table 9-13).
    mutating func schedule(after now: UInt64) {
        let exponent = UInt64(min(max(endpoint.interval, 1), 16)) - 1
        let interval: UInt64 = 125_000 << exponent
        let boundary = (now / interval + 1) * interval
        let next = max(boundary, lastDue + interval)
        due = next
        lastDue = next
    }
}
