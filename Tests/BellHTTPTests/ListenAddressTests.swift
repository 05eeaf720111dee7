import BellHTTP
import BellModel
import Testing

@Suite struct ListenAddressTests {
    @Test(
        "Addresses of the loopback are read",
        arguments: [
            ("127.0.0.1:8079", "127.0.0.1:8079"), ("localhost:1", "127.0.0.1:1"),
            ("127.3.2.1:65535", "127.3.2.1:65535"),
            ("[::1]:80", "[::1]:80"), ("127.0.0.1:0", "127.0.0.1:0"),
        ])
    func read(text: String, written: String) throws {
        #expect(try ListenAddress(text).description == written)
    }

    @Test(
        "What others can reach, and what is no address, is refused",
        arguments: [
            "0.0.0.0:80", "192.168.1.2:80", "[::]:80", "126.255.255.255:80", "128.0.0.1:80", "example.org:80",
            "127.0.0.1",
            "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", ":80", "", "127.1:80", "127.0.0.1:80 ", "::1:80",
        ])
    func refused(text: String) {
        #expect { try ListenAddress(text) } throws: { ($0 as? BellError)?.code == .httpAddress }
    }
}
