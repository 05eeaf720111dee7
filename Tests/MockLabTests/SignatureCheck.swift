import BellCrypto
import BellModel
import DriverKit

/// What a verifier does with a chunk's signature.
enum SignatureCheck {
    static func digest(_ records: [UInt8]) -> Digest { Blake2b.hash(records) }

    static func isValid(_ signature: ChunkSignature, key: [UInt8]) -> Bool {
        verify(signature: signature.signature, message: signature.signedBytes, publicKey: key)
    }
}
