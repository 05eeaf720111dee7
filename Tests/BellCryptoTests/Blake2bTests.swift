import BellCrypto
import BellModel
import TestSupport
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

    @Test("messages that are hashed side by side have the hashes that they have alone")
    func sideBySide() {
        var dice = SplitMix(seed: 7)
        func message(_ length: Int) -> [UInt8] { (0..<length).map { _ in .random(in: 0...255, using: &dice) } }
        // Around every border of a block, and a chunk of 4096 records.
        for length in [0, 1, 7, 63, 64, 127, 128, 129, 255, 256, 257, 1000, 131_072] {
            let messages = (0..<9).map { _ in message(length) }
            #expect(Blake2b.hash(each: messages) == messages.map { Blake2b.hash($0) }, "\(length)")
        }
        for length in 0..<400 {
            let messages = (0..<4).map { _ in message(length) }
            #expect(Blake2b.hash(each: messages) == messages.map { Blake2b.hash($0) }, "\(length)")
        }
        for _ in 0..<50 {
            let messages = (0..<Int.random(in: 0...11, using: &dice)).map { _ in
                message([32, 32, 64].randomElement(using: &dice) ?? 0)
            }
            #expect(Blake2b.hash(each: messages) == messages.map { Blake2b.hash($0) })
        }
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
