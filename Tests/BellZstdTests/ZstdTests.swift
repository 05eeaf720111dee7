import BellModel
import BellZstd
import Testing

@Suite struct ZstdTests {
    @Test("bytes come back as they were, with one working memory for many", arguments: [1, 3, 19, -5] as [Int32])
    func roundTrip(level: Int32) throws {
        let compressor = ZstdCompressor(level: level)
        let decompressor = ZstdDecompressor()
        for count in [0, 1, 31, 32, 1000, 100_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 100) }
            let back = try decompressor.decompress(compressor.compress(bytes), size: count)
            #expect(back == bytes)
        }
        let bytes = [UInt8](repeating: 7, count: 10_000)
        #expect(compress(bytes).count < 100)
        let back = try decompress(compress(bytes), size: 10_000)
        #expect(back == bytes)
    }

    @Test("a wrong size, a cut, an addition and an impossible size are refused")
    func refusals() throws {
        let bytes = [UInt8](0..<200)
        let packed = compress(bytes)
        let wrong: [([UInt8], Int)] = [
            (packed, 199), (packed, 201), (packed, -1), (packed, .max), (packed + [0], 200), (packed + packed, 400),
            (Array(packed.dropLast()), 200), ([], 0), ([], 200), ([1, 2, 3], 3),
        ]
        for (bytes, size) in wrong {
            let error = #expect(throws: BellError.self, "\(bytes.count) bytes, size \(size)") {
                try decompress(bytes, size: size)
            }
            #expect(error?.code == .zstdCorrupt)
            #expect(error?.code.exit == .dataIntegrity)
        }
    }

    @Test("random and damaged bytes give errors or the right size, never a crash")
    func fuzz() {
        var generator = SystemRandomNumberGenerator()
        let decompressor = ZstdDecompressor()
        let good = compress((0..<5000).map { _ in UInt8.random(in: 0...3, using: &generator) })
        var refused = 0
        for round in 0..<2000 {
            var bytes = good
            if round % 2 == 0 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0...7, using: &generator)
            } else {
                bytes = [0x28, 0xb5, 0x2f, 0xfd]
                for _ in 0..<Int.random(in: 0...60, using: &generator) {
                    bytes.append(.random(in: 0...255, using: &generator))
                }
            }
            if let content = try? decompressor.decompress(bytes, size: 5000) {
                #expect(content.count == 5000)
            } else {
                refused += 1
            }
        }
        #expect(refused > 1000)
    }
}
