import BellModel
import Testing

@Suite("Device addresses")
struct DeviceAddressTests {
    static let good: [(String, DeviceAddress.Way, String?)] = [
        ("mock://chsh/alice", .mock(lab: "chsh", device: "alice"), nil),
        ("tcp://10.0.0.7:5025", .socket(host: "10.0.0.7", port: 5025), nil),
        ("replay:///tmp/alice.belltrace", .replay(path: "/tmp/alice.belltrace"), nil),
        ("zmq+ipc://@run/alice", .run(name: "alice"), "ipc:///run/user/1/x/alice"),
        ("zmq+ipc:///tmp/b o.sock".replacing(" ", with: ""), .ipc(path: "/tmp/bo.sock"), "ipc:///tmp/bo.sock"),
        ("zmq+tcp://127.0.0.1:5771", .tcp(host: "127.0.0.1", port: 5771), "tcp://127.0.0.1:5771"),
        ("zmq+tcp://[::1]:5771", .tcp(host: "[::1]", port: 5771), "tcp://[::1]:5771"),
        ("usb://1209:be11/ALICE01", .usb(vendor: 0x1209, product: 0xbe11, serial: "ALICE01"), nil),
    ]

    @Test("each way is read, and gives its ZeroMQ endpoint", arguments: good.indices)
    func understood(place: Int) throws {
        let (text, way, endpoint) = DeviceAddressTests.good[place]
        let address = try DeviceAddress(text)
        #expect(address.way == way)
        #expect(address.text == text)
        #expect(address.zeroMQEndpoint(runDirectory: "/run/user/1/x") == endpoint)
    }

    @Test(
        "anything else is refused with the forms that are understood",
        arguments: [
            "", "alice", "mock://", "mock://lab", "mock://lab/", "mock:///alice", "mock://a/b/alice",
            "zmq+ipc://", "zmq+ipc://relative", "zmq+ipc://@run/", "zmq+ipc://@run/../x", "zmq+ipc://@run/..",
            "zmq+tcp://host", "zmq+tcp://host:0", "zmq+tcp://host:65536", "zmq+tcp://:1", "zmq+tcp://::1:5",
            "zmq+tcp://host:+80", "usb://1209/ALICE", "usb://1209:be11/", "usb://12:be11/X", "usb://xxxx:be11/X",
            "tcp://h", "tcp://h:0", "replay://x", "replay:///", "http://x", "mock://la b/alice", "mock://lab/alice\n",
        ])
    func refused(text: String) {
        let error = #expect(throws: BellError.self) { try DeviceAddress(text, place: "lab.yaml:12 at") }
        #expect(error?.code == .deviceAddress)
        #expect(error?.code.exit == .usage)
        #expect(error?.place == "lab.yaml:12 at")
        #expect(error?.fix?.contains("zmq+ipc://@run/<name>") == true)
    }
}
