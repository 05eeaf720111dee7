import BellModel
import CKernels

/// One message of the board protocol, checked and unwrapped: the header's fields and the payload's bytes.
///
/// On the wire: 24 bytes of header, then the payload; little-endian.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 4 | magic, the ASCII letters `BELL` |
/// | 4 | 2 | version, u16 = 1 |
/// | 6 | 2 | message type, u16 |
/// | 8 | 4 | sequence, u32, 1 … 2^32 − 1 |
/// | 12 | 4 | reply to: the sequence of the request that is answered, u32; 0 = unsolicited |
/// | 16 | 4 | payload length, u32, at most 1 MiB |
/// | 20 | 4 | CRC-32C of bytes 0–19 and then of the payload, u32 |
///
/// - SeeAlso: docs/board-protocol.md, "Frame".
public struct Frame: Equatable, Sendable {
    /// The version that this library speaks.
    public static let version: UInt16 = 1
    /// The header's size in bytes.
    public static let headerSize = 24
    /// The largest payload in bytes: 1 MiB.
    public static let maximumPayload = 1 << 20
    /// The largest frame in bytes.
    public static let maximumSize = headerSize + maximumPayload
    /// `BELL`.
    static let magic: [UInt8] = [0x42, 0x45, 0x4C, 0x4C]

    /// The message type as on the wire, known or not.
    public var type: UInt16
    /// The sender's number of this frame.
    public var sequence: UInt32
    /// The request that this frame answers, or 0.
    public var replyTo: UInt32
    /// Shares the received frame's storage; its indices start at 24 when it was decoded.
    public var payload: ArraySlice<UInt8>

    public init(type: UInt16, sequence: UInt32, replyTo: UInt32 = 0, payload: [UInt8]) {
        self.type = type
        self.sequence = sequence
        self.replyTo = replyTo
        self.payload = payload[...]
    }

    init(type: UInt16, sequence: UInt32, replyTo: UInt32, slice: ArraySlice<UInt8>) {
        self.type = type
        self.sequence = sequence
        self.replyTo = replyTo
        payload = slice
    }

    /// The frame's bytes. One copy of the payload, one pass of CRC-32C.
    ///
    /// A payload over ``maximumPayload`` is written as it is and refused by every receiver; callers bound it first.
    public func encoded() -> [UInt8] {
        Frame.assemble(type: type, sequence: sequence, replyTo: replyTo, payloadSize: payload.count) { bytes in
            bytes.append(contentsOf: payload)
        }
    }

    /// Writes a header, lets `append` add the payload behind it, and fills in length and checksum.
    static func assemble(
        type: UInt16, sequence: UInt32, replyTo: UInt32, payloadSize: Int, append: (inout [UInt8]) -> Void
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headerSize + payloadSize)
        bytes.append(contentsOf: magic)
        bytes.appendLittleEndian(version)
        bytes.appendLittleEndian(type)
        bytes.appendLittleEndian(sequence)
        bytes.appendLittleEndian(replyTo)
        bytes.appendLittleEndian(UInt64(0))
        append(&bytes)
        let length = UInt32(truncatingIfNeeded: bytes.count - headerSize)
        bytes.withUnsafeMutableBytes { raw in
            raw.storeBytes(of: length.littleEndian, toByteOffset: 16, as: UInt32.self)
            let checksum = Frame.checksum(of: UnsafeRawBufferPointer(raw))
            raw.storeBytes(of: checksum.littleEndian, toByteOffset: 20, as: UInt32.self)
        }
        return bytes
    }

    /// Checks a whole frame and unwraps it; the payload is not copied.
    ///
    /// - Throws: ``FrameError`` in this order of checks: ``FrameError/truncated(have:need:)``,
    ///   ``FrameError/badMagic``, ``FrameError/oversized(_:)``, ``FrameError/lengthMismatch(declared:actual:)``,
    ///   ``FrameError/badChecksum``, ``FrameError/wrongVersion(_:sequence:)``.
    public static func decode(_ bytes: [UInt8]) throws(FrameError) -> Frame {
        guard bytes.count >= headerSize else { throw .truncated(have: bytes.count, need: headerSize) }
        let header = bytes.withUnsafeBytes { Header($0) }
        guard header.hasMagic else { throw .badMagic }
        guard header.length <= maximumPayload else { throw .oversized(header.length) }
        let actual = bytes.count - headerSize
        if actual < header.length { throw .truncated(have: bytes.count, need: headerSize + header.length) }
        guard actual == header.length else { throw .lengthMismatch(declared: header.length, actual: actual) }
        guard bytes.withUnsafeBytes({ checksum(of: $0) }) == header.checksum else { throw .badChecksum }
        guard header.version == version else { throw .wrongVersion(header.version, sequence: header.sequence) }
        return Frame(
            type: header.type, sequence: header.sequence, replyTo: header.replyTo, slice: bytes[headerSize...])
    }

    /// CRC-32C of bytes 0–19 and then of everything from byte 24 on.
    static func checksum(of frame: UnsafeRawBufferPointer) -> UInt32 {
        guard let base = frame.baseAddress, frame.count >= headerSize else { return 0 }
        let header = bell_crc32c(0, base, 20)
        return bell_crc32c(header, base + headerSize, frame.count - headerSize)
    }

    /// A header's fields, unchecked.
    struct Header {
        var hasMagic: Bool
        var version: UInt16
        var type: UInt16
        var sequence: UInt32
        var replyTo: UInt32
        var length: Int
        var checksum: UInt32

        /// Reads 24 bytes; `raw` must hold them.
        init(_ raw: UnsafeRawBufferPointer) {
            func word(_ offset: Int) -> UInt32 {
                UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            }
            hasMagic = (0..<4).allSatisfy { raw[$0] == Frame.magic[$0] }
            version = UInt16(truncatingIfNeeded: word(4))
            type = UInt16(truncatingIfNeeded: word(4) >> 16)
            sequence = word(8)
            replyTo = word(12)
            length = Int(word(16))
            checksum = word(20)
        }
    }
}

/// CRC-32C (Castagnoli, iSCSI) of bytes, as the board protocol uses it; the C function is `bell_crc32c`.
public func crc32c(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { bell_crc32c(0, $0.baseAddress, $0.count) }
}
