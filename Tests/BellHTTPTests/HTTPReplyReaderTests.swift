import BellHTTP
import BellModel
import Testing

@Suite struct HTTPReplyReaderTests {
    private static let good = "HTTP/1.1 200 OK\r\nServer: x\r\ncontent-LENGTH:  5 \r\n\r\nhello"

    @Test("An answer is the same in whatever pieces it comes", arguments: 1...60)
    func pieces(size: Int) throws {
        var reader = HTTPReplyReader(limit: 100)
        var rest = Array(Self.good.utf8)[...]
        while !rest.isEmpty {
            #expect(!reader.isWhole)
            try reader.take(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        try reader.finish()
        #expect(reader.isWhole && reader.status == 200 && reader.body == Array("hello".utf8))
    }

    @Test("Without a length the body ends with the connection")
    func untilTheEnd() throws {
        var reader = HTTPReplyReader(limit: 100)
        try reader.take(Array("HTTP/1.0 404 Not Found\r\n\r\nabc".utf8))
        #expect(!reader.isWhole)
        try reader.finish()
        #expect(reader.status == 404 && reader.body == Array("abc".utf8))
    }

    @Test(
        "What is no answer, or too much of one, is refused",
        arguments: [
            "SSH-2.0-x\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 9999 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 101),
            "HTTP/1.1 200 OK\r\nx: " + String(repeating: "y", count: 17000), "\r\n\r\n",
        ])
    func refused(text: String) {
        var reader = HTTPReplyReader(limit: 100)
        #expect { try reader.take(Array(text.utf8)) } throws: { ($0 as? BellError)?.code == .httpReply }
    }

    @Test(
        "An answer that breaks off is refused",
        arguments: ["", "HTTP/1.1 200 OK\r\nContent-Le", String(good.dropLast())])
    func brokenOff(text: String) throws {
        var reader = HTTPReplyReader(limit: 100)
        try reader.take(Array(text.utf8))
        #expect { try reader.finish() } throws: { ($0 as? BellError)?.code == .httpReply }
    }
}

@Suite struct HTTPURLTests {
    @Test(
        "Addresses are read",
        arguments: [
            ("http://example.org", "http://example.org:80/"),
            ("http://127.0.0.1:8079/a/b?c", "http://127.0.0.1:8079/a/b?c"),
            ("http://[::1]:8079/", "http://[::1]:8079/"), ("http://[::1]", "http://[::1]:80/"),
        ])
    func read(text: String, written: String) throws {
        #expect(try HTTPURL(text).description == written)
    }

    @Test(
        "What is no address, or could smuggle a line into the request, is refused",
        arguments: [
            "", "https://example.org/", "ftp://x/", "http://", "http:///x", "http://a b/", "http://a/\r\nx: y",
            "http://a:0/",
            "http://a:65536/", "http://a:/", "http://a:b/", "http://[::1/", "http://[::1]x/", "http://user@host/",
            "http://a/" + String(repeating: "x", count: 2000), "http://ä/",
        ])
    func refused(text: String) {
        #expect { try HTTPURL(text) } throws: { ($0 as? BellError)?.code == .httpURL }
    }
}
