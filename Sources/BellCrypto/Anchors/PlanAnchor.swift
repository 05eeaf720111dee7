public import BellModel

/// What somebody outside the laboratory holds of a sealed plan, from before its first trial.
public enum PlanAnchor: Equatable, Sendable {
    /// A time-stamp authority stamped the plan's text; the authority's own signature is not checked here.
    case timeStamp(TimeStamp)
    /// Somebody signed the plan's text with Ed25519.
    ///
    /// - `by`: What the laboratory calls the signer.
    case signature([UInt8], key: PublicKey, by: String)

    /// The most anchors of a plan.
    public static let most = 16
    /// The longest name of a signer, in UTF-8 bytes.
    public static let mostName = 200

    /// The word for it in files.
    public var kind: String {
        switch self {
        case .timeStamp: "rfc3161"
        case .signature: "signature"
        }
    }

    /// Checks that it is one of this plan.
    ///
    /// - Parameter sealed: Its canonical text is what was stamped or signed, without a line feed.
    /// - Throws: `plan.anchor`.
    public func check(_ sealed: SealedPlan, place: String) throws(BellError) {
        let text = Array(sealed.json.text.utf8)
        switch self {
        case .timeStamp(let stamp):
            guard !stamp.isOf(text) else { return }
            throw BellError(
                .planAnchor, "The time stamp is not one of this plan.", at: place,
                cause: "\(stamp.algorithm.rawValue) of the plan is \(stamp.algorithm.hash(text).hex), stamped is "
                    + stamp.imprint.hex,
                state: "nothing was stored",
                fix: "stamp the file that `bellctl campaign anchor \(sealed.number) --write FILE` writes, as it is")
        case .signature(let signature, let key, let by):
            guard !by.isEmpty, by.utf8.count <= Self.mostName, !by.unicodeScalars.contains(where: { $0.value < 0x20 })
            else {
                throw BellError(
                    .planAnchor, "The signer's name is empty, too long, or has control characters.", at: place,
                    state: "nothing was stored", fix: "give a name of at most \(Self.mostName) bytes with --by")
            }
            guard !key.accepts(signature, of: text) else { return }
            throw BellError(
                .planAnchor, "The signature is not one of this plan by this key.", at: place,
                cause:
                    "\(signature.count) bytes; an Ed25519 signature of the plan's \(text.count) bytes by \(key) has 64",
                state: "nothing was stored",
                fix: "sign the file that `bellctl campaign anchor \(sealed.number) --write FILE` writes, as it is: "
                    + "openssl pkeyutl -sign -inkey KEY -rawin -in FILE -out SIGNATURE")
        }
    }
}

extension PlanAnchor {
    /// The object in journal, stream and certificate.
    public var json: JSON {
        switch self {
        case .timeStamp(let stamp):
            [
                "kind": .string(kind), "token": .string(stamp.bytes.hex), "time": .string(stamp.time),
                "serial": .string(stamp.serial), "policy": .string(stamp.policy),
                "hash": .string(stamp.algorithm.rawValue), "imprint": .string(stamp.imprint.hex),
            ]
        case .signature(let signature, let key, let by):
            [
                "kind": .string(kind), "signature": .string(signature.hex), "key": .string(key.description),
                "by": .string(by),
            ]
        }
    }

    /// Reads what ``json`` wrote. What is read out of a token is read out of it again; a reader compares.
    ///
    /// - Throws: `json.shape`, `plan.anchor`.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        func bytes(_ key: String, most: Int) throws(BellError) -> [UInt8] {
            let text = try reader.string(key)
            guard text.utf8.count <= 2 * most, let bytes = [UInt8](hex: text) else {
                throw BellError(
                    .jsonShape, "Expected hexadecimal digits of at most \(most) bytes.", at: "\(path).\(key)")
            }
            return bytes
        }
        switch try reader.string("kind") {
        case "rfc3161":
            self = .timeStamp(try TimeStamp(try bytes("token", most: TimeStamp.mostBytes), place: "\(path).token"))
            for key in ["time", "serial", "policy", "hash", "imprint"] { _ = reader.optional(key) }
        case "signature":
            guard let key = PublicKey(bytes: try bytes("key", most: 32)) else {
                throw BellError(.jsonShape, "Expected 64 hexadecimal digits.", at: "\(path).key")
            }
            self = .signature(try bytes("signature", most: 64), key: key, by: try reader.string("by"))
        case let other:
            throw BellError(
                .jsonShape, "Expected rfc3161 or signature, found \"\(other.prefix(80))\".", at: "\(path).kind")
        }
        try reader.finish()
    }
}
