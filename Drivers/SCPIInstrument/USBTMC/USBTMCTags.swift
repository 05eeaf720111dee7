/// Numbers the transfers of one device, and remembers which ones an abort would have to name.
///
/// - SeeAlso: USBTMC 1.0, section 3.2, table 1: bTag is 1 … 255 and changes with each transfer.
public struct USBTMCTags: Equatable, Sendable {
    private var last: UInt8
    private var lastStatus: UInt8 = 127
    /// bTag of the last message to the device.
    public private(set) var write: UInt8 = 0
    /// bTag of the last request for a reply.
    public private(set) var read: UInt8 = 0

    /// - Parameter last: The tag before the first one that will be used.
    public init(last: UInt8 = 0) { self.last = last }

    /// The tag of the next message to the device (or trigger).
    public mutating func nextWrite() -> UInt8 {
        write = advance()
        return write
    }

    /// The tag of the next request for a reply.
    public mutating func nextRead() -> UInt8 {
        read = advance()
        return read
    }

    /// The tag of the next READ_STATUS_BYTE: 2 … 127, since 1 would look like a service request (USB488, table 11).
    public mutating func nextStatus() -> UInt8 {
        lastStatus = lastStatus >= 127 ? 2 : lastStatus + 1
        return lastStatus
    }

    private mutating func advance() -> UInt8 {
        last = last == 255 ? 1 : last + 1
        return last
    }
}
