import BellModel
import TestSupport
import Testing

@testable import BellPicture

@Suite("PGM and PPM files")
struct NetpbmTests {
    private func read(_ text: String, _ pixels: [UInt8]) throws(BellError) -> Picture {
        let (picture, format) = try Picture.read(Array(text.utf8) + pixels, source: "x.ppm")
        #expect(format == .netpbm)
        return picture
    }

    @Test("greys and colours, with comments and any white space")
    func good() throws {
        let grey = try read("P5\n# by hand\n 2\t#w\n2 255\n", [10, 32, 0, 255])
        #expect(grey == Picture(width: 2, height: 2, channels: 1, samples: [10, 32, 0, 255]))
        let colour = try read("P6 1 2\r255 ", [1, 2, 3, 4, 5, 6])
        #expect(colour == Picture(width: 1, height: 2, channels: 3, samples: [1, 2, 3, 4, 5, 6]))
        #expect(try colour.encoded(as: .netpbm) == Array("P6\n1 2\n255\n".utf8) + [1, 2, 3, 4, 5, 6])
        #expect(grey.suffix(as: .netpbm) == "pgm" && colour.suffix(as: .netpbm) == "ppm")
    }

    @Test(
        "what is no such file is refused",
        arguments: [
            "P", "P5", "P5\n", "P5\n2", "P5\n2 2", "P5\n2 2\n255", "P5\n2 2\n255\n", "P5\n2 2\n255\nabc",
            "P5\n2 2\n255\nabcde", "P5\n0 2\n255\n", "P52 2\n255\nabcd", "P5\n-2 2\n255\nabcd", "P5\n2 2\n255xabcd",
            "P5\n2 2\n254\nabcd", "P5\n2 2\n65535\nabcdabcd", "P3\n1 1\n255\n1 2 3\n", "P4\n8 1\n\u{1}",
            "P7\nWIDTH 1\n",
            "P6\n1 1\n255\nab", "P5\n# never ends", "P5\n2 2a\n255\nabcd", "P5\n99999999999999999999 2\n255\nabcd",
            "P5\n16385 1\n255\n", "P6\n16384 16384\n255\n", "GIF89a", "",
        ])
    func refused(_ text: String) {
        #expect(throws: BellError.self) { try Picture.read(Array(text.utf8), source: "x") }
    }

    @Test("random headers never crash")
    func noise() {
        var refused = 0
        for seed in 0..<2000 as Range<UInt64> {
            var numbers = SplitMix(seed: seed)
            let letters = Array("0123456789 \n#".utf8)
            let text = (0..<20).map { _ in letters[Int(numbers.next() >> 33) % letters.count] }
            // No twenty letters hold a header and its pixels but by chance.
            if (try? Picture.read(Array("P6".utf8) + text, source: "x")) == nil { refused += 1 }
        }
        #expect(refused > 1900)
    }
}
