import BellModel

/// HELLO: the host greets and asks for everything that it has not acknowledged.
public struct Hello: Hashable, Sendable {
    /// The protocol version that the host wants to speak; 1.
    public var version: UInt16
    /// The host's name and version, for the board's log.
    public var software: String

    public init(version: UInt16 = Frame.version, software: String) {
        self.version = version
        self.software = software
    }
}

extension Hello: BoardPayload {
    func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(version)
        bytes.appendZeroes(2)
        bytes.appendText(software)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        version = try reader.integer("version")
        try reader.skip(2)
        software = try reader.text("software")
    }
}
