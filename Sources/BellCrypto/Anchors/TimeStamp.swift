public import BellModel

extension BellError.Code {
    /// An outside anchor cannot be read, or is not one of this plan.
    public static let planAnchor = BellError.Code("plan.anchor", exit: .usage)
}

/// A time-stamp authority's reply: that somebody's hash existed before its time.
///
/// Only read here, not believed: the authority's signature is openssl's to check, with the reader's own list of authorities.
/// - SeeAlso: RFC 3161, section 2.4.2; RFC 5652, section 5.
public struct TimeStamp: Equatable, Sendable {
    /// The TimeStampResp, DER, as `openssl ts` reads it.
    public let bytes: [UInt8]
    public let algorithm: SHA2
    /// What was stamped.
    public let imprint: [UInt8]
    /// `genTime`, ISO 8601 UTC.
    public let time: String
    /// Hexadecimal digits.
    public let serial: String
    /// The authority's policy, dotted.
    public let policy: String

    /// The most bytes of a reply; real ones have 1 to 10 kB.
    public static let mostBytes = 1 << 16

    /// Reads a reply.
    ///
    /// - Parameter place: What the reply is called in errors.
    /// - Throws: `plan.anchor` for one that was refused, is larger than ``mostBytes``, has another hash than SHA-256 or
    ///   SHA-512, or is no time stamp.
    public init(_ bytes: [UInt8], place: String) throws(BellError) {
        func wrong(_ what: String, cause: String? = nil) -> BellError {
            BellError(
                .planAnchor, what, at: place, cause: cause,
                fix: "give the authority's reply as it came: openssl ts -reply -in FILE -text must be able to read it")
        }
        guard bytes.count <= Self.mostBytes else {
            throw wrong("A time stamp of \(bytes.count) bytes is not read; \(Self.mostBytes) are the most.")
        }
        var file = DERReader(bytes)
        guard let reply = file.next(.sequence), file.isAtEnd else { throw wrong("This is no time stamp in DER.") }
        var response = DERReader(reply)
        guard let statusInfo = response.next(.sequence) else { throw wrong("This is no reply of an authority.") }
        var status = DERReader(statusInfo)
        guard let granted = status.next(.integer) else { throw wrong("The reply has no status.") }
        guard granted.elementsEqual([0]) || granted.elementsEqual([1]) else {
            throw wrong("The authority refused: status \(Array(granted.prefix(8)).hex).")
        }
        guard let content = Self.content(&response), response.isAtEnd else {
            throw wrong("The reply holds no signed time stamp.")
        }
        guard let info = Info(content) else { throw wrong("The reply's time stamp cannot be read.") }
        guard let algorithm = SHA2.allCases.first(where: { info.algorithm.elementsEqual($0.objectIdentifier) }) else {
            throw BellError(
                .planAnchor, "The time stamp has a hash that belld does not compute.", at: place,
                cause: "object identifier \(info.algorithm.dottedIdentifier ?? "unreadable")",
                fix: "make the query with -sha256 or -sha512")
        }
        self.bytes = bytes
        self.algorithm = algorithm
        imprint = Array(info.imprint)
        time = info.time.description
        serial = Array(info.serial).hex
        policy = info.policy
    }

    /// Tells whether these bytes were stamped.
    public func isOf(_ bytes: [UInt8]) -> Bool { algorithm.hash(bytes) == imprint }

    /// ContentInfo → SignedData → EncapsulatedContentInfo → the octets of TSTInfo.
    private static func content(_ response: inout DERReader) -> ArraySlice<UInt8>? {
        /// 1.2.840.113549.1.7.2 and 1.2.840.113549.1.9.16.1.4.
        let signedData: [UInt8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02]
        let timeStampInfo: [UInt8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04]
        guard let contentInfo = response.next(.sequence),
            let data = explicit(contentInfo, of: signedData, inside: .sequence)
        else { return nil }
        var signed = DERReader(data)
        guard signed.next(.integer) != nil, signed.next(.set) != nil, let encapsulated = signed.next(.sequence)
        else { return nil }
        return explicit(encapsulated, of: timeStampInfo, inside: .octets)
    }

    /// SEQUENCE { OBJECT IDENTIFIER, [0] EXPLICIT content }.
    private static func explicit(
        _ bytes: ArraySlice<UInt8>, of type: [UInt8], inside tag: DERReader.Tag
    ) -> ArraySlice<UInt8>? {
        var reader = DERReader(bytes)
        guard reader.next(.objectIdentifier)?.elementsEqual(type) == true, let wrapped = reader.next(.explicit0)
        else { return nil }
        var inner = DERReader(wrapped)
        guard let content = inner.next(tag), inner.isAtEnd else { return nil }
        return content
    }

    /// TSTInfo up to `genTime`; what follows says nothing that is needed here.
    private struct Info {
        let policy: String
        let algorithm: ArraySlice<UInt8>
        let imprint: ArraySlice<UInt8>
        let serial: ArraySlice<UInt8>
        let time: UTCTime

        init?(_ content: ArraySlice<UInt8>) {
            var outer = DERReader(content)
            guard let sequence = outer.next(.sequence), outer.isAtEnd else { return nil }
            var reader = DERReader(sequence)
            guard reader.next(.integer)?.elementsEqual([1]) == true,
                let policy = reader.next(.objectIdentifier)?.dottedIdentifier,
                let message = reader.next(.sequence)
            else { return nil }
            var imprint = DERReader(message)
            guard let algorithm = imprint.next(.sequence), let hash = imprint.next(.octets), imprint.isAtEnd,
                hash.count <= 64
            else { return nil }
            var identifier = DERReader(algorithm)
            // Parameters are absent or NULL, and mean nothing.
            guard let algorithm = identifier.next(.objectIdentifier), algorithm.count <= 64,
                let serial = reader.next(.integer), (1...64).contains(serial.count),
                let text = reader.next(.generalizedTime), let time = Self.time(text)
            else { return nil }
            while !reader.isAtEnd { guard reader.skip() else { return nil } }
            (self.policy, self.algorithm, self.imprint, self.serial, self.time) = (
                policy, algorithm, hash, serial, time
            )
        }

        /// `20261121233000Z`, with possible fractions.
        private static func time(_ bytes: ArraySlice<UInt8>) -> UTCTime? {
            let digits = Array(bytes)
            guard (15...32).contains(digits.count), digits.allSatisfy({ $0 < 0x80 }) else { return nil }
            let text = String(decoding: digits, as: UTF8.self)
            let parts = [(0, 4, "-"), (4, 6, "-"), (6, 8, "T"), (8, 10, ":"), (10, 12, ":"), (12, 14, "")]
            let date = parts.map { String(decoding: digits[$0.0..<$0.1], as: UTF8.self) + $0.2 }.joined()
            return UTCTime(date + text.dropFirst(14))
        }
    }
}
