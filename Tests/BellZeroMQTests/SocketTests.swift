import BellModel
import BellZeroMQ
import Testing

@Suite struct SocketTests {
    @Test("messages keep their parts, empty ones too")
    func parts() throws {
        let context = try ZeroMQContext()
        let server = try Socket(context, kind: .pull)
        let endpoint = try server.bind("tcp://127.0.0.1:*")
        let client = try Socket(context, kind: .push, options: .init(lingerMilliseconds: 500))
        try client.connect(endpoint)
        let message: [[UInt8]] = [[], [1, 2, 3], [UInt8](repeating: 7, count: 100_000), []]
        try client.send(message, timeoutMilliseconds: 5000)
        let received = try server.receive(timeoutMilliseconds: 5000)
        #expect(received == message)
    }

    @Test("waiting ends without a message or without room")
    func timeouts() throws {
        let socket = try Socket(ZeroMQContext(), kind: .dealer)
        let nothing = try socket.receive(timeoutMilliseconds: 5)
        #expect(nothing == nil)
        let error = #expect(throws: BellError.self) { try socket.send([[1]], timeoutMilliseconds: 5) }
        #expect(error?.code == .zeromqTimeout)
    }

    @Test("a message of too many parts is dropped, the next one arrives")
    func manyParts() throws {
        let context = try ZeroMQContext()
        let server = try Socket(context, kind: .pull)
        try server.bind("inproc://x")
        let client = try Socket(context, kind: .push)
        try client.connect("inproc://x")
        try client.send([[UInt8]](repeating: [1], count: 65))
        try client.send([[UInt8]](repeating: [2], count: 64))
        let received = try server.receive(timeoutMilliseconds: 5000)
        #expect(received == [[UInt8]](repeating: [2], count: 64))
    }
}
