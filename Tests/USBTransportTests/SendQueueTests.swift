import Testing

@testable import USBTransport

@Suite("Frames on their way out")
struct SendQueueTests {
    private func queue(window: Int = 2 << 20, flying: Int = 8) -> Queue {
        Queue(window: window, flying: flying)
    }

    @Test(
        "a frame is cut into transfers of 256 KiB, and a full last packet is followed by an empty one",
        arguments: [
            (1, [1], false), (511, [511], false), (512, [512], true), (513, [513], false), (1024, [1024], true),
            (262_144, [262_144], true), (262_145, [262_144, 1], false),
            (1_048_600, [262_144, 262_144, 262_144, 262_144, 24], false),
        ] as [(Int, [Int], Bool)])
    func pieces(size: Int, sizes: [Int], endsEmpty: Bool) {
        let queue = queue()
        #expect(queue.append([UInt8](repeating: 1, count: size)))
        var pieces: [USBSendQueue.Piece] = []
        while let piece = queue.next() { pieces.append(piece) }
        #expect(pieces.map(\.range.count) == sizes)
        #expect(pieces.map(\.needsEmptyPacket) == sizes.dropLast().map { _ in false } + [endsEmpty])
    }

    @Test("no more is under way than window and number allow; one piece always may be")
    func windows() {
        let narrow = queue(window: 10)
        for _ in 0..<3 { #expect(narrow.append([UInt8](repeating: 0, count: 100))) }
        let first = narrow.next()
        #expect(first?.range.count == 100)
        #expect(narrow.next() == nil)
        narrow.finished(first?.number ?? 0, taken: 100, failed: false)
        #expect(narrow.next() != nil)
        let few = queue(flying: 2)
        for _ in 0..<5 { #expect(few.append([1, 2, 3])) }
        #expect(few.next() != nil)
        #expect(few.next() != nil)
        #expect(few.next() == nil)
    }

    @Test("a full queue refuses, and takes again when bytes have gone")
    func limit() {
        let queue = queue()
        let frame = [UInt8](repeating: 0, count: 1 << 20)
        for _ in 0..<8 { #expect(queue.append(frame)) }
        #expect(!queue.append(frame))
        #expect(!queue.append([1]))
        let piece = queue.next()
        queue.finished(piece?.number ?? 0, taken: 256 << 10, failed: false)
        #expect(queue.append([1]))
        #expect(queue.waitingBytes == (8 << 20) - (256 << 10) + 1)
    }

    @Test("after a failure nothing goes out until all are back, then exactly the bytes that were not taken")
    func failure() {
        let queue = queue(flying: 3)
        for byte in 1...4 as ClosedRange<UInt8> { #expect(queue.append([UInt8](repeating: byte, count: 1000))) }
        let flying = (0..<3).compactMap { _ in queue.next() }
        queue.finished(flying[0].number, taken: 512, failed: true)
        #expect(queue.isHalted)
        #expect(queue.next() == nil)
        queue.finished(flying[1].number, taken: 0, failed: true)
        #expect(!queue.isDrained)
        queue.finished(flying[2].number, taken: 0, failed: true)
        #expect(queue.isDrained)
        #expect(queue.next() == nil)
        queue.restart()
        let again = (0..<3).compactMap { _ in queue.next() }
        #expect(again.map { $0.frame[0] } == [1, 2, 3])
        #expect(again.map(\.range) == [512..<1000, 0..<1000, 0..<1000])
        #expect(queue.waitingBytes == 4000 - 512)
    }

    @Test("whatever fails, each byte goes out once and in order", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func anyFailure(seed: UInt64) {
        var random = Steps(state: seed)
        let queue = queue(window: 3000, flying: 4)
        var expected: [UInt8] = []
        var sent: [UInt8] = []
        for _ in 0..<200 {
            let frame = (0..<Int(random.next() % 2000) + 1).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            expected += frame
            #expect(queue.append(frame))
        }
        var flying: [USBSendQueue.Piece] = []
        var rounds = 0
        while queue.waitingBytes > 0, rounds < 100_000 {
            rounds += 1
            while let piece = queue.next() { flying.append(piece) }
            // The pipe takes them in order; a failure takes part of one and nothing of those behind it.
            if random.next() % 4 == 0 {
                for (place, piece) in flying.enumerated() {
                    let taken = place == 0 ? Int(random.next() % UInt64(piece.range.count + 1)) : 0
                    sent += piece.frame[piece.range.prefix(taken)]
                    queue.finished(piece.number, taken: taken, failed: true)
                }
                flying.removeAll()
                queue.restart()
            } else if !flying.isEmpty {
                let piece = flying.removeFirst()
                sent += piece.frame[piece.range]
                queue.finished(piece.number, taken: piece.range.count, failed: false)
            }
        }
        // Compared outside of the expectation, whose account of a difference takes minutes.
        let isEqual = sent == expected
        #expect(isEqual, "seed \(seed)")
        #expect(queue.next() == nil)
    }

    @Test("an unknown or repeated completion changes nothing")
    func foreign() {
        let queue = queue()
        #expect(queue.append([1, 2, 3]))
        queue.finished(77, taken: 3, failed: true)
        #expect(!queue.isHalted)
        #expect(queue.waitingBytes == 3)
        #expect(queue.append([]))
        #expect(queue.next()?.range == 0..<3)
        #expect(queue.next() == nil)
    }

    /// A queue whose changing calls can stand in an expectation.
    private final class Queue {
        private var value: USBSendQueue

        init(window: Int, flying: Int) {
            value = USBSendQueue(packet: 512, window: window, maximumFlying: flying)
        }

        var isHalted: Bool { value.isHalted }
        var isDrained: Bool { value.isDrained }
        var waitingBytes: Int { value.waitingBytes }
        func append(_ frame: [UInt8]) -> Bool { value.append(frame) }
        func next() -> USBSendQueue.Piece? { value.next() }
        func restart() { value.restart() }
        func finished(_ number: UInt64, taken: Int, failed: Bool) {
            value.finished(number, taken: taken, failed: failed)
        }
    }

    /// xorshift64*: enough for tests.
    private struct Steps {
        var state: UInt64

        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return (state &* 0x2545_F491_4F6C_DD1D) >> 16
        }
    }
}
