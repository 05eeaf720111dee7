import BellModel
import BellRandomness
import Testing

@testable import BellDaemon

@Suite struct HostBitAddressTests {
    struct Written: Sendable {
        var text: String
        var kind: HostBitAddress.Kind
        var minEntropy: Double?
        var name: String?
    }

    static let sound = [
        Written(text: "file:/data/a.bits", kind: .file("/data/a.bits")),
        Written(text: "file:a:b", kind: .file("a:b")),
        Written(text: "file:what?.bits", kind: .file("what?.bits")),
        Written(text: "file:why? 1=1", kind: .file("why? 1=1")),
        Written(
            text: "device:/dev/hwrng?h=0.9", kind: .device("/dev/hwrng"), minEntropy: 0.9, name: "device:/dev/hwrng"),
        Written(text: "device:/a@b", kind: .device("/a@b")),
        Written(text: "serial:/dev/serial/by-id/usb-x", kind: .serial("/dev/serial/by-id/usb-x", baud: 115_200)),
        Written(text: "serial:/dev/ttyACM0@9600", kind: .serial("/dev/ttyACM0", baud: 9600)),
        Written(
            text: "serial:/dev/a@b@3000000?h=1", kind: .serial("/dev/a@b", baud: 3_000_000), minEntropy: 1,
            name: "serial:/dev/a@b@3000000"),
        Written(text: "serial:/dev/a@b", kind: .serial("/dev/a@b", baud: 115_200)),
        Written(text: "serial:/dev/a@", kind: .serial("/dev/a@", baud: 115_200)),
        Written(
            text: "zmq:ipc:///run/bits?h=0.05", kind: .zeroMQ("ipc:///run/bits"), minEntropy: 0.05,
            name: "zmq:ipc:///run/bits"),
    ]

    @Test("addresses of each kind are read, with and without options", arguments: sound)
    func read(written: Written) throws {
        let address = try HostBitAddress(written.text)
        #expect(address.kind == written.kind)
        #expect(address.minEntropy == written.minEntropy)
        #expect(address.name == written.name ?? written.text)
    }

    @Test(
        "hostile addresses are refused, and told in few words",
        arguments: [
            "", ":", "file", "file:", "file:?h=1", "usb:1209:be11", "FILE:/a", " file:/a", "serial:", "serial:@9600",
            "zmq:",
            "file:/a\u{0}b", "file:/a?h=", "file:/a?h=0", "file:/a?h=0.049", "file:/a?h=1.01", "file:/a?h=nan",
            "file:/a?h=-1", "file:/a?h=inf", "file:/a?h=1?h=x", "device:/a?entropy=1", "serial:/dev/a@0",
            "serial:/dev/a@115201", "serial:/dev/a@99999999999999999999999", "serial:/dev/a@9600@",
            String(repeating: "x", count: 1 << 20), "file:/a?h=" + String(repeating: "9", count: 1 << 20),
        ])
    func hostile(text: String) throws {
        // The one that reads like a path is none that exists as a speed.
        guard text != "serial:/dev/a@9600@" else {
            #expect(try HostBitAddress(text).kind == .serial("/dev/a@9600@", baud: 115_200))
            return
        }
        let error = try #require(throws: BellError.self) { try HostBitAddress(text) }
        #expect(error.code == .hostBitsAddress)
        #expect(error.description.utf8.count < 600)
        #expect(error.fix?.isEmpty == false)
    }

    @Test("a speed that no tty has is refused with those that there are")
    func speed() throws {
        let error = try #require(throws: BellError.self) { try HostBitAddress("serial:/dev/ttyUSB0@115000") }
        #expect(error.cause == "no tty has the speed 115000")
        #expect(error.fix?.hasPrefix("write one of 1200, 2400, 4800, 9600") == true)
    }

    @Test("the tests assume the min-entropy that the plan's bias bound leaves, unless the address states one")
    func assumed() throws {
        let plain = try HostBitAddress("file:a")
        #expect(try plain.cutoffs(settingBias: 0).minEntropy == 1)
        #expect(try plain.cutoffs(settingBias: 0).repetition == 41)
        #expect(try plain.cutoffs(settingBias: 0).proportion == 625)
        // −log2(0.5005) = 0.99855…
        let biased = try plain.cutoffs(settingBias: 0.0005)
        #expect(abs(biased.minEntropy - 0.998558) < 1e-6)
        #expect(biased.repetition == 42)
        // A bound near ½ says next to nothing; the tests stay able to fail.
        for bias in [0.49, 0.5, 0.4999999, 7, .nan] {
            let loose = try plain.cutoffs(settingBias: bias)
            #expect(loose.proportion <= loose.window)
        }
        #expect(try HostBitAddress("file:a?h=0.5").cutoffs(settingBias: 0).repetition == 81)
        #expect(try HostBitAddress("file:a?h=0.05").cutoffs(settingBias: 0).proportion == 1022)
    }
}
