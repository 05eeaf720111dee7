import BellModel
import BellRandomness
import TestSupport
import Testing

@Suite struct BitsTests {
    private static let lengths = [0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 1000]

    private func draw(_ count: Int, seed: UInt64 = 7) -> [Bool] {
        var dice = SplitMix(seed: seed)
        return (0..<count).map { _ in dice.next() >> 63 == 1 }
    }

    @Test("packed bytes go in and come out, most significant bit first", arguments: lengths)
    func packing(count: Int) throws {
        let list = draw(count)
        var bytes = [UInt8](repeating: 0, count: (count + 7) / 8)
        for (index, bit) in list.enumerated() where bit { bytes[index / 8] |= 0x80 >> UInt8(index % 8) }
        let bits = try Bits(packed: bytes, count: count)
        #expect((0..<count).map { bits[$0] } == list)
        #expect(bits.packed == bytes)
        #expect(bits.ones == list.count { $0 })
        #expect(try Bits(packed: bytes[...], count: count) == bits)
    }

    @Test("words hold bit i of word j at 64j + i")
    func words() throws {
        #expect(try Bits(packed: [0b1100_0000, 0, 0, 0, 0, 0, 0, 1, 0x80]).words == [0x8000_0000_0000_0003, 1])
        #expect(Bits(words: [~0, ~0], count: 65).words == [~0, 1])
        #expect(Bits(words: [], count: 65).words == [0, 0])
    }

    @Test("parts, sums, joins and turned strings are those of a list of bits", arguments: lengths)
    func parts(count: Int) {
        let list = draw(count)
        let bits = Bits(list)
        #expect(bits.reversed() == Bits(list.reversed()))
        #expect(bits.joined(with: bits) == Bits(list + list))
        for start in [0, 1, 63, 64, 65, count / 2, count, count + 5] {
            for length in [0, 1, 64, 70, count] {
                let expected = (start..<start + length).map { $0 < count ? list[$0] : false }
                #expect(bits.slice(from: start, length: length) == Bits(expected))
            }
            let added = draw(100, seed: 9)
            var sum = bits
            sum.add(Bits(added), at: start)
            let expected = list.enumerated().map { place, bit in
                place >= start && place < start + 100 ? bit != added[place - start] : bit
            }
            #expect(sum == Bits(expected))
        }
    }

    @Test("a bit is set and cleared where it is")
    func setting() {
        var bits = Bits(zeros: 130)
        bits[64] = true
        bits[129] = true
        #expect(bits.words == [0, 1, 2])
        bits[64] = false
        #expect(bits.words == [0, 0, 2])
    }

    @Test("missing bytes, bytes left over, set padding and absurd lengths are refused")
    func badInput() {
        func refusal(_ bytes: [UInt8], _ count: Int?) -> BellError? {
            do throws(BellError) {
                _ = try Bits(packed: bytes, count: count, at: "second.bin")
                return nil
            } catch { return error }
        }
        let short = refusal([1, 2], 17)
        #expect(short?.code == .bitsLength)
        #expect(short?.what == "17 bits are declared, which are 3 bytes, and 2 bytes are there.")
        #expect(short?.place == "second.bin")
        #expect(short?.cause == "the data are cut short")
        #expect(refusal([1, 2], 8)?.cause == "the data are longer than declared")
        #expect(refusal([0xff], 7)?.code == .bitsPadding)
        #expect(refusal([0xfe], 7) == nil)
        #expect(refusal([], -1)?.code == .bitsLength)
        #expect(refusal([], 1 << 30 + 1)?.code == .bitsLength)
        #expect(refusal([], nil) == nil)
    }
}
