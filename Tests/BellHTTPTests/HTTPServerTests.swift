import BellHTTP
import BellModel
import Glibc
import Synchronization
import Testing

/// Requests as a hostile client writes them, over a socket of its own.
@Suite struct HTTPServerTests {
    /// The paths that reached the handler.
    private final class Seen: Sendable {
        let paths = Mutex<[String]>([])
    }
    private let seen = Seen()

    private func serve() throws -> HTTPServer {
        try HTTPServer(at: try ListenAddress("127.0.0.1:0"), idleSeconds: 1) { [seen] request in
            seen.paths.withLock { $0.append("\(request.method.rawValue) \(request.path)") }
            return HTTPResponse(contentType: "text/plain", text: "path \(request.path)")
        }
    }

    /// Sends bytes and reads until the server closes.
    private func talk(_ server: HTTPServer, _ text: String) throws -> String {
        let file = try connect(server)
        defer { close(file) }
        // The server may close before it has read everything.
        let bytes = Array(text.utf8)
        _ = send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(file, Int32(SHUT_WR))
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = recv(file, &buffer, buffer.count, 0), count > 0 { out += buffer.prefix(count) }
        return String(decoding: out, as: UTF8.self)
    }

    private func connect(_ server: HTTPServer) throws -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = server.address.port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let result = withUnsafeBytes(of: &address) { raw in
            Glibc.connect(file, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
        try #require(result == 0, "connected")
        return file
    }

    @Test("GET and HEAD are answered, HEAD without a body")
    func getAndHead() throws {
        let server = try serve()
        let get = try talk(server, "GET /a%20b?c=d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(get.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(get.hasSuffix("\r\n\r\npath /a b"))
        let head = try talk(server, "HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.contains("Content-Length: 7\r\n"))
        #expect(head.hasSuffix("\r\n\r\n"))
        #expect(seen.paths.withLock { $0 } == ["GET /a b", "HEAD /x"])
    }

    @Test(
        "Bad requests are answered or cut off, and never reach the handler",
        arguments: [
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "405"),
            ("DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", "405"), ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
            ("CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n", "405"), ("GETX / HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
            ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "413"),
            ("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "413"),
            ("GET /" + String(repeating: "x", count: 1024) + " HTTP/1.1\r\nHost: x\r\n\r\n", "414"),
            ("GET /" + String(repeating: "x", count: 20000) + " HTTP/1.1\r\nHost: x\r\n\r\n", "4|5"),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: " + String(repeating: "y", count: 20000) + "\r\n\r\n", "4|5"),
            ("GET / HTTP/1.1\r\n\r\n", "400"), ("\0\0\0\0\0\0\0\0\r\n\r\n", ""), ("GET", ""), ("", ""),
            ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", "4"),
        ])
    func bad(request: String, status: String) throws {
        let server = try serve()
        let answer = try talk(server, request)
        let matches = status.split(separator: "|").contains { answer.hasPrefix("HTTP/1.1 \($0)") }
        #expect(matches || (status.isEmpty && !answer.contains("200 OK")), "\(answer.prefix(80))")
        #expect(seen.paths.withLock { $0 } == [])
        // The server goes on.
        #expect(try talk(server, "GET /x HTTP/1.0\r\n\r\n").hasSuffix("path /x"))
    }

    @Test("A path of the greatest length is answered")
    func longest() throws {
        let path = "/" + String(repeating: "x", count: HTTPServer.mostPathBytes - 1)
        #expect(try talk(try serve(), "GET \(path) HTTP/1.0\r\n\r\n").hasSuffix("path \(path)"))
    }

    @Test("Connections that say nothing keep nobody else waiting, and their server stops at once")
    func silent() throws {
        let files: [Int32]
        do {
            let server = try serve()
            files = try (0..<20).map { _ in try connect(server) }
            for file in files { _ = send(file, "GET /sl", 7, Int32(MSG_NOSIGNAL)) }
            #expect(try talk(server, "GET /x HTTP/1.0\r\n\r\n").hasSuffix("path /x"))
        }
        for file in files {
            var byte: UInt8 = 0
            #expect(recv(file, &byte, 1, 0) <= 0)
            close(file)
        }
    }

    @Test("A port that is in use is refused with its number")
    func portInUse() throws {
        let server = try serve()
        #expect { try HTTPServer(at: server.address) { _ in HTTPResponse(contentType: "", text: "") } } throws: {
            ($0 as? BellError)?.code == .httpListen && "\($0)".contains("\(server.address.port)")
        }
    }

    @Test("The client fetches what the server has")
    func client() throws {
        let server = try serve()
        let answer = try HTTPClient.get(try HTTPURL("http://\(server.address)/abc"), limit: 100)
        #expect(answer.status == 200 && answer.body == Array("path /abc".utf8))
        #expect { try HTTPClient.get(try HTTPURL("http://\(server.address)/abc"), limit: 8) } throws: {
            ($0 as? BellError)?.code == .httpReply
        }
    }

    @Test("A server that is silent, or not there, is given up")
    func unreachable() throws {
        let port: UInt16
        do { port = try serve().address.port }
        #expect { try HTTPClient.get(try HTTPURL("http://127.0.0.1:\(port)/"), limit: 8) } throws: {
            ($0 as? BellError)?.code == .httpUnreachable
        }
        // Listens, and never accepts.
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(file) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &address) { raw in
            let pointer = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            bind(file, pointer, size)
            listen(file, 1)
            getsockname(file, pointer, &size)
        }
        let silent = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/"
        #expect { try HTTPClient.get(try HTTPURL(silent), limit: 8, seconds: 1) } throws: {
            ($0 as? BellError)?.code == .httpUnreachable
        }
    }
}
