/// One endpoint of a claimed interface.
public struct USBEndpoint: Hashable, Sendable {
    /// How bytes move on it; isochronous endpoints are not used here.
    public enum Kind: Hashable, Sendable {
        case bulk
        case interrupt
    }

    /// The address with the direction in bit 7, for example 0x81.
    public var address: UInt8
    public var kind: Kind
    /// Bytes in a full packet (`wMaxPacketSize`).
    public var maximumPacket: Int
    /// `bInterval` of the descriptor; its unit depends on the speed.
    public var interval: UInt8

    public init(address: UInt8, kind: Kind, maximumPacket: Int, interval: UInt8 = 0) {
        self.address = address
        self.kind = kind
        self.maximumPacket = maximumPacket
        self.interval = interval
    }

    /// Whether the device sends on it.
    public var isIn: Bool { address & 0x80 != 0 }
}
