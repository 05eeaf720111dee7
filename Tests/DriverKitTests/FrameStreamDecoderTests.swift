import DriverKit
import Testing
import TestSupport

@Suite("Frames in a byte stream")
struct FrameStreamDecoderTests {
    private let frames = (1...5).map { BoardMessage.ping(token: UInt64($0)).encoded(sequence: UInt32($0)) }

    @Test("frames come out whole, in whatever pieces they came", arguments: [1, 3, 24, 31, 32, 33, 1000])
    func pieces(size: Int) {
        var decoder = FrameStreamDecoder()
        let stream = Array(frames.joined())
        var found: [[UInt8]] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            decoder.append(stream[start..<min(start + size, stream.count)])
            while let frame = decoder.next() { found.append(frame) }
        }
        #expect(found == frames)
        #expect(decoder.garbageBytes == 0)
        #expect(decoder.garbledFrames == 0)
    }

    @Test("garbage between frames is passed over and counted")
    func garbage() {
        var decoder = FrameStreamDecoder()
        let noise: [UInt8] = [0, 0x42, 0x45, 0x4c, 7, 0x42]
        decoder.append(noise + frames[0] + noise + frames[1])
        #expect(decoder.next() == frames[0])
        #expect(decoder.next() == frames[1])
        #expect(decoder.next() == nil)
        #expect(decoder.garbageBytes == 12)
    }

    @Test("a frame with a wrong byte is passed over, the next one is found")
    func garbled() {
        var decoder = FrameStreamDecoder()
        var broken = frames[0]
        broken[30] ^= 1
        decoder.append(broken + frames[1])
        #expect(decoder.next() == frames[1])
        #expect(decoder.garbledFrames == 1)
        #expect(decoder.garbageBytes == 32)
    }

    @Test("a header that claims more than 1 MiB is passed over at once")
    func oversized() {
        var decoder = FrameStreamDecoder()
        var broken = frames[0]
        broken[19] = 0xff
        decoder.append(broken + frames[1])
        #expect(decoder.next() == frames[1])
        #expect(decoder.garbledFrames == 1)
    }

    @Test("a frame inside a false frame's claimed length is found once that length has come")
    func falseHeader() {
        var decoder = FrameStreamDecoder()
        let header = Array(BoardMessage.ping(token: 0).encoded(sequence: 1).prefix(24))
        var claim = header
        claim[16] = 100
        decoder.append(claim + frames[0])
        #expect(decoder.next() == nil)
        decoder.append(frames[1] + frames[2] + frames[3])
        #expect(decoder.next() == frames[0])
        #expect(decoder.next() == frames[1])
        #expect(decoder.next() == frames[2])
        #expect(decoder.next() == frames[3])
    }

    @Test("many planted headers of 1 MiB cost linear work and end")
    func plantedHeaders() {
        var decoder = FrameStreamDecoder()
        var header = Array(BoardMessage.ping(token: 0).encoded(sequence: 1).prefix(24))
        header.replaceSubrange(16..<20, with: [0, 0, 0x10, 0])
        let planted = Array(Array(repeating: header, count: 65_536).joined())
        for _ in 0..<16 { decoder.append(planted) }
        while let frame = decoder.next() { #expect(frame.isEmpty, "no frame is in there") }
        #expect(decoder.garbledFrames > 8)
        #expect(decoder.garbledFrames < 100)
    }

    /// Sound frames of all sizes, broken ones, noise and false headers.
    private func mixture(_ generator: inout some RandomNumberGenerator) -> [UInt8] {
        var stream: [UInt8] = []
        for number in 1...40 as ClosedRange<UInt32> {
            let size = [0, 1, 8, 100, 5000, 70_000].randomElement(using: &generator) ?? 0
            let payload = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var frame = Frame(type: 7, sequence: number, payload: payload).encoded()
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: frame[frame.count - 1] ^= 1
            case 1: frame.removeLast()
            case 2: stream += [0x42, 0x45, 0x4c, 0, 0x42, 0x45]
            case 3: stream += frame.prefix(24)
            default: break
            }
            stream += frame
        }
        return stream
    }

    @Test("taking lent memory in any pieces gives what appending it all gives", arguments: 1...20)
    func lentMemory(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        let stream = mixture(&generator)
        var plain = FrameStreamDecoder()
        plain.append(stream)
        var expected: [[UInt8]] = []
        while let frame = plain.next() { expected.append(frame) }

        var decoder = FrameStreamDecoder()
        var found: [[UInt8]] = []
        let longest = [1000, 20_000, 262_144].randomElement(using: &generator) ?? 1
        stream.withUnsafeBytes { raw in
            var rest = raw[...]
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 0...longest, using: &generator))
                decoder.take(UnsafeRawBufferPointer(rebasing: part)) { found.append($0) }
                rest = rest.dropFirst(part.count)
            }
        }
        #expect(found == expected)
        #expect(decoder.garbageBytes == plain.garbageBytes)
        #expect(decoder.garbledFrames == plain.garbledFrames)
    }
}
