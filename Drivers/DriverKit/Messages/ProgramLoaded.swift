import BellModel

/// PROGRAM_LOADED: what a board reads back from its memory after PROGRAM.
public struct ProgramLoaded: Hashable, Sendable {
    /// CRC-32C of the program's bytes.
    public var checksum: UInt32
    /// The program's size in bytes.
    public var size: UInt32

    public init(checksum: UInt32, size: UInt32) {
        self.checksum = checksum
        self.size = size
    }

    /// What a board that stored these bytes reports.
    public init(program: [UInt8]) {
        checksum = crc32c(program)
        size = UInt32(clamping: program.count)
    }
}

extension ProgramLoaded: BoardPayload {
    func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(checksum)
        bytes.appendLittleEndian(size)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        checksum = try reader.integer("checksum")
        size = try reader.integer("size")
    }
}
