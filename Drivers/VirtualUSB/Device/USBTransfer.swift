/// How one transfer of a simulated device ended.
public enum USBTransferOutcome: Equatable, Sendable {
    /// It went through: the bytes of an IN transfer, nothing for an OUT one.
    case done([UInt8])
    /// The device refused it; a bulk or interrupt endpoint is halted now.
    case stall
    /// The device had more than was asked for.
    case overflow
    /// The device is not plugged in any more.
    case unplugged
    /// The host took it back before the device answered.
    case cancelled
}

/// A bulk or interrupt transfer that a host has submitted.
struct USBTransfer: Sendable {
    enum Work: Sendable {
        case write([UInt8])
        case read(Int)
    }

    /// Names it for a cancellation; unique in its device.
    var id: UInt64
    var work: Work
    /// Its place among all transfers of its endpoint since the device was plugged in, from 1.
    var ordinal = 0
    /// Runs once, without any lock held.
    var complete: @Sendable (USBTransferOutcome) -> Void
}
