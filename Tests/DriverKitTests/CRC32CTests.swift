import CKernels
import Testing

@Suite struct CRC32CTests {
    private func both(_ bytes: [UInt8], from crc: UInt32 = 0) -> (hardware: UInt32, portable: UInt32) {
        bytes.withUnsafeBytes {
            (bell_crc32c(crc, $0.baseAddress, $0.count), bell_crc32c_portable(crc, $0.baseAddress, $0.count))
        }
    }

    /// RFC 3720, B.4; the check value of CRC-32/ISCSI for the digits.
    @Test(
        "CRC32C gives the published values",
        arguments: [
            ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
            ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
            ([UInt8](0..<32), 0x46dd_794e),
            ([UInt8]((0..<32).reversed()), 0x113f_db5c),
            ([UInt8]("123456789".utf8), 0xe306_9283),
            ([], 0),
        ] as [([UInt8], UInt32)])
    func knownAnswers(bytes: [UInt8], expected: UInt32) {
        let crc = both(bytes)
        #expect(crc.hardware == expected)
        #expect(crc.portable == expected)
    }

    @Test("the CPU's instruction and the tables agree for every length, start and split")
    func agreement() {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<19_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for start in 0..<9 {
            for length in [
                0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, 255, 1024, 4096, 4191, 6143, 6144, 6145, 12_288, 18_991,
            ] {
                let part = Array(bytes[start..<start + length])
                let whole = both(part, from: 0x1234_5678)
                #expect(whole.hardware == whole.portable, "start \(start), length \(length)")
                let split = length / 3
                let first = both(Array(part[..<split]), from: 0x1234_5678).hardware
                #expect(both(Array(part[split...]), from: first).portable == whole.hardware)
            }
        }
    }

    @Test("one flipped bit is always noticed")
    func flippedBit() {
        let bytes = [UInt8](0..<100)
        let crc = both(bytes).hardware
        for bit in 0..<800 {
            var wrong = bytes
            wrong[bit / 8] ^= 1 << (bit % 8)
            #expect(both(wrong).hardware != crc)
        }
    }
}
