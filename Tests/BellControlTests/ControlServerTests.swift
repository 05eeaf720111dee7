import BellControl
import BellModel
import BellZeroMQ
import Glibc
import Testing
import TestSupport

/// A control server and a publisher as belld has them, at Unix sockets of their own.
struct TestDaemon {
    let context: ZeroMQContext
    let reactor: Reactor
    let server: ControlServer
    let publisher: TelemetryPublisher
    let control: String
    let telemetry: String

    init(name: String, limit: Int = 64) throws {
        let unique = "\(name)-\(getpid())-\(UInt32.random(in: .min ... .max))"
        try self.init(control: "ipc:///tmp/bt-\(unique)-c", telemetry: "ipc:///tmp/bt-\(unique)-t", limit: limit)
    }

    init(control: String, telemetry: String, limit: Int = 64) throws {
        context = try ZeroMQContext()
        reactor = try Reactor(context: context, name: "test")
        self.control = control
        self.telemetry = telemetry
        let publisher = try TelemetryPublisher(
            reactor: reactor, endpoint: telemetry, initial: ["version": "test", "simulated": true, "campaign": nil])
        self.publisher = publisher
        server = try ControlServer(
            reactor: reactor, endpoint: control, limit: limit,
            fast: { method, params throws(BellError) in
                switch method {
                case "ping": return ["pong": true]
                case "telemetry.snapshot": return publisher.snapshot
                case "fail.fast":
                    throw BellError(.controlBusy, "It failed at once.", at: "here", fix: "ask again")
                default: return nil
                }
            },
            slow: { method, params async throws(BellError) in
                switch method {
                case "echo": return params
                case "publish":
                    return JSON(count: publisher.publish(kind: "event", data: params["data"] ?? .null))
                case "sleep":
                    try? await Task.sleep(for: .milliseconds(params["ms"]?.intValue ?? 0))
                    return .null
                default: throw .unknownMethod(method, known: ["ping", "echo"])
                }
            })
    }

    func close() {
        server.close()
        publisher.close()
        reactor.shutdown()
        for endpoint in [control, telemetry] { unlink(String(endpoint.dropFirst("ipc://".count))) }
    }

    func client() throws -> ControlClient { try ControlClient(context: context, endpoint: control) }
}

@Suite("Control server and client", .serialized, .blocking)
struct ControlServerTests {
    @Test("fast and slow methods are answered, errors come back whole")
    func answers() throws {
        let daemon = try TestDaemon(name: "a")
        defer { daemon.close() }
        let client = try daemon.client()
        #expect(try client.call("ping") == ["pong": true])
        #expect(try client.call("echo", ["a": [1, 2.5, "x", nil]]) == ["a": [1, 2.5, "x", nil]])
        do throws(BellError) {
            _ = try client.call("no.such")
            Issue.record("an unknown method was answered")
        } catch {
            #expect(error.code == .controlUnknownMethod)
            #expect(error.code.exit == .usage)
            #expect(error.place == "request.method")
            #expect(error.fix == "known methods: echo, ping")
        }
        do throws(BellError) {
            _ = try client.call("fail.fast")
            Issue.record("it did not fail")
        } catch {
            #expect(error == BellError(.controlBusy, "It failed at once.", at: "here", fix: "ask again"))
            #expect(error.code.exit == .unreachable)
        }
        #expect(daemon.server.counts.requests == 4)
    }

    @Test("whatever is sent, one error comes back and the next request is served")
    func hostile() throws {
        let daemon = try TestDaemon(name: "h")
        defer { daemon.close() }
        let socket = try Socket(daemon.context, kind: .dealer)
        try socket.connect(daemon.control)
        for text in ["", "{", "\u{0}\u{0}", "{\"id\": [3], \"method\": 4}", "nonsense", "{\"id\": 1}"] {
            try socket.send([Array(text.utf8)], timeoutMilliseconds: 5000)
            let reply = try #require(try socket.receive(timeoutMilliseconds: 5000))
            let json = try JSON(parsing: reply[0])
            #expect(json["error"]?["code"]?.stringValue != nil, "\(json.text)")
            #expect(json["error"]?["what"]?.stringValue != nil)
            #expect(json["id"] != nil)
        }
        // Too many parts: no way back, so no answer, and no harm.
        try socket.send([[UInt8]](repeating: [1], count: 20), timeoutMilliseconds: 5000)
        #expect(try daemon.client().call("ping") == ["pong": true])
        #expect(daemon.server.counts.refused == 7)
    }

    @Test("a REQ socket is served, too")
    func request() throws {
        let daemon = try TestDaemon(name: "r")
        defer { daemon.close() }
        let socket = try Socket(daemon.context, kind: .request)
        try socket.connect(daemon.control)
        for _ in 0..<3 {
            try socket.send([Array("{\"id\":\"q\",\"method\":\"ping\"}".utf8)], timeoutMilliseconds: 5000)
            let reply = try #require(try socket.receive(timeoutMilliseconds: 5000))
            #expect(String(decoding: reply[0], as: UTF8.self) == "{\"id\":\"q\",\"result\":{\"pong\":true}}")
        }
    }

    @Test("no daemon, and a daemon that does not answer in time, are told apart and say where and what to do")
    func unreachable() throws {
        let context = try ZeroMQContext()
        let client = try ControlClient(
            context: context, endpoint: "ipc:///tmp/bt-nobody-\(getpid())", connectTimeoutMilliseconds: 50)
        do throws(BellError) {
            _ = try client.call("ping")
            Issue.record("nobody answered")
        } catch {
            #expect(error.code == .controlUnreachable)
            #expect(error.code.exit == .unreachable)
            #expect(error.place == client.endpoint)
            #expect(error.fix?.contains("bellctl lab up") == true)
            #expect(error.fix?.contains("bellctl status") == true)
        }
        let daemon = try TestDaemon(name: "u")
        defer { daemon.close() }
        let slow = try daemon.client()
        do throws(BellError) {
            _ = try slow.call("sleep", ["ms": 300], timeoutMilliseconds: 30)
            Issue.record("it was in time")
        } catch {
            #expect(error.code == .controlUnreachable)
            #expect(error.what.contains("30 ms"))
            #expect(error.fix?.contains("bellctl status") == true)
        }
        // The late answer does not pass for the next one's.
        #expect(try slow.call("sleep", ["ms": 400]) == .null)
        #expect(try slow.call("ping") == ["pong": true])
    }

    @Test("slow calls run beside each other up to the limit, and fast ones are answered meanwhile")
    func busy() throws {
        let daemon = try TestDaemon(name: "b", limit: 2)
        defer { daemon.close() }
        let socket = try Socket(daemon.context, kind: .dealer)
        try socket.connect(daemon.control)
        for id in 1...3 {
            let request = ControlRequest(id: Int64(id), method: "sleep", params: ["ms": 300])
            try socket.send([request.encoded], timeoutMilliseconds: 5000)
        }
        try socket.send([ControlRequest(id: 4, method: "ping").encoded], timeoutMilliseconds: 5000)
        var order: [String] = []
        for _ in 0..<4 {
            let parts = try #require(try socket.receive(timeoutMilliseconds: 5000))
            let reply = try ControlReply(parsing: parts[0])
            order.append(String(decoding: reply.id, as: UTF8.self))
            if order.last == "3", case .failure(let error) = reply.result { #expect(error.code == .controlBusy) }
        }
        #expect(order.prefix(2) == ["3", "4"])
        #expect(Set(order.suffix(2)) == ["1", "2"])
    }

    @Test("an endpoint that others could reach is refused")
    func openBind() throws {
        let context = try ZeroMQContext()
        let reactor = try Reactor(context: context, name: "test")
        defer { reactor.shutdown() }
        #expect(throws: BellError.self) {
            try ControlServer(
                reactor: reactor, endpoint: "tcp://0.0.0.0:45999", fast: { _, _ throws(BellError) in nil },
                slow: { _, _ async throws(BellError) in .null })
        }
    }
}

@Suite("Telemetry over sockets", .serialized, .blocking)
struct TelemetrySocketTests {
    @Test("a subscriber gets the snapshot, then the changes, and a snapshot again after a gap")
    func follow() throws {
        let daemon = try TestDaemon(name: "t")
        defer { daemon.close() }
        daemon.publisher.publish(kind: "campaign", data: ["trials": 1])
        let subscriber = try TelemetrySubscriber(
            context: daemon.context, telemetryEndpoint: daemon.telemetry, control: try daemon.client())
        #expect(try subscriber.next(timeoutMilliseconds: 1000) == .snapshot)
        #expect(subscriber.snapshot?.state["campaign"]?["trials"] == 1)
        // However long the subscription takes to arrive, the subscriber ends with the publisher's state.
        var changes = 0
        for n in 2...200 {
            daemon.publisher.publish(kind: "campaign", data: ["trials": .int(Int64(n))])
            if case .change? = try subscriber.next(timeoutMilliseconds: 1) { changes += 1 }
        }
        for _ in 0..<400 where subscriber.snapshot?.sequence != 200 {
            if case .change? = try subscriber.next(timeoutMilliseconds: 20) { changes += 1 }
        }
        #expect(subscriber.snapshot?.json == daemon.publisher.snapshot)
        #expect(changes > 0)
    }

    @Test("a subscriber goes on by itself when the daemon is replaced by another")
    func replaced() throws {
        let daemon = try TestDaemon(name: "x")
        for n in 0..<5 as Range<Int64> { daemon.publisher.publish(kind: "event", data: .int(n)) }
        let context = try ZeroMQContext()
        let control = try ControlClient(
            context: context, endpoint: daemon.control, connectTimeoutMilliseconds: 100)
        let subscriber = try TelemetrySubscriber(
            context: context, telemetryEndpoint: daemon.telemetry, control: control)
        #expect(try subscriber.next(timeoutMilliseconds: 1000) == .snapshot)
        let first = try #require(subscriber.snapshot)
        daemon.close()
        // Silence, then the question that nobody answers.
        #expect(throws: BellError.self) {
            for _ in 0..<100 { _ = try subscriber.next(timeoutMilliseconds: 50) }
        }
        let other = try TestDaemon(control: daemon.control, telemetry: daemon.telemetry)
        defer { other.close() }
        for _ in 0..<200 where subscriber.snapshot?.instance == first.instance {
            other.publisher.publish(kind: "event", data: 7)
            _ = try? subscriber.next(timeoutMilliseconds: 50)
        }
        for _ in 0..<100 where subscriber.snapshot?.json != other.publisher.snapshot {
            _ = try? subscriber.next(timeoutMilliseconds: 20)
        }
        #expect(subscriber.snapshot?.instance != first.instance)
        #expect(subscriber.snapshot?.json == other.publisher.snapshot)
    }
}
