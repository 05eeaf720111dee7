import BellModel
import TestSupport
import Testing

@testable import BellPicture

@Suite("PNG files")
struct PNGTests {
    /// 3 × 2 greys, filter 0 before each row.
    private static let pixels = Pictures.chunk("IDAT", Pictures.stored([0, 1, 2, 3, 0, 250, 251, 252]))

    private func read(_ bytes: [UInt8]) throws(BellError) -> Picture { try Picture.read(bytes, source: "x.png").0 }

    private func code(_ bytes: [UInt8]) -> BellError.Code? {
        do throws(BellError) {
            _ = try read(bytes)
            return nil
        } catch {
            #expect(error.place == "x.png")
            return error.code
        }
    }

    @Test("the shipped sheep is 256 × 192 greys and survives writing and reading")
    func sheep() throws {
        let (picture, format) = try Picture.read(try Pictures.bytes(Pictures.sheep), source: "sheep")
        #expect(format == .png && picture.width == 256 && picture.height == 192 && picture.channels == 1)
        // The sky above, an eye's white: as Pillow reads them.
        #expect(picture.samples[0] == 200 && picture.samples[130 + 100 * 256] == 250)
        let again = try Picture.read(try picture.encoded(as: .png), source: "again")
        #expect(again.0 == picture && again.1 == .png)
    }

    @Test("samples come as they stand in a file made by hand, whatever its gamma says")
    func handmade() throws {
        let plain = Pictures.png(Pictures.header(3, 2), Self.pixels)
        #expect(try read(plain).samples == [1, 2, 3, 250, 251, 252])
        // gAMA 1.0 would make libpng's simplified interface brighten everything.
        let gamma = Pictures.chunk("gAMA", [0, 1, 0x86, 0xa0])
        let text = Pictures.chunk("tEXt", Array("Comment\0secret".utf8))
        let noted = Pictures.png(Pictures.header(3, 2), gamma, text, Self.pixels, text)
        #expect(try read(noted).samples == [1, 2, 3, 250, 251, 252])
        // Nothing of it comes out again.
        let names = chunkNames(try read(noted).encodedPNG())
        #expect(names.first == "IHDR" && names.last == "IEND" && names.contains("IDAT"))
        #expect(Set(names).isSubset(of: ["IHDR", "sRGB", "gAMA", "IDAT", "IEND"]))
    }

    private func chunkNames(_ file: [UInt8]) -> [String] {
        var (names, at): ([String], Int) = ([], 8)
        while at + 12 <= file.count {
            names.append(String(decoding: file[(at + 4)..<(at + 8)], as: UTF8.self))
            at += 12 + file[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
        }
        return names
    }

    @Test("few greys become 8 bits, palettes become colours")
    func expanded() throws {
        let bits = Pictures.png(
            Pictures.header(4, 1, depth: 1), Pictures.chunk("IDAT", Pictures.stored([0, 0b1011_0000])))
        #expect(try read(bits).samples == [255, 0, 255, 255])
        let nibbles = Pictures.png(Pictures.header(2, 1, depth: 4), Pictures.chunk("IDAT", Pictures.stored([0, 0x3f])))
        #expect(try read(nibbles).samples == [0x33, 255])
        let palette = Pictures.png(
            Pictures.header(2, 1, kind: 3), Pictures.chunk("PLTE", [1, 2, 3, 200, 100, 50]),
            Pictures.chunk("IDAT", Pictures.stored([0, 1, 0])))
        let picture = try read(palette)
        #expect(picture.channels == 3 && picture.samples == [200, 100, 50, 1, 2, 3])
        let colours = Pictures.png(
            Pictures.header(2, 1, kind: 2), Pictures.chunk("IDAT", Pictures.stored([0, 9, 8, 7, 255, 0, 128])))
        #expect(try read(colours).samples == [9, 8, 7, 255, 0, 128])
    }

    @Test(
        "any picture comes back from its file",
        arguments: [(1, 1, 1), (1, 1, 3), (7, 5, 3), (300, 200, 1), (129, 64, 3)])
    func identity(_ width: Int, _ height: Int, _ channels: Int) throws {
        let samples = Pictures.noise(width * height * channels, seed: UInt64(width))
        let picture = try #require(Picture(width: width, height: height, channels: channels, samples: samples))
        for format in Picture.Format.allCases {
            let (again, found) = try Picture.read(try picture.encoded(as: format), source: "x")
            #expect(again == picture && found == format)
        }
    }

    @Test("what is transparent or has 16 bits is refused with what to do")
    func kinds() throws {
        for (depth, kind) in [(8, 4), (8, 6), (16, 0), (16, 2)] as [(UInt8, UInt8)] {
            #expect(code(Pictures.png(Pictures.header(3, 2, depth: depth, kind: kind), Self.pixels)) == .pictureKind)
        }
        let clear = Pictures.png(Pictures.header(3, 2), Pictures.chunk("tRNS", [0, 1]), Self.pixels)
        #expect(code(clear) == .pictureKind)
    }

    @Test(
        "sizes are refused before anything is allocated",
        arguments: [(0, 2), (2, 0), (16_385, 1), (1, 16_385), (16_384, 16_384), (0xffff_ffff, 0xffff_ffff)])
    func sizes(_ width: UInt32, _ height: UInt32) {
        #expect(code(Pictures.png(Pictures.header(width, height), Self.pixels)) != nil)
    }

    @Test("a header that promises more pixels than there are is refused")
    func promises() {
        #expect(code(Pictures.png(Pictures.header(3, 3), Self.pixels)) == .pictureFormat)
        #expect(code(Pictures.png(Pictures.header(8000, 8000), Self.pixels)) == .pictureFormat)
        #expect(code(Pictures.png(Pictures.header(3, 1), Self.pixels)) == .pictureFormat)
    }

    @Test("chunks in a wrong order, twice, of unknown kinds or behind the end are refused")
    func order() {
        let header = Pictures.header(3, 2)
        let palette = Pictures.chunk("PLTE", [1, 2, 3])
        for bad in [
            Pictures.png(Self.pixels), Pictures.png(header), Pictures.png(header, header, Self.pixels),
            Pictures.png(header, palette, palette, Self.pixels), Pictures.png(header, Self.pixels, palette),
            Pictures.png(header, Self.pixels, Pictures.chunk("tEXt", [65, 0]), Self.pixels),
            Pictures.png(header, Pictures.chunk("ABCD", []), Self.pixels), Pictures.png(palette, header, Self.pixels),
            Pictures.png(header, Self.pixels) + [0], Pictures.png(Pictures.chunk("IHDR", [1, 2]), Self.pixels),
            Pictures.png(header, Pictures.chunk("IDAT", Pictures.stored([0, 1, 2, 3, 9, 250, 251, 252]))),
            Pictures.png(Pictures.header(3, 2, kind: 3), Self.pixels),
            Pictures.png(Pictures.header(3, 2, kind: 7), Self.pixels),
            Pictures.png(Pictures.header(3, 2, depth: 5), Self.pixels),
        ] { #expect(code(bad) == .pictureFormat) }
    }

    @Test("a file cut at any byte, or with any byte changed, is refused or read, and never more")
    func damaged() throws {
        let samples = Pictures.noise(60, seed: 5)
        let picture = try #require(Picture(width: 5, height: 4, channels: 3, samples: samples))
        let file = try picture.encodedPNG()
        for length in 0..<file.count { #expect(code(Array(file.prefix(length))) != nil, "\(length)") }
        var numbers = SplitMix(seed: 3)
        var refused = 0
        for at in file.indices {
            var changed = file
            changed[at] ^= UInt8(truncatingIfNeeded: numbers.next() >> 40) | 1
            // What was read in spite of it is another picture only if the byte was no pixel: a CRC guards those.
            do throws(BellError) {
                #expect(try read(changed) == picture, "\(at)")
            } catch { refused += 1 }
        }
        #expect(refused > file.count / 2)
        for seed in 0..<400 as Range<UInt64> {
            _ = code(PNGChunks.signature + Pictures.noise(100, seed: seed))
            _ = code(Pictures.png(Pictures.header(20, 20), Pictures.chunk("IDAT", Pictures.noise(90, seed: seed))))
        }
    }

    @Test("a wrong check sum is refused")
    func checksum() {
        #expect(
            code(Pictures.png(Pictures.header(3, 2), Pictures.chunk("IDAT", Pictures.stored([0]), crc: 1)))
                == .pictureFormat)
        var file = Pictures.png(Pictures.header(3, 2), Self.pixels)
        // The sum of the zlib stream, with a CRC that fits.
        let adler = Pictures.stored([0, 1, 2, 3, 0, 250, 251, 252])
        file = Pictures.png(
            Pictures.header(3, 2), Pictures.chunk("IDAT", adler.dropLast() + [adler[adler.count - 1] ^ 1]))
        #expect(code(file) == .pictureFormat)
    }
}
