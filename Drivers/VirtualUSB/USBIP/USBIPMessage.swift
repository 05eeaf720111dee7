import DriverKit

/// The messages of USB/IP 1.1.1, big-endian.
///
/// - SeeAlso: Linux kernel documentation, "USB/IP protocol" (Documentation/usb/usbip_protocol.rst).
enum USBIP {
    static let version: UInt16 = 0x0111
    static let requestDeviceList: UInt16 = 0x8005
    static let requestImport: UInt16 = 0x8003
    static let replyDeviceList: UInt16 = 0x0005
    static let replyImport: UInt16 = 0x0003
    /// Bytes of a request's head: version, code, status.
    static let operationSize = 8
    /// Bytes of a bus id, padded with zeros.
    static let busIDSize = 32
    /// Bytes of the head of every command and reply after the import.
    static let headerSize = 48

    /// What a request is answered with in place of 0.
    enum Refusal: UInt32, Error {
        case busy = 2
        case noSuchDevice = 4
        case malformed = 5
    }

    /// Negated error numbers of Linux in a reply's status.
    enum Status {
        static let ok: Int32 = 0
        static let stall: Int32 = -32
        static let overflow: Int32 = -75
        static let unlinked: Int32 = -104
        static let shortPacket: Int32 = -121
    }

    /// `URB_SHORT_NOT_OK`: a short read is an error.
    static let shortNotOK: UInt32 = 1

    /// One transfer that the host submits.
    struct Submission: Equatable {
        var sequence: UInt32
        var endpoint: UInt8
        var isIn: Bool
        var flags: UInt32
        var length: Int
        var setup: USBControlRequest

        /// The endpoint's address with the direction.
        var address: UInt8 { endpoint | (isIn ? 0x80 : 0) }
    }

    enum Command: Equatable {
        case submit(Submission)
        case unlink(sequence: UInt32, target: UInt32)
    }

    /// Reads the 48 bytes of a command; nil when it is none that is served: a hostile or an isochronous one.
    ///
    /// - Parameter longest: The most bytes that a transfer may have.
    static func command(_ header: UnsafeRawBufferPointer, longest: Int) -> Command? {
        guard header.count == headerSize else { return nil }
        func word(_ offset: Int) -> UInt32 {
            UInt32(bigEndian: header.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        let sequence = word(4)
        switch word(0) {
        case 1:
            let (direction, endpoint, length, packets) = (word(12), word(16), word(24), word(32))
            guard direction <= 1, endpoint <= 15, length <= longest else { return nil }
            // No isochronous transfers: 0 from Linux, all ones by the documentation.
            guard packets == 0 || packets == .max else { return nil }
            func half(_ offset: Int) -> UInt16 {
                UInt16(littleEndian: header.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            }
            let setup = USBControlRequest(
                type: header[40], request: header[41], value: half(42), index: half(44), length: half(46))
            return .submit(
                Submission(
                    sequence: sequence, endpoint: UInt8(endpoint), isIn: direction == 1, flags: word(20),
                    length: Int(length), setup: setup))
        case 2: return .unlink(sequence: sequence, target: word(20))
        default: return nil
        }
    }

    /// RET_SUBMIT without its data.
    static func submitReply(_ sequence: UInt32, status: Int32, actualLength: Int) -> [UInt8] {
        header(command: 3, sequence, [UInt32(bitPattern: status), UInt32(truncatingIfNeeded: actualLength)])
    }

    /// RET_UNLINK: ``Status/unlinked``, or 0 when the transfer was over already.
    static func unlinkReply(_ sequence: UInt32, status: Int32) -> [UInt8] {
        header(command: 4, sequence, [UInt32(bitPattern: status)])
    }

    private static func header(command: UInt32, _ sequence: UInt32, _ words: [UInt32]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: headerSize) { buffer, count in
            buffer.initialize(repeating: 0)
            let raw = UnsafeMutableRawBufferPointer(buffer)
            raw.storeBytes(of: command.bigEndian, toByteOffset: 0, as: UInt32.self)
            raw.storeBytes(of: sequence.bigEndian, toByteOffset: 4, as: UInt32.self)
            for (place, word) in words.enumerated() {
                raw.storeBytes(of: word.bigEndian, toByteOffset: 20 + 4 * place, as: UInt32.self)
            }
            count = headerSize
        }
    }

    /// The head of an answer to a request.
    static func operation(_ code: UInt16, status: UInt32 = 0) -> [UInt8] {
        bytes(version) + bytes(code) + bytes(status)
    }

    static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
