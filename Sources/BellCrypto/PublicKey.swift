public import BellModel
import CSodium

extension BellError.Code {
    /// A file that should hold somebody's public key does not.
    public static let publicKeyFile = BellError.Code("key.public", exit: .usage)
}

/// The public half of an Ed25519 key, and how other programs write it.
///
/// - SeeAlso: RFC 8032; RFC 8410 (SubjectPublicKeyInfo), RFC 7468 (PEM).
public struct PublicKey: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// Wraps 32 bytes; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Int(crypto_sign_PUBLICKEYBYTES) else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads 64 hexadecimal digits.
    public init?(hex: String) {
        guard let bytes = [UInt8](hex: hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// 64 lower-case hexadecimal digits.
    public var description: String { bytes.hex }

    /// Tells whether `signature` (64 bytes) was made over `message` with this key; false for any other size.
    public func accepts(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        verify(signature: signature, message: message, publicKey: bytes)
    }
}

extension PublicKey {
    /// SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes without unused bits }, up to the key itself.
    private static let derPrefix: [UInt8] = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ]
    private static let label = "PUBLIC KEY"

    /// The key as `openssl pkey -pubout` writes it: three lines, each with its line feed.
    public var pem: String {
        "-----BEGIN \(Self.label)-----\n\(Self.base64(Self.derPrefix + bytes))\n-----END \(Self.label)-----\n"
    }

    /// Reads the first `PUBLIC KEY` block of a PEM file; text before it is allowed, as openssl allows it.
    ///
    /// - Parameter source: What the file is called in errors.
    /// - Throws: `key.public` for a file without such a block, a private key, or a key of another algorithm.
    public init(pem text: String, source: String) throws(BellError) {
        let lines = text.split(whereSeparator: \.isNewline)
        guard let begin = lines.firstIndex(of: "-----BEGIN \(Self.label)-----"),
            let end = lines[begin...].firstIndex(of: "-----END \(Self.label)-----")
        else {
            let isSecret = lines.contains { $0.hasPrefix("-----BEGIN ") && $0.hasSuffix("PRIVATE KEY-----") }
            throw BellError(
                .publicKeyFile, isSecret ? "This is a private key." : "The file holds no PEM block PUBLIC KEY.",
                at: source,
                fix: isSecret
                    ? "give the public half: openssl pkey -in FILE -pubout"
                    : "give a file as `bellctl certificate key` prints it")
        }
        guard let der = Self.bytes(base64: lines[(begin + 1)..<end].joined()) else {
            throw BellError(.publicKeyFile, "The PEM block is not base64.", at: source, fix: "copy the file again")
        }
        guard der.starts(with: Self.derPrefix), let key = PublicKey(bytes: der.dropFirst(Self.derPrefix.count)) else {
            throw BellError(
                .publicKeyFile, "This is no Ed25519 key.", at: source,
                cause: "the block has \(der.count) bytes; those of an Ed25519 key are 44 and begin with "
                    + Self.derPrefix.hex,
                fix: "give the key that `bellctl certificate key` prints where the certificate was made")
        }
        self = key
    }

    /// `sodium_bin2base64`.
    static func base64(_ bytes: [UInt8]) -> String {
        let size = sodium_base64_encoded_len(bytes.count, sodium_base64_VARIANT_ORIGINAL)
        let text = [CChar](unsafeUninitializedCapacity: size) { buffer, filled in
            if let base = buffer.baseAddress {
                sodium_bin2base64(base, size, bytes, bytes.count, sodium_base64_VARIANT_ORIGINAL)
            }
            filled = size
        }
        // The last one is the terminating zero.
        return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Nil for anything but base64 to the end; `sodium_base642bin`.
    private static func bytes(base64 text: String) -> [UInt8]? {
        let source = Array(text.utf8).map { CChar(bitPattern: $0) }
        var count = 0
        var end: UnsafePointer<CChar>?
        var out = [UInt8](repeating: 0, count: source.count + 1)
        let isWhole = source.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return true }
            let result = sodium_base642bin(
                &out, out.count, base, buffer.count, nil, &count, &end, sodium_base64_VARIANT_ORIGINAL)
            return result == 0 && end == base + buffer.count
        }
        return isWhole ? Array(out.prefix(count)) : nil
    }
}
