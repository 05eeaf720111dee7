import BellModel
import Testing

@testable import BellCrypto

@Suite("Public keys")
struct PublicKeyTests {
    /// The public keys of RFC 8032, section 7.1, as `openssl pkey -pubout` of OpenSSL 3.0 writes them.
    static let openssl: [(hex: String, base64: String)] = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "MCowBQYDK2VwAyEA/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU="
        ),
    ]

    /// Keys of other algorithms from `openssl genpkey | openssl pkey -pubout`.
    static let others: [(name: String, base64: String)] = [
        ("X25519", "MCowBQYDK2VuAyEAcZqvkUN3iM83iKeoR1wYx1TdOM9QhCGAMrBdGCemiCM="),
        (
            "Ed448",
            "MEMwBQYDK2VxAzoA8pTEbN+DFYRGQDT+9VXDYS1C9FaLP9PSN0Mx5TiEgnl0XxRj\nMfF8oY8jl626KFUtFRbEyMf/ShmA"
        ),
        (
            "P-256",
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEP0CpEzlNKoaLOK1BVUBACZxE6c4d\n"
                + "MtHBo9JY0o0SJNY/ZIGafb0M66uMOEJfGbiORHdNuRpkZXO2+0BUJjRgew=="
        ),
        (
            "RSA",
            "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDpCsEPP/4kx0qnnxjvHClqv4Ts\n"
                + "y8+S4Nqlr5UIMKPgWHfyf6VTxkn0yYnbRXiotgmfcRivY/Wj86B3hj0kjo33qE/b\n"
                + "yMOoXDciewGAAehmT4Mu52EOXPMQezxCbE/J+PryxdWYhAf0Wy+pqnDhLolh58nJ\n4H35mgDNW+/Cu+acowIDAQAB"
        ),
    ]

    static func pem(_ base64: String) -> String { "-----BEGIN PUBLIC KEY-----\n\(base64)\n-----END PUBLIC KEY-----\n" }

    static func error(_ pem: String) -> BellError? {
        do throws(BellError) {
            _ = try PublicKey(pem: pem, source: "lab.pem")
            return nil
        } catch {
            return error
        }
    }

    @Test("a key's PEM is openssl's, byte for byte, and is read back", arguments: openssl)
    func sameAsOpenssl(hex: String, base64: String) throws {
        let key = try #require(PublicKey(hex: hex))
        #expect(key.pem == Self.pem(base64))
        #expect(try PublicKey(pem: key.pem, source: "lab.pem") == key)
        #expect(key.description == hex)
    }

    @Test("line ends of Windows, text before the block and a missing last line feed are allowed")
    func layouts() throws {
        let (hex, base64) = Self.openssl[0]
        let pem = Self.pem(base64)
        let broken = Self.pem("\(base64.prefix(20))\n\(base64.dropFirst(20))")
        for text in [
            pem.replacing("\n", with: "\r\n"), "the key of our laboratory\n" + pem, broken, String(pem.dropLast()),
        ] {
            #expect(try PublicKey(pem: text, source: "lab.pem").description == hex)
        }
    }

    @Test("keys of other algorithms are refused, even one of the same size", arguments: others)
    func otherAlgorithms(name: String, base64: String) throws {
        let error = try #require(Self.error(Self.pem(base64)))
        #expect(error.code == .publicKeyFile && error.place == "lab.pem")
        #expect(error.what == "This is no Ed25519 key.")
    }

    @Test("a private key is refused, with how to get its public half")
    func privateKey() throws {
        let error = try #require(
            Self.error("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"))
        #expect(error.what == "This is a private key." && error.fix?.contains("-pubout") == true)
    }

    @Test(
        "damaged files are refused",
        arguments: [
            "", "\n\n", "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----\n-----BEGIN PUBLIC KEY-----\n",
            pem(""), pem("MCowBQYDK2VwAyEA"), pem("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
            pem("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURoA"),
            pem("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo= x"), pem("ä"),
            pem("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
                .replacing("PUBLIC", with: "RSA PUBLIC"),
        ])
    func damaged(_ text: String) {
        #expect(Self.error(text)?.code == .publicKeyFile)
    }

    @Test("only 64 hexadecimal digits are a key", arguments: ["", "d7", "zz", String(repeating: "a", count: 63)])
    func notHexadecimal(_ text: String) {
        #expect(PublicKey(hex: text) == nil)
        #expect(PublicKey(hex: text + String(repeating: "a", count: 66)) == nil)
    }

    @Test("a key accepts its own signature and no other; the point of order one accepts none")
    func accepts() throws {
        let key = SigningKey.generate()
        let named = try #require(PublicKey(bytes: key.publicKey))
        let signature = key.sign([1, 2, 3])
        #expect(named.accepts(signature, of: [1, 2, 3]))
        #expect(!named.accepts(signature, of: [1, 2]))
        #expect(!named.accepts([], of: [1, 2, 3]))
        // With a small-order key, R = A and S = 0 would satisfy the equation for any message.
        let identity = [UInt8](repeating: 0, count: 31)
        let small = try #require(PublicKey(bytes: [1] + identity))
        #expect(!small.accepts([1] + identity + [UInt8](repeating: 0, count: 32), of: [1, 2, 3]))
    }
}
