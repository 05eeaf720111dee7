import BellCrypto
import BellModel
import Testing

@Suite struct Blake2bTests {
    /// Values of Python's `hashlib.blake2b(data, digest_size=32)`.
    @Test(
        "BLAKE2b-256 gives the values of another implementation",
        arguments: [
            ("", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"),
            ("abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
        ])
    func knownAnswers(text: String, hex: String) {
        #expect(Blake2b.hash(text: text).description == hex)
        #expect(Blake2b.hash(Array(text.utf8)).description == hex)
    }

    @Test("a hash does not depend on how the bytes are cut", arguments: [0, 1, 63, 127, 128, 129, 1000])
    func pieces(cut: Int) {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        var hash = Blake2b()
        hash.update(Array(bytes[..<cut]))
        bytes[cut...].withUnsafeBytes { hash.update($0) }
        #expect(hash.finish() == Blake2b.hash(bytes))
    }

    @Test("a copy goes on by itself, and a finished hash begins anew")
    func copies() {
        var first = Blake2b()
        first.update([1, 2])
        var second = first
        second.update([3])
        #expect(first.finish() == Blake2b.hash([1, 2]))
        #expect(second.finish() == Blake2b.hash([1, 2, 3]))
        #expect(first.finish() == Blake2b.hash([]))
    }
}
