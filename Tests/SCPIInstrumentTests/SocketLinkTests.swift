import BellModel
import DriverKit
import SCPIInstrument
import Synchronization
import Testing
import VirtualUSB

@Suite struct SocketLinkTests {
    private func link(_ server: SCPISocketServer) -> SocketLink {
        let port = server.port
        return SocketLink(place: "alice/lo") { () throws(BellError) in
            try await TCPStream.connect(host: "127.0.0.1", port: port, timeout: .seconds(10))
        }
    }

    private func text(
        _ link: SocketLink, _ question: String, timeout: Duration = .seconds(10), limit: Int = 1000
    ) async throws(BellError) -> String {
        let answer = try await link.query(Array(question.utf8), answer: .line, limit: limit, timeout: timeout)
        return SCPIText.trimmed(String(decoding: answer, as: UTF8.self))
    }

    @Test("a question is answered over TCP, and so are blocks with newlines in them")
    func question() async throws {
        let server = try SCPISocketServer(faults: [.trickle(query: 2)])
        defer { server.stop() }
        let link = link(server)
        try await link.open()
        #expect(try await text(link, "*IDN?") == "belld simulated,MW-20,SRC01,1.0")
        #expect(try await text(link, "*IDN?") == "belld simulated,MW-20,SRC01,1.0")
        for count in [0, 9, 10, 11, 99, 100, 255, 300_000] {
            let answer = try await link.query(
                Array("TEST:BLOCK? \(count)".utf8), answer: .block, limit: 1 << 20, timeout: .seconds(10))
            #expect(try SCPIBlock.content(of: answer) == (0..<count).map { UInt8(truncatingIfNeeded: $0) })
        }
        let content: [UInt8] = [10, 13, 10, 35, 59, 0, 255]
        let echo = try await link.query(
            Array("TEST:ECHO? ".utf8) + SCPIBlock.definite(content), answer: .block, limit: 100, timeout: .seconds(10))
        #expect(try SCPIBlock.content(of: echo) == content)
        await link.close()
        let error = await failure { () async throws(BellError) in _ = try await text(link, "*IDN?") }
        #expect(error?.code == .instrumentNotConnected)
    }

    @Test(
        "the next question gets its own answer after",
        arguments: [
            (.hang(query: 1), .streamTimeout), (.late(query: 1), .streamTimeout), (.cut(query: 1), .streamClosed),
            (.flood(query: 1), .instrumentProtocol),
        ] as [(SCPISocketServer.Fault, BellError.Code)])
    func nextCommandWorks(fault: SCPISocketServer.Fault, code: BellError.Code) async throws {
        let server = try SCPISocketServer(faults: [fault])
        defer { server.stop() }
        let link = link(server)
        try await link.open()
        let patience: Duration = code == .streamTimeout ? .milliseconds(100) : .seconds(10)
        let error = await failure { () async throws(BellError) in _ = try await text(link, "FREQ?", timeout: patience) }
        #expect(error?.code == code, "\(String(describing: error))")
        #expect(error?.state == "the connection was closed; the next command makes a new one")
        #expect(try await text(link, "*ESE 19;*ESE?") == "19")
        #expect(try await text(link, "*IDN?").hasPrefix("belld simulated"))
    }

    @Test("a block of open length is refused, since nothing marks its end, and the next question is answered")
    func openBlock() async throws {
        let server = try SCPISocketServer()
        defer { server.stop() }
        let link = link(server)
        try await link.open()
        let error = await failure { () async throws(BellError) in
            _ = try await link.query(
                Array("TEST:BLOCK:INDEF? 40".utf8), answer: .block, limit: 1000, timeout: .seconds(10))
        }
        #expect(error?.code == .instrumentProtocol)
        #expect(try await text(link, "*OPC?") == "1")
    }

    @Test("nobody at the port, no such host, and a host that is silent are said as such")
    func noServer() async throws {
        let server = try SCPISocketServer()
        let port = server.port
        server.stop()
        let refused = await failure { () async throws(BellError) in
            for _ in 0..<100 { _ = try await TCPStream.connect(host: "127.0.0.1", port: port, timeout: .seconds(5)) }
        }
        #expect(refused?.code == .streamClosed)
        let unknown = await failure { () async throws(BellError) in
            _ = try await TCPStream.connect(host: "no-such-host.invalid", port: 5025, timeout: .seconds(20))
        }
        #expect(unknown?.code == .streamClosed || unknown?.code == .streamTimeout)
        #expect(unknown?.place == "tcp://no-such-host.invalid:5025")
    }

    @Test("a server that goes away is seen at the next question, and found again when it is back")
    func restart() async throws {
        let server = try SCPISocketServer()
        let port = server.port
        let link = link(server)
        try await link.open()
        server.stop()
        let error = await failure { () async throws(BellError) in
            // The first one may find the old connection ended, the second one nobody to connect to.
            for _ in 0..<3 { _ = try await text(link, "*IDN?") }
        }
        #expect(error?.code == .streamClosed)
        var second: SCPISocketServer?
        for _ in 0..<500 where second == nil {
            second = try? SCPISocketServer(port: port)
            if second == nil { try await Task.sleep(for: .milliseconds(10)) }
        }
        defer { second?.stop() }
        try await link.open()
        #expect(try await text(link, "*OPC?") == "1")
    }

    @Test(
        "after a broken connection nothing reaches an instrument that is another one than before",
        arguments: [
            ("belld simulated,MW-20,OTHER,1.0", "belld simulated MW-20 (serial OTHER)"),
            ("ACME,MW-20,SRC01,1.0", "ACME MW-20 (serial SRC01)"),
            ("belld simulated,MW-40,SRC01,1.0", "belld simulated MW-40 (serial SRC01)"),
        ])
    func anotherInstrument(identity: String, title: String) async throws {
        let streams = [
            ScriptedStream(["belld simulated,MW-20,SRC01,1.0\n", ""]), ScriptedStream(["\(identity)\n", "5E9\n"]),
            ScriptedStream(["\(identity)\n"]),
        ]
        let next = Mutex(0)
        let link = SocketLink(place: "alice/lo") { () throws(BellError) in
            streams[next.withLock { place in (place, place += 1).0 }]
        }
        try await link.open()
        #expect(try await text(link, "*IDN?") == "belld simulated,MW-20,SRC01,1.0")
        // Breaks the first connection.
        _ = await failure { () async throws(BellError) in _ = try await text(link, "FREQ?") }
        let error = await failure { () async throws(BellError) in
            try await link.write(Array("OUTP ON".utf8), timeout: .seconds(1))
        }
        #expect(error?.code == .instrumentWrongDevice)
        #expect(error?.what == "Another instrument answers at the address than before: \(title).")
        #expect(error?.place == "alice/lo")
        #expect(error?.cause?.contains("belld simulated MW-20 (serial SRC01)") == true)
        #expect(error?.state == "the instrument is out of use until it is connected anew")
        #expect(streams[1].written == ["*IDN?\n"])
        // Out of use until somebody opens it again, and then it is the new instrument.
        let lost = await failure { () async throws(BellError) in _ = try await text(link, "FREQ?") }
        #expect(lost?.code == .instrumentNotConnected)
        #expect(next.withLock { $0 } == 2)
        try await link.open()
        #expect(try await text(link, "*IDN?") == identity)
    }

    @Test("after a broken connection the same instrument is recognized, also with new firmware, and a clear asks too")
    func sameInstrument() async throws {
        let streams = [
            ScriptedStream(["a,b,c,1\n", ""]), ScriptedStream(["a,b,c,2\n", "5E9\n"]),
            ScriptedStream(["a,b,other,2\n"]),
        ]
        let next = Mutex(0)
        let link = SocketLink(place: "x") { () throws(BellError) in
            streams[next.withLock { place in (place, place += 1).0 }]
        }
        try await link.open()
        _ = try await text(link, "*IDN?")
        _ = await failure { () async throws(BellError) in _ = try await text(link, "FREQ?") }
        #expect(try await text(link, "FREQ?") == "5E9")
        #expect(streams[1].written == ["*IDN?\n", "FREQ?\n"])
        let error = await failure { () async throws(BellError) in try await link.clear() }
        #expect(error?.code == .instrumentWrongDevice)
    }

    @Test("a cancelled question ends at once, and the next one is answered")
    func cancelled() async throws {
        let server = try SCPISocketServer(faults: [.hang(query: 1)])
        defer { server.stop() }
        let link = link(server)
        try await link.open()
        let asking = Task {
            await failure { () async throws(BellError) in _ = try await text(link, "FREQ?", timeout: .seconds(600)) }
        }
        while server.queries == 0 { try await Task.sleep(for: .milliseconds(1)) }
        asking.cancel()
        #expect(await asking.value != nil)
        #expect(try await text(link, "*OPC?") == "1")
    }

    @Test("an answer nobody asked for is no answer")
    func unasked() async throws {
        let pipe = ScriptedStream(["5E9\n7E9\n", "1\n"])
        let link = SocketLink(place: "x") { () throws(BellError) in pipe }
        try await link.open()
        let error = await failure { () async throws(BellError) in _ = try await text(link, "FREQ?") }
        #expect(error?.cause == "4 bytes follow the answer; nobody asked for them")
        #expect(try await text(link, "*OPC?") == "1")
        #expect(pipe.written == ["FREQ?\n", "*OPC?\n"])
    }
}

/// A stream that gives one reply a write; nothing waits.
final class ScriptedStream: ByteStream {
    private let state: Mutex<(replies: [String], ready: [UInt8], written: [String])>

    init(_ replies: [String]) { state = Mutex((replies, [], [])) }

    var written: [String] { state.withLock { $0.written } }

    func write(_ bytes: [UInt8], timeout: Duration) async throws(BellError) {
        state.withLock { state in
            state.written.append(String(decoding: bytes, as: UTF8.self))
            // What was left of the answer before is gone with its connection.
            state.ready = state.replies.isEmpty ? [] : Array(state.replies.removeFirst().utf8)
        }
    }

    func read(upTo limit: Int, timeout: Duration) async throws(BellError) -> [UInt8] {
        let bytes = state.withLock { state in
            defer { state.ready = Array(state.ready.dropFirst(limit)) }
            return Array(state.ready.prefix(limit))
        }
        guard !bytes.isEmpty else { throw BellError(.streamTimeout, "Nothing came.") }
        return bytes
    }

    func close() {}
}
