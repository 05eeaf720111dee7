import BellCrypto
import BellModel
import Testing

@Suite struct SigningKeyTests {
    /// RFC 8032, section 7.1, tests 1 to 3: seed, public key, message, signature.
    static let vectors: [(String, String, String, String)] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                + "387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                + "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ]

    @Test("Ed25519 gives the values of RFC 8032", arguments: vectors)
    func knownAnswers(seed: String, publicKey: String, message: String, signature: String) throws {
        let seed = try #require([UInt8](hex: seed))
        let key = try #require(SigningKey(seed: seed))
        let message = try #require([UInt8](hex: message))
        #expect(key.publicKey.hex == publicKey)
        #expect(key.sign(message).hex == signature)
        #expect(verify(signature: key.sign(message), message: message, publicKey: key.publicKey))
    }

    @Test("a changed message, signature or key is refused")
    func refusals() {
        let key = SigningKey.generate()
        let message = [UInt8]("chunk".utf8)
        var signature = key.sign(message)
        #expect(!verify(signature: signature, message: message + [0], publicKey: key.publicKey))
        #expect(!verify(signature: signature, message: message, publicKey: SigningKey.generate().publicKey))
        signature[5] ^= 1
        #expect(!verify(signature: signature, message: message, publicKey: key.publicKey))
        #expect(!verify(signature: [], message: message, publicKey: key.publicKey))
        #expect(!verify(signature: signature, message: message, publicKey: [1, 2]))
    }

    @Test("a seed of the wrong size makes no key", arguments: [0, 31, 33])
    func badSeed(count: Int) { #expect(SigningKey(seed: [UInt8](repeating: 1, count: count)) == nil) }

    @Test("a key's description does not show its secret")
    func secrecy() {
        let key = SigningKey.generate()
        #expect(!"\(key)".contains(key.seed.hex))
    }

    @Test("random bytes have the asked-for count and differ", arguments: [0, 1, 16, 32, 1000])
    func random(count: Int) {
        #expect(randomBytes(count).count == count)
        #expect(count < 16 || randomBytes(count) != randomBytes(count))
    }

    @Test("a seed is written as RFC 8410 writes its example of a private key")
    func pem() throws {
        let seed = try #require([UInt8](hex: "d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842"))
        #expect(
            SigningKey.pem(ofSeed: seed) == """
                -----BEGIN PRIVATE KEY-----
                MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
                -----END PRIVATE KEY-----

                """)
    }
}
