import BellModel
import BellZeroMQ
import DriverKit
import Synchronization
import Testing
import ZeroMQTransport

@Suite("A transport over ZeroMQ")
struct ZeroMQTransportTests {
    /// A ROUTER that answers every frame by `answer`, like a board.
    private func withBoard(
        answer: @escaping @Sendable ([[UInt8]]) -> [[[UInt8]]], _ body: (any Transport) async throws -> Void
    ) async throws {
        let reactor = try Reactor(context: ZeroMQContext(), name: "test")
        defer { reactor.shutdown() }
        let held = Mutex<Channel?>(nil)
        let board = try reactor.open(.router, bind: ["tcp://127.0.0.1:*"]) { parts in
            for reply in answer(Array(parts.dropFirst())) {
                try? held.withLock { $0 }?.send([parts[0]] + reply)
            }
        }
        held.withLock { $0 = board }
        let transport = try ZeroMQTransport.connect(reactor: reactor, endpoint: board.endpoint)
        try await body(transport)
        transport.close()
        held.withLock { $0 = nil }
    }

    @Test("a frame goes to the ROUTER as one part, and its answers come back whole and in order")
    func echo() async throws {
        try await withBoard { parts in
            parts.count == 1 ? [[parts[0]], [[1, 2, 3]]] : []
        } _: { transport in
            let frame = BoardMessage.ping(token: 7).encoded(sequence: 1)
            try transport.send(frame)
            var iterator = transport.incoming.makeAsyncIterator()
            #expect(try await iterator.next() == frame)
            #expect(try await iterator.next() == [1, 2, 3])
        }
    }

    @Test("several parts and an oversized frame arrive as what they are: no frame")
    func noFrames() async throws {
        let big = [UInt8](repeating: 0x42, count: Frame.maximumSize + 1)
        try await withBoard { _ in
            [[[0x42, 0x45], [0x4C, 0x4C]], [big]]
        } _: { transport in
            try transport.send([0])
            var iterator = transport.incoming.makeAsyncIterator()
            let joined = try #require(try await iterator.next())
            #expect(throws: FrameError.truncated(have: 4, need: 24)) { try Frame.decode(joined) }
            let second = try #require(try await iterator.next())
            #expect(second.count == big.count)
            #expect(throws: FrameError.self) { try Frame.decode(second) }
        }
    }

    @Test("after close nothing can be sent and the reader ends")
    func close() async throws {
        try await withBoard { _ in
            []
        } _: { transport in
            transport.close()
            var iterator = transport.incoming.makeAsyncIterator()
            let end = try await iterator.next()
            #expect(end == nil)
            let error = #expect(throws: BellError.self) { try transport.send([1]) }
            #expect(error?.code == .transportClosed)
        }
    }

    @Test("more data than the reader takes at once pauses the board and loses nothing")
    func flowControl() async throws {
        let chunk = [UInt8](repeating: 9, count: 1 << 20)
        try await withBoard { _ in
            Array(repeating: [chunk], count: 48)
        } _: { transport in
            try transport.send([0])
            var iterator = transport.incoming.makeAsyncIterator()
            for _ in 0..<48 { #expect(try await iterator.next()?.count == chunk.count) }
        }
    }

    @Test("an endpoint that cannot be read is refused")
    func badEndpoint() throws {
        let reactor = try Reactor(context: ZeroMQContext(), name: "test")
        defer { reactor.shutdown() }
        #expect(throws: BellError.self) { try ZeroMQTransport.connect(reactor: reactor, endpoint: "nonsense") }
    }
}
