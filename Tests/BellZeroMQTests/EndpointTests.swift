import BellModel
import BellZeroMQ
import Testing
import TestSupport

@Suite struct EndpointTests {
    @Test(
        "only Unix sockets and loopback are local",
        arguments: [
            ("ipc:///run/x", true), ("inproc://x", true), ("tcp://127.0.0.1:5555", true), ("tcp://127.9.8.7:1", true),
            ("tcp://localhost:5555", true), ("tcp://[::1]:5555", true), ("tcp://*:5555", false),
            ("tcp://0.0.0.0:5555", false), ("tcp://192.168.0.1:5555", false), ("tcp://[::]:5555", false),
            ("tcp://127.evil.example:5555", false), ("tcp://127.0.0.256:5555", false), ("tcp://eth0:5555", false),
            ("udp://127.0.0.1:1", false), ("", false),
        ])
    func local(endpoint: String, expected: Bool) { #expect(isLocal(endpoint: endpoint) == expected) }

    @Test(
        "an endpoint that cannot be bound is refused with its name",
        arguments: [
            ("tcp://*:5555", BellError.Code.zeromqOpenBind), ("tcp://0.0.0.0:0", .zeromqOpenBind),
            ("tcp://127.0.0.1:notaport", .zeromqEndpoint), ("ipc:///no/such/folder/x", .zeromqEndpoint),
            ("ipc:///tmp/" + String(repeating: "x", count: 103), .zeromqEndpoint), ("nonsense", .zeromqEndpoint),
            ("usb://1209:be11/ALICE01", .zeromqEndpoint),
        ])
    func badBind(endpoint: String, code: BellError.Code) throws {
        let context = try ZeroMQContext()
        let reactor = try Reactor(context: context, name: "test")
        let error = #expect(throws: BellError.self) { _ = try reactor.open(.router, bind: [endpoint]) { _ in } }
        #expect(error?.code == code)
        #expect(error?.place == endpoint)
        #expect(error?.fix != nil)
    }

    @Test("a path of 107 bytes binds")
    func longestPath() throws {
        let folder = try TemporaryFolder()
        let name = String(repeating: "n", count: 107 - folder.path.utf8.count - 1)
        let socket = try Socket(ZeroMQContext(), kind: .router)
        try socket.bind(folder.endpoint(name))
        #expect("\(folder.path)/\(name)".utf8.count == 107)
        removeFile("\(folder.path)/\(name)")
    }

    @Test("an occupied port is named")
    func occupied() throws {
        let context = try ZeroMQContext()
        let first = try Socket(context, kind: .router)
        let endpoint = try first.bind("tcp://127.0.0.1:*")
        let second = try Socket(context, kind: .router)
        let error = #expect(throws: BellError.self) { try second.bind(endpoint) }
        #expect(error?.code == .zeromqInUse)
        #expect(error?.place == endpoint)
        _ = consume first
    }

}
