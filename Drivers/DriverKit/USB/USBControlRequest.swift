/// The eight bytes of a control transfer's setup stage (USB 2.0, section 9.3).
public struct USBControlRequest: Hashable, Sendable {
    /// `bmRequestType`: bit 7 says that the device sends the data stage.
    public var type: UInt8
    /// `bRequest`.
    public var request: UInt8
    /// `wValue`.
    public var value: UInt16
    /// `wIndex`.
    public var index: UInt16
    /// `wLength`: bytes of the data stage.
    public var length: UInt16

    public init(type: UInt8, request: UInt8, value: UInt16 = 0, index: UInt16 = 0, length: UInt16 = 0) {
        self.type = type
        self.request = request
        self.value = value
        self.index = index
        self.length = length
    }

    /// Whether the device sends the data stage.
    public var isIn: Bool { type & 0x80 != 0 }
}
