import BellControl
import BellModel
import Testing
import TestSupport

@Suite("Control requests and replies")
struct ControlRequestTests {
    @Test(
        "the identifier comes back byte for byte, whatever its type",
        arguments: [
            "7", "0", "-1", "18446744073709551616", "1.50", "1e3", "\"abc\"", "\"\\u00e9\"", "null", "true", "[1, 2]",
            "{\"a\": {\"b\": []}}", "1234567890123456789",
        ])
    func identifier(id: String) throws {
        let request = ControlRequest(parsing: Array("{\"id\": \(id), \"method\": \"ping\"}".utf8))
        #expect(String(decoding: request.id, as: UTF8.self) == id)
        #expect(try request.call.get() == .init(method: "ping"))
        let reply = ControlReply(id: request.id, result: .success(["pong": true])).encoded
        #expect(String(decoding: reply, as: UTF8.self) == "{\"id\":\(id),\"result\":{\"pong\":true}}")
    }

    @Test("a request round-trips")
    func roundTrip() throws {
        let request = ControlRequest(id: 3, method: "campaign.show", params: ["campaign": "a\"}]\\", "n": [1, [2]]])
        #expect(ControlRequest(parsing: request.encoded) == request)
    }

    @Test(
        "members may come in any order, with space between them, and params may be missing or null",
        arguments: [
            "{\"method\":\"a.b\",\"id\":1}", " {\n\"params\" : null , \"method\" : \"a.b\" ,\t\"id\" : 1 } ",
            "{\"id\":1,\"method\":\"a.b\",\"params\":{}}", "{\"id\":1,\"method\":\"\\u0061.b\",\"params\":{ }}",
        ])
    func lenient(text: String) throws {
        let request = ControlRequest(parsing: Array(text.utf8))
        #expect(try request.call.get() == .init(method: "a.b"))
        #expect(request.id == Array("1".utf8))
    }

    @Test(
        "what is no request is refused with a code and a place, and keeps its identifier when it has one",
        arguments: [
            ("", "json.syntax", "null"), ("{", "json.syntax", "null"), ("[]", "control.bad-request", "null"),
            ("7", "control.bad-request", "null"), ("{}", "control.bad-request", "null"),
            ("{\"id\": 5}", "control.bad-request", "5"),
            ("{\"id\": 5, \"method\": 7}", "control.bad-request", "5"),
            ("{\"id\": 5, \"method\": \"\"}", "control.bad-request", "5"),
            ("{\"id\": 5, \"method\": \"a\", \"params\": []}", "control.bad-request", "5"),
            ("{\"id\": 5, \"method\": \"a\", \"params\": {\"a\": 1, \"a\": 2}}", "json.syntax", "5"),
            ("{\"id\": 5, \"method\": \"a\", \"parms\": {}}", "control.bad-request", "5"),
            ("{\"method\": \"a\", \"method\": \"b\", \"id\": 5}", "control.bad-request", "5"),
            ("{\"id\": 05, \"method\": \"a\"}", "json.syntax", "null"),
            ("{\"id\": 5 6, \"method\": \"a\"}", "json.syntax", "null"),
            ("{\"id\": 5, \"method\": \"a\"} x", "json.syntax", "null"),
            ("{\"id\": 5, \"method\": \"a\\q\"}", "json.syntax", "5"),
            ("{\"id\": 5, \"method\": \"a\", \"params\": {]}", "json.syntax", "5"),
        ])
    func refused(text: String, code: String, id: String) {
        let request = ControlRequest(parsing: Array(text.utf8))
        #expect(String(decoding: request.id, as: UTF8.self) == id)
        guard case .failure(let error) = request.call else {
            Issue.record("\(text) was accepted")
            return
        }
        #expect(error.code.name == code)
        #expect(error.place?.hasPrefix("request") == true)
        #expect(error.fix != nil)
    }

    @Test("random bytes and broken requests are refused and never trap", arguments: 1...5 as ClosedRange<UInt64>)
    func hostile(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let good = Array("{\"id\": 7, \"method\": \"a.b\", \"params\": {\"k\": [1, \"x\\n\", {}]}}".utf8)
        var refused = 0
        for _ in 0..<2000 {
            var bytes = good
            for _ in 0...(random.next() % 3) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.next() % 3 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            let request = ControlRequest(parsing: bytes)
            // Whatever came in, what goes out is JSON.
            #expect(throws: Never.self) {
                try JSON(parsing: ControlReply(id: request.id, result: .success(true)).encoded)
            }
            if case .failure = request.call { refused += 1 }
        }
        #expect(refused > 0)
        let deep = ControlRequest(parsing: [UInt8](repeating: UInt8(ascii: "["), count: 100_000))
        #expect(throws: BellError.self) { try deep.call.get() }
    }

    @Test("a reply round-trips, an error with all its parts")
    func replies() throws {
        let other = BellError(.controlBusy, "And this.", fix: "do that")
        let error = BellError(
            .controlBusy, "It failed.", at: "here", cause: "why", state: "so", fix: "so", others: [other])
        for result: Result<JSON, BellError> in [.success(["a": 1]), .success(.null), .failure(error)] {
            let reply = ControlReply(id: Array("\"x\"".utf8), result: result)
            #expect(try ControlReply(parsing: reply.encoded) == reply)
        }
    }

    @Test(
        "a reply with both or neither of result and error is refused", arguments: ["{}", "{\"result\":1,\"error\":{}}"])
    func noReply(text: String) {
        do throws(BellError) {
            let reply = try ControlReply(parsing: Array(text.utf8))
            Issue.record("it was accepted as \(reply)")
        } catch {
            #expect(error.code == .controlBadReply)
            #expect(error.place == "reply")
        }
    }
}
