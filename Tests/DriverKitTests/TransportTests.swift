import BellModel
import DriverKit
import Synchronization
import Testing

@Suite("In-process transports")
struct TransportTests {
    @Test("each end of a pipe gets what the other sends, in order, and its close")
    func pipe() async throws {
        let (host, board) = makePipe()
        for byte in 0..<10 as Range<UInt8> { try host.send([byte]) }
        try board.send([99])
        var atBoard = board.incoming.makeAsyncIterator()
        for byte in 0..<10 as Range<UInt8> { #expect(try await atBoard.next() == [byte]) }
        var atHost = host.incoming.makeAsyncIterator()
        #expect(try await atHost.next() == [99])
        board.close()
        #expect(try await atHost.next() == nil)
        let error = #expect(throws: BellError.self) { try host.send([1]) }
        #expect(error?.code == .transportClosed)
    }

    @Test("an end that is let go closes the other one")
    func dropped() async throws {
        var (host, board): (any Transport, (any Transport)?) = makePipe()
        var atHost = host.incoming.makeAsyncIterator()
        _ = board
        board = nil
        #expect(try await atHost.next() == nil)
        host.close()
    }

    @Test("a pipe whose other end does not read fills up instead of taking all memory")
    func full() throws {
        let (host, board) = makePipe()
        let frame = [UInt8](repeating: 0, count: 1 << 20)
        var sent = 0
        let error = #expect(throws: BellError.self) {
            while sent < 100 {
                try host.send(frame)
                sent += 1
            }
        }
        #expect(error?.code == .transportFull)
        #expect(sent == 8)
        board.close()
    }

    @Test("frames that come together are read one by one, and counted together")
    func together() async throws {
        let queue = FrameQueue(highWater: 6)
        #expect(queue.push(contentsOf: []) == .taken)
        #expect(queue.push(contentsOf: [[1, 2], [3]]) == .taken)
        #expect(queue.waitingBytes == 3)
        #expect(queue.push(contentsOf: [[4, 5], [6, 7]]) == .takenPauseNow)
        queue.finish()
        #expect(queue.push(contentsOf: [[8]]) == .ended)
        var read: [[UInt8]] = []
        for try await frame in queue.stream { read.append(frame) }
        #expect(read == [[1, 2], [3], [4, 5], [6, 7]])
    }

    @Test("a queue asks its source to pause at the high-water mark, and to go on below a quarter of it")
    func flow() async throws {
        let resumed = Mutex(0)
        let queue = FrameQueue(highWater: 8, onRoom: { resumed.withLock { $0 += 1 } })
        var outcomes: [FrameQueue.Outcome] = []
        for _ in 0..<10 { outcomes.append(queue.push([1])) }
        #expect(outcomes.filter { $0 == .takenPauseNow }.count == 1)
        #expect(outcomes[7] == .takenPauseNow)
        var reader = queue.stream.makeAsyncIterator()
        for left in (2...9).reversed() {
            #expect(try await reader.next() == [1])
            #expect(queue.waitingBytes == left)
            #expect(resumed.withLock { $0 } == 0)
        }
        #expect(try await reader.next() == [1])
        #expect(resumed.withLock { $0 } == 1)
    }

    @Test("a reader that waits gets a frame from another task, then the error that ends the queue")
    func wakes() async throws {
        let queue = FrameQueue()
        let reader = Task { () -> (count: Int, error: BellError?) in
            var count = 0
            do {
                for try await _ in queue.stream { count += 1 }
                return (count, nil)
            } catch { return (count, error as? BellError) }
        }
        for _ in 0..<1000 {
            queue.push([0])
            await Task.yield()
        }
        let cause = BellError(.transportClosed, "pulled")
        queue.finish(throwing: cause)
        let result = await reader.value
        #expect(result.count == 1000)
        #expect(result.error == cause)
        #expect(queue.push([1]) == .ended)
    }

    @Test("a cancelled reader ends, and with it the queue")
    func cancelled() async throws {
        let queue = FrameQueue()
        let reader = Task { for try await _ in queue.stream {} }
        await Task.yield()
        reader.cancel()
        _ = await reader.result
        #expect(queue.push([1]) == .ended)
    }

    @Test("a scripted transport keeps what is sent and numbers its answers")
    func scripted() async throws {
        let transport = ScriptedTransport { message in
            if case .ping(let token) = message { [.pong(token: token)] } else { [] }
        }
        try transport.send(BoardMessage.ping(token: 5).encoded(sequence: 41))
        try transport.send(BoardMessage.stop.encoded(sequence: 42))
        try transport.send([1, 2, 3])
        #expect(transport.sentMessages == [.ping(token: 5), .stop])
        #expect(transport.sent.count == 3)
        var reader = transport.incoming.makeAsyncIterator()
        let frame = try Frame.decode(try #require(try await reader.next()))
        #expect(frame.replyTo == 41)
        #expect(frame.sequence == 1)
        transport.fail(BellError(.transportClosed, "pulled"))
        await #expect(throws: BellError.self) { try await reader.next() }
    }

    @Test("bits are packed most significant first, and unused ones are cleared")
    func packedBits() {
        let bits = PackedBits(bits: [1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1])
        #expect(bits.bytes == [0b1011_0011, 0b1010_0000])
        #expect((0..<12).map { bits[$0] } == [1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 0])
        #expect(bits[-1] == 0)
        #expect(PackedBits(count: 3, bytes: [0xff, 0xff]).bytes == [0xe0])
        #expect(PackedBits(count: 9, bytes: []).bytes == [0, 0])
        #expect(PackedBits(count: 0, bytes: [1]).bytes.isEmpty)
    }
}
