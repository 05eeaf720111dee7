public import BellModel
import DriverKit

/// The 12 bytes before the payload of every USBTMC bulk transfer.
///
/// Bytes 0–3 are MsgID, bTag, its complement and 0; 4–7 the size, little-endian; 8 flags; 9 the termination character;
/// 10 and 11 are 0.
///
/// - SeeAlso: USBTMC 1.0, section 3.2 (tables 1 to 9); USB488 1.0, section 3.2.
public struct USBTMCHeader: Equatable, Sendable {
    /// Bytes of a header on the wire.
    public static let size = 12

    /// What follows the header (MsgID).
    public enum Kind: Equatable, Sendable {
        /// DEV_DEP_MSG_OUT (1): a piece of a message to the device; `isLast` is EOM.
        case message(isLast: Bool)
        /// REQUEST_DEV_DEP_MSG_IN (2, to the device): send at most ``USBTMCHeader/transferSize`` bytes, up to this character.
        case request(terminator: UInt8?)
        /// DEV_DEP_MSG_IN (2, from the device): a piece of a reply; `isTerminated` says that it ends with the character.
        case reply(isLast: Bool, isTerminated: Bool)
        /// TRIGGER (128): as the group execute trigger of IEEE 488.
        case trigger
    }

    public var kind: Kind
    /// 1 … 255.
    public var tag: UInt8
    /// Payload bytes of this transfer, without header and padding; in a request, the most that is wanted.
    public var transferSize: UInt32

    public init(_ kind: Kind, tag: UInt8, transferSize: UInt32 = 0) {
        self.kind = kind
        self.tag = tag
        self.transferSize = transferSize
    }

    /// The 12 bytes.
    public var bytes: [UInt8] {
        var bytes = [messageID, tag, ~tag, 0]
        for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: transferSize >> shift)) }
        switch kind {
        case .message(let isLast): bytes += [isLast ? 1 : 0, 0]
        case .request(let terminator?): bytes += [2, terminator]
        case .reply(let isLast, let isTerminated): bytes += [(isLast ? 1 : 0) | (isTerminated ? 2 : 0), 0]
        case .request(nil), .trigger: bytes += [0, 0]
        }
        return bytes + [0, 0]
    }

    private var messageID: UInt8 {
        switch kind {
        case .message: 1
        case .request, .reply: 2
        case .trigger: 128
        }
    }

    /// One OUT transfer: header, payload, and zeros up to a multiple of four.
    public static func transfer(_ payload: ArraySlice<UInt8>, tag: UInt8, isLast: Bool) -> [UInt8] {
        let header = USBTMCHeader(.message(isLast: isLast), tag: tag, transferSize: UInt32(payload.count))
        var bytes = header.bytes
        bytes.reserveCapacity(size + payload.count + 3)
        bytes += payload
        bytes += repeatElement(0, count: padding(after: payload.count))
        return bytes
    }

    /// Zeros that follow a payload of this size, 0 … 3.
    public static func padding(after count: Int) -> Int { (4 - count & 3) & 3 }

    /// Reads the header of a reply.
    ///
    /// - Parameters:
    ///   - tag: What the request carried; the device must repeat it.
    ///   - toleratesTag: For devices whose firmware does not (``USBTMCQuirks``).
    /// - Throws: `instrument.protocol` for fewer than 12 bytes, another MsgID, another tag or a wrong complement.
    public static func reply(
        _ bytes: some Collection<UInt8>, tag: UInt8, toleratesTag: Bool = false
    ) throws(BellError) -> USBTMCHeader {
        let header = Array(bytes.prefix(size))
        guard header.count == size else {
            throw .usbtmc("a reply's first packet has \(header.count) bytes, fewer than its header's \(size)")
        }
        guard header[0] == 2 else { throw .usbtmc("a reply has the MsgID \(header[0]), not 2") }
        guard toleratesTag || (header[1] == tag && header[2] == ~tag) else {
            throw .usbtmc(
                "the device answers request \(header[1]) (complement \(header[2])), but \(tag) was asked")
        }
        let length = header[4...7].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return USBTMCHeader(
            .reply(isLast: header[8] & 1 != 0, isTerminated: header[8] & 2 != 0), tag: header[1],
            transferSize: length)
    }
}

extension BellError {
    /// `instrument.protocol`: the device breaks USBTMC.
    static func usbtmc(_ cause: String) -> BellError {
        BellError(
            .instrumentProtocol, "The instrument's answer is not USBTMC.", cause: cause,
            fix: "ask again; if it stays, switch the instrument off and on and look for newer firmware")
    }
}
