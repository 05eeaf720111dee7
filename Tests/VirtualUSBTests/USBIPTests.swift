import DriverKit
import Glibc
import Testing

@testable import VirtualUSB

/// The USB/IP server against the published layout (Documentation/usb/usbip_protocol.rst), as a host sees it.
@Suite struct USBIPTests {
    private let device = VirtualUSBDevice(LoopDevice())
    private let server: USBIPServer
    private let address: USBIPAddress

    init() throws {
        address = .unix(path: "/tmp/bell-usbip-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        server = try USBIPServer(at: [address, .tcp(port: 0)])
        server.add(device)
    }

    private static func setup(_ type: UInt8, _ request: UInt8, _ value: UInt16, _ index: UInt16, _ length: UInt16)
        -> [UInt8]
    {
        [type, request] + [value, index, length].flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }

    /// A host that has attached and configured the device.
    private func attached() throws -> USBIPHost {
        let host = USBIPHost(address)
        try #require(host.attach("1-1").count == 320)
        try #require(host.control(Self.setup(0x00, 9, 1, 0, 0))?.status == 0)
        return host
    }

    @Test("OP_REP_DEVLIST and OP_REP_IMPORT, byte by byte, over both kinds of socket")
    func layout() throws {
        let path = Array("/sys/devices/virtual/belld/1-1".utf8)
        var expected = path + [UInt8](repeating: 0, count: 256 - path.count)
        expected += [0x31, 0x2D, 0x31] + [UInt8](repeating: 0, count: 29)
        // busnum 1, devnum 2, speed 3 (high); 1209:0001 release 1.00; class 0/0/0; configuration 0 of 1; 2 interfaces.
        expected += [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x12, 0x09, 0x00, 0x01, 0x01, 0x00, 0, 0, 0, 0, 1, 2]
        #expect(expected.count == 312)
        for address in server.addresses {
            let list = USBIPHost(address)
            list.send([0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0])
            let head: [UInt8] = [0x01, 0x11, 0x00, 0x05, 0, 0, 0, 0, 0, 0, 0, 1]
            #expect(list.receive(400) == head + expected + [0xFF, 1, 2, 0, 3, 0, 0, 0])
        }
        let host = USBIPHost(address)
        #expect(host.attach("1-1") == [0x01, 0x11, 0x00, 0x03, 0, 0, 0, 0] + expected)
    }

    @Test("RET_SUBMIT and RET_UNLINK, byte by byte")
    func replies() throws {
        let host = try attached()
        host.send(
            [
                0, 0, 0, 1, 0, 0, 0, 9, 0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 18, 0, 0, 0, 0, 0xFF,
                0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0x80, 6, 0, 1, 0, 0, 18, 0,
            ])
        let head: [UInt8] = [0, 0, 0, 3, 0, 0, 0, 9] + [UInt8](repeating: 0, count: 12)
        let descriptor: [UInt8] = [18, 1, 0, 2, 0, 0, 0, 64, 0x09, 0x12, 0x01, 0x00, 0x00, 0x01, 1, 2, 3, 1]
        #expect(
            host.receive(66) == head + [0, 0, 0, 0, 0, 0, 0, 18] + [UInt8](repeating: 0, count: 20) + descriptor)
        let read = host.submit(1, isIn: true, length: 512)
        let unlink = host.unlink(read)
        // -ECONNRESET = -104.
        #expect(
            host.receive(48) == [0, 0, 0, 4] + USBIPHost.word(unlink) + [UInt8](repeating: 0, count: 12)
                + [0xFF, 0xFF, 0xFF, 0x98] + [UInt8](repeating: 0, count: 24))
    }

    @Test("Bulk data go around, also empty ones and those of 1 MiB")
    func bulk() throws {
        let host = try attached()
        for size in [0, 1, 511, 512, 513, 1 << 20] {
            let data = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let write = host.submit(1, isIn: false, length: UInt32(size), data: data)
            #expect(host.reply() == .init(command: 3, sequence: write, status: 0, actual: UInt32(size)))
            let read = host.submit(1, isIn: true, length: 1 << 20)
            #expect(host.reply() == .init(command: 3, sequence: read, status: 0, actual: UInt32(size)))
            #expect(host.receive(size) == data)
        }
    }

    @Test("A waiting read is answered when data come; a short one is an error only when the host says so")
    func waiting() throws {
        let host = try attached()
        let read = host.submit(1, isIn: true, length: 512, flags: 1)
        let write = host.submit(1, isIn: false, length: 3, data: [1, 2, 3])
        let first = try #require(host.reply())
        // -EREMOTEIO = -121, with the data; the order of the two answers is free.
        let data = first.sequence == read ? host.receive(3) : []
        let second = try #require(host.reply())
        let later = second.sequence == read ? host.receive(3) : []
        #expect(Set([first.sequence, second.sequence]) == [read, write])
        #expect((first.sequence == read ? first : second) == .init(command: 3, sequence: read, status: -121, actual: 3))
        #expect((first.sequence == read ? second : first) == .init(command: 3, sequence: write, status: 0, actual: 3))
        #expect(data + later == [1, 2, 3])
    }

    @Test("A stall is -EPIPE until CLEAR_FEATURE")
    func stall() throws {
        let host = try attached()
        func write(_ data: [UInt8]) -> Int32? {
            host.submit(1, isIn: false, length: UInt32(data.count), data: data)
            return host.reply()?.status
        }
        #expect(write(Array("stall".utf8)) == -32)
        #expect(write([1]) == -32)
        #expect(host.control(Self.setup(0x82, 0, 0, 0x01, 2))?.data == [1, 0])
        #expect(host.control(Self.setup(0x02, 1, 0, 0x01, 0))?.status == 0)
        #expect(host.control(Self.setup(0x82, 0, 0, 0x01, 2))?.data == [0, 0])
        #expect(write([1]) == 0)
        #expect(host.control(Self.setup(0xC0, 0x77, 0, 0, 2))?.status == -32)
        #expect(host.control(Self.setup(0xC0, 1, 0, 0, 2))?.status == 0)
    }

    @Test("An UNLINK of a transfer that is over is answered with 0, after the transfer's own answer")
    func lateUnlink() throws {
        let host = try attached()
        let write = host.submit(1, isIn: false, length: 1, data: [1])
        let unlink = host.unlink(write)
        #expect(host.reply()?.sequence == write)
        #expect(host.reply() == .init(command: 4, sequence: unlink, status: 0, actual: 0))
    }

    @Test("One host a device: the second is refused as busy, and may come when the first has gone")
    func busy() throws {
        let first = try attached()
        #expect(USBIPHost(address).attach("1-1") == [0x01, 0x11, 0x00, 0x03, 0, 0, 0, 2])
        shutdown(first.socket, Int32(SHUT_WR))
        #expect(first.isEnded)
        #expect(USBIPHost(address).attach("1-1").count == 320)
        #expect(USBIPHost(address).attach("1-9") == [0x01, 0x11, 0x00, 0x03, 0, 0, 0, 4])
    }

    @Test(
        "Unplugging ends the connection; after a re-plug the device has a new number and knows nothing of the old host")
    func unplug() throws {
        let host = try attached()
        host.submit(1, isIn: false, length: 1, data: [1])
        #expect(host.reply()?.status == 0)
        host.submit(2, isIn: true, length: 64)
        device.unplug()
        #expect(host.isEnded)
        #expect(USBIPHost(address).attach("1-1") == [0x01, 0x11, 0x00, 0x03, 0, 0, 0, 4])
        device.plug()
        let again = USBIPHost(address)
        let reply = again.attach("1-1")
        try #require(reply.count == 320)
        #expect(Array(reply[(8 + 292)..<(8 + 296)]) == [0, 0, 0, 3])
        // Unconfigured as every device that was just plugged in.
        #expect(again.control(Self.setup(0x80, 8, 0, 0, 1))?.data == [0])
        again.submit(1, isIn: true, length: 64)
        #expect(again.reply()?.status == -32)
    }

    @Test("The end of a host takes its transfers back: the next one's data are not given to them")
    func detach() throws {
        let first = try attached()
        first.submit(1, isIn: true, length: 512)
        shutdown(first.socket, Int32(SHUT_WR))
        #expect(first.isEnded)
        let host = try attached()
        host.submit(1, isIn: false, length: 1, data: [5])
        #expect(host.reply()?.status == 0)
        host.submit(1, isIn: true, length: 512)
        #expect(host.reply()?.actual == 1)
        #expect(host.receive(1) == [5])
    }

    @Test("A port's reset resets the device, as in Linux's usbip-host")
    func reset() throws {
        let host = try attached()
        let before = device.withModel(as: LoopDevice.self) { $0.resets } ?? -1
        #expect(host.control(Self.setup(0x23, 3, 4, 1, 0))?.status == 0)
        #expect(device.withModel(as: LoopDevice.self) { $0.resets } == before + 1)
    }

    @Test("Answers on an interrupt endpoint come one an interval")
    func intervals() throws {
        let host = try attached()
        let start = ContinuousClock.now
        for number in 0..<8 as Range<UInt8> {
            host.submit(2, isIn: false, length: 1, data: [number])
            #expect(host.reply()?.status == 0)
            host.submit(2, isIn: true, length: 64)
            #expect(host.reply()?.actual == 1)
            #expect(host.receive(1) == [number])
        }
        // bInterval 4 is 1 ms at high speed: sixteen transfers take at least fifteen whole intervals.
        #expect(ContinuousClock.now - start >= .milliseconds(15))
    }

    @Test(
        "A hostile host is disconnected and harms nobody",
        arguments: [
            [UInt8](repeating: 0xFF, count: 48),
            // A transfer of 16 MiB and one byte.
            [1, 1, 0, 0, 1, 0, (16 << 20) + 1, 0, 0, 0, 0, 0].flatMap(USBIPHost.word),
            // One of -1 bytes.
            [1, 1, 0, 1, 1, 0, .max, 0, 0, 0, 0, 0].flatMap(USBIPHost.word),
            // Endpoint 16, direction 2, an isochronous one, an unknown command.
            [1, 1, 0, 1, 16, 0, 8, 0, 0, 0, 0, 0].flatMap(USBIPHost.word),
            [1, 1, 0, 2, 1, 0, 8, 0, 0, 0, 0, 0].flatMap(USBIPHost.word),
            [1, 1, 0, 1, 1, 0, 8, 0, 5, 0, 0, 0].flatMap(USBIPHost.word),
            [7, 1, 0, 1, 1, 0, 8, 0, 0, 0, 0, 0].flatMap(USBIPHost.word),
            // The same number twice while the first still waits.
            [1, 1, 0, 1, 1, 0, 8, 0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 0, 8, 0, 0, 0, 0, 0].flatMap(USBIPHost.word),
        ])
    func hostile(bytes: [UInt8]) throws {
        let host = USBIPHost(address)
        try #require(host.attach("1-1").count == 320)
        _ = host.control(Self.setup(0x00, 9, 1, 0, 0))
        host.send(bytes)
        #expect(host.isEnded)
        _ = try attached()
    }

    @Test("More waiting transfers than the limit end the connection")
    func tooMany() throws {
        let host = try attached()
        for _ in 0...USBIPConnection.mostPending { host.submit(1, isIn: true, length: 64) }
        #expect(host.isEnded)
        _ = try attached()
    }

    @Test("A wrong request is refused", arguments: [[0x01, 0x11, 0x80, 0x77], [0x01, 0x06, 0x80, 0x03]] as [[UInt8]])
    func wrongRequest(head: [UInt8]) {
        let host = USBIPHost(address)
        host.send(head + [0, 0, 0, 0])
        #expect(host.receive(9) == [0x01, 0x11, head[2] & 0x7F, head[3], 0, 0, 0, 5])
    }

    @Test("Random bytes at any stage crash nothing")
    func noise() throws {
        var random = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0 ... .max, using: &random)
        // Before anything can crash.
        print("seed \(seed)")
        var state = seed
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        for round in 0..<50 {
            let host = USBIPHost(address)
            if round % 2 == 0 { _ = host.attach("1-1") }
            host.send((0..<Int(next()) * 4).map { _ in next() })
            shutdown(host.socket, Int32(SHUT_WR))
            while !host.receive(65_536).isEmpty {}
        }
        _ = try attached()
    }

    @Test("A closed server takes nobody and ends its hosts")
    func close() throws {
        let host = try attached()
        server.close()
        #expect(host.isEnded)
        #expect(USBIPHost(address).socket == -1)
    }

    @Test("A board's frames keep their order while one thread sends them and eight reads are under way")
    func boardOrder() async throws {
        let board = VirtualUSBBoard(serial: "BOB01") { _, _ in }
        let busID = server.add(board.device)
        let host = USBIPHost(address)
        try #require(host.attach(busID).count == 320)
        try #require(host.control(Self.setup(0x00, 9, 1, 0, 0))?.status == 0)
        let count: UInt32 = 3000
        let sender = Task.detached {
            for number in 1...count {
                let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: Int(number % 700))
                board.send(Frame(type: 7, sequence: number, payload: payload).encoded(), on: board.connection)
            }
        }
        for _ in 0..<8 { host.submit(1, isIn: true, length: 4096) }
        var decoder = FrameStreamDecoder()
        var next: UInt32 = 1
        while next <= count {
            let reply = try #require(host.reply())
            decoder.append(host.receive(Int(reply.actual)))
            while let bytes = decoder.next() {
                #expect(try Frame.decode(bytes).sequence == next)
                next += 1
            }
            host.submit(1, isIn: true, length: 4096)
        }
        await sender.value
        #expect(decoder.garbageBytes == 0)
    }

    @Test("A host that does not read what it asked for holds up no other, and its device can be unplugged")
    func deafHost() throws {
        let board = VirtualUSBBoard(serial: "BOB01") { _, _ in }
        let busID = server.add(board.device)
        let deaf = USBIPHost(address)
        try #require(deaf.attach(busID).count == 320)
        try #require(deaf.control(Self.setup(0x00, 9, 1, 0, 0))?.status == 0)
        let frame = Frame(type: 7, sequence: 1, payload: [UInt8](repeating: 1, count: 1 << 20)).encoded()
        for _ in 0..<64 {
            deaf.submit(1, isIn: true, length: 2 << 20)
            board.send(frame, on: board.connection)
        }
        let other = try attached()
        other.submit(1, isIn: false, length: 1, data: [1])
        #expect(other.reply()?.status == 0)
        board.device.unplug()
        board.device.plug()
        #expect(USBIPHost(address).attach(busID).count == 320)
    }
}
