public import BellCrypto
public import BellModel

/// One pulse of a beacon: 512 random bits with their time, their place in a chain, and a signature.
///
/// - SeeAlso: NISTIR 8213 (draft, 2019), pulse format 2.0; docs/beacon.md says where we differ.
public struct Pulse: Equatable, Sendable {
    /// Where it can be fetched; at most ``mostURIBytes``.
    public var uri: String
    /// `cipherSuite`: ``ed25519`` is the only one that is made or verified here.
    public var cipherSuite: UInt32
    /// Milliseconds from one pulse to the next.
    public var period: UInt32
    /// SHA-512 of the public key's PEM file.
    public var certificateID: Value512
    /// From 1; another key or period begins another chain.
    public var chainIndex: UInt64
    /// From 1, without gaps.
    public var pulseIndex: UInt64
    /// Not before this time was the pulse given out; a multiple of the period.
    public var timeStamp: UTCTime
    /// The 512 certified bits.
    public var localRandomValue: Value512
    public var external: External
    /// Five, in the order of ``PulseLink/Kind``.
    public var listValues: [PulseLink]
    /// SHA-512 of the next pulse's ``localRandomValue``.
    public var precommitmentValue: Value512
    public var statusCode: PulseStatus
    /// 64 bytes over ``signedBytes``.
    public var signatureValue: [UInt8]
    /// SHA-512 of all that is signed and of the signature: the pulse's public random value.
    public var outputValue: Value512
    /// Where the bits come from; bound to the signature by ``External/sourceID``.
    public var origin: PulseOrigin

    /// What the standard has for a random value of somebody else's that is mixed in; we mix in none.
    public struct External: Equatable, Sendable {
        /// ``PulseOrigin/sourceID``.
        public var sourceID: Value512
        public var statusCode: UInt32
        public var value: Value512

        public init(sourceID: Value512, statusCode: UInt32 = 0, value: Value512 = .zero) {
            self.sourceID = sourceID
            self.statusCode = statusCode
            self.value = value
        }
    }

    /// The version of the format.
    public static let version = "2.0"
    /// SHA-512 and Ed25519 (RFC 8032); the standard's own 0 is SHA-512 and RSA with PKCS #1 1.5.
    public static let ed25519: UInt32 = 25519
    /// Bytes of an address in a pulse.
    public static let mostURIBytes = 512

    /// Far more than any chain can have, and far from overflow.
    static let mostIndex: UInt64 = 1 << 48

    /// The path of a pulse below a beacon's address.
    public static func path(chain: UInt64, pulse: UInt64) -> String { "/beacon/2.0/chain/\(chain)/pulse/\(pulse)" }
}

extension Pulse {
    /// What is known of a pulse before it is signed.
    public struct Draft: Sendable {
        /// The beacon's address, without a slash at its end.
        public var base: String
        public var period: UInt32
        public var chainIndex: UInt64
        public var pulseIndex: UInt64
        public var timeStamp: UTCTime
        public var localRandomValue: Value512
        public var origin: PulseOrigin
        public var links: [PulseLink]
        /// The next pulse's random value, of which only the hash is given out.
        public var next: Value512
        /// Without ``PulseStatus/simulated``, which follows from the origin.
        public var status: PulseStatus

        public init(
            base: String, period: UInt32, chainIndex: UInt64, pulseIndex: UInt64, timeStamp: UTCTime,
            localRandomValue: Value512, origin: PulseOrigin, links: [PulseLink], next: Value512, status: PulseStatus
        ) {
            self.base = base
            self.period = period
            self.chainIndex = chainIndex
            self.pulseIndex = pulseIndex
            self.timeStamp = timeStamp
            self.localRandomValue = localRandomValue
            self.origin = origin
            self.links = links
            self.next = next
            self.status = status
        }
    }

    /// Signs a pulse.
    public init(_ draft: Draft, signedBy key: SigningKey, certificate: BeaconCertificate) {
        uri = draft.base + Self.path(chain: draft.chainIndex, pulse: draft.pulseIndex)
        cipherSuite = Self.ed25519
        period = draft.period
        certificateID = certificate.id
        chainIndex = draft.chainIndex
        pulseIndex = draft.pulseIndex
        timeStamp = draft.timeStamp
        localRandomValue = draft.localRandomValue
        external = External(sourceID: draft.origin.sourceID)
        listValues = draft.links
        precommitmentValue = Value512.hash(draft.next.bytes)
        statusCode = draft.origin.isSimulated ? draft.status.union(.simulated) : draft.status
        origin = draft.origin
        signatureValue = []
        outputValue = .zero
        signatureValue = key.sign(signedBytes)
        outputValue = Value512.hash(outputBytes)
    }
}
