import BellHost
import BellModel
import Board
import DriverKit
import Foundation
import Synchronization
import Testing
import USBTransport
import VirtualUSB

@testable import MockLab

@Suite("The virtual laboratory as USB devices")
struct MockUSBServerTests {
    /// A socket path in a folder of its own that goes with the value.
    private final class Folder {
        let path = "\(NSTemporaryDirectory())belld-usbip-\(UInt64.random(in: .min ... .max))"
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        var socket: String { "\(path)/usbip" }
    }

    private func lab(_ faults: [MockFault] = []) throws -> VirtualLab {
        VirtualLab(profile: try BoardClient.profile(), seed: 4, faults: faults)
    }

    private func driver(_ node: Node, on bus: VirtualBus) -> BoardDriver {
        BoardDriver(
            name: node.name, node: node,
            open: USBTransport.opener(
                bus: bus, vendor: 0x1209, product: 0xBE11, serial: "\(node.name.uppercased())01"))
    }

    @Test("boards come first, then the instruments, each with its bus id and its address for lab.yaml")
    func exports() throws {
        let folder = try Folder()
        let server = try MockUSBServer(
            lab: try lab(),
            instruments: [
                MockInstrument(name: "lo", model: "microwave-source", serial: "LO-1"),
                MockInstrument(name: "sw", model: "RC-2SP6T-A12", serial: "7"),
                MockInstrument(name: "att", model: "RUDAT-6000-60", serial: "8"),
            ], at: [.unix(path: folder.socket), .tcp(port: 0)])
        defer { server.close() }
        #expect(server.exports.map(\.name) == ["alice", "bob", "lo", "sw", "att"])
        #expect(server.exports.map(\.busID) == ["1-1", "1-2", "1-3", "1-4", "1-5"])
        #expect(
            server.exports.map(\.address) == [
                "usb://1209:be11/ALICE01", "usb://1209:be11/BOB01", "usb://1209:be12/LO-1", "usb://20ce:0022/7",
                "usb://20ce:0023/8",
            ])
        for export in server.exports { _ = try DeviceAddress(export.address) }
        #expect(server.addresses.first == .unix(path: folder.socket))
        guard case .tcp("127.0.0.1", let port) = server.addresses.last else {
            Issue.record("\(server.addresses)")
            return
        }
        #expect(port > 0)
        #expect(try mode(folder.socket) == 0o600)
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test("a model that is not simulated is refused before anything listens for long")
    func unknownModel() throws {
        let folder = try Folder()
        let error = #expect(throws: BellError.self) {
            try MockUSBServer(
                lab: try lab(), instruments: [MockInstrument(name: "vna", model: "E5071C", serial: "1")],
                at: [.unix(path: folder.socket)])
        }
        #expect(error?.code == .mockInstrument)
        #expect(error?.place == "instruments.vna.model")
        #expect(!fileExists(folder.socket))
    }

    @Test(
        "addresses are this computer's own",
        arguments: [
            ("127.0.0.1:3240", .tcp(address: "127.0.0.1", port: 3240)), ("127.0.0.2:0", .tcp(address: "127.0.0.2", port: 0)),
            ("[::1]:3240", .tcp(address: "::1", port: 3240)), ("/tmp/x", .unix(path: "/tmp/x")),
            ("localhost:3240", .tcp(address: "127.0.0.1", port: 3240)),
        ] as [(String, USBIPAddress)])
    func addresses(text: String, address: USBIPAddress) throws {
        #expect(try USBIPAddress(parsing: text) == address)
    }

    @Test(
        "what is no address, or not of the loopback, is refused",
        arguments: [
            ("0.0.0.0:3240", "loopback"), ("192.168.1.5:3240", "loopback"), ("[::]:3240", "loopback"),
            ("lab.example:3240", "loopback"), ("127.0.0.1", "no address"), ("127.0.0.1:", "no address"),
            ("127.0.0.1:65536", "no address"), (":3240", "no address"), ("", "no address"), ("::1:3240", "no address"),
            ("127.0.0.1:+80", "no address"), ("127.evil.example:3240", "loopback"),
        ])
    func refused(text: String, says: String) {
        let error = #expect(throws: BellError.self) { try USBIPAddress(parsing: text) }
        #expect(error?.code == .mockUSBIP)
        #expect(error?.what.contains(says) == true, "\(error?.what ?? "")")
        #expect(error?.place == "--usbip")
    }

    // MARK: Boards

    @Test("an arm runs at both boards over simulated USB, with the records that the pipes in process give")
    func arm() async throws {
        let usb = try await run { lab in
            let devices = PerNode { MockUSBServer.board($0, lab: lab) }
            let bus = VirtualBus([devices.alice.device, devices.bob.device])
            return (PerNode { driver($0, on: bus) }, [devices.alice, devices.bob])
        }
        let pipes = try await run { lab in
            let drivers = PerNode { node in
                BoardDriver(name: node.name, node: node) { () async throws(BellError) in try lab.transport(to: node) }
            }
            return (drivers, [])
        }
        #expect(TrialRecord.all(in: usb.alice).count == 300)
        #expect(usb == pipes)
    }

    /// The records of one arm of 300 trials.
    private func run(
        _ make: (VirtualLab) throws -> (drivers: PerNode<BoardDriver>, kept: [AnyObject])
    ) async throws -> PerNode<[UInt8]> {
        let (drivers, kept) = try make(try lab())
        let order = try BoardClient.order(arm: 1, first: 0, count: 300)
        for node in Node.allCases {
            #expect(try await drivers[node].connect().node == node)
            try await drivers[node].load(try HandMadeProgram().program(node))
            try await drivers[node].arm(order)
        }
        try await drivers.alice.start()
        var records = PerNode<[UInt8]>(alice: [], bob: [])
        for node in Node.allCases {
            reading: for await event in drivers[node].events {
                if case .trials(_, _, let chunk) = event { records[node] += chunk.records }
                if case .armEnd = event { break reading }
                if case .disconnected(let error) = event {
                    Issue.record("\(error)")
                    break reading
                }
            }
            await drivers[node].close()
        }
        withExtendedLifetime(kept) {}
        return records
    }

    @Test("a host that pulls the cable is forgotten, and the next one has the board")
    func replug() async throws {
        let lab = try lab()
        let board = MockUSBServer.board(.alice, lab: lab)
        let device = board.device
        let bus = VirtualBus([device])
        let first = driver(.alice, on: bus)
        _ = try await first.connect()
        let before = board.connection
        device.unplug()
        device.plug()
        #expect(board.connection > before)
        let second = driver(.alice, on: bus)
        #expect(try await second.connect().simulated)
        try await second.safe()
        #expect(await !first.isConnected)
        await second.close()
    }

    @Test("a host on another way takes the board over, and USB can take it back")
    func takeOver() async throws {
        let lab = try lab()
        let made = MockUSBServer.board(.bob, lab: lab)
        let bus = VirtualBus([made.device])
        let usb = driver(.bob, on: bus)
        let pipe = BoardDriver(name: "bob", node: .bob) { () async throws(BellError) in try lab.transport(to: .bob) }
        _ = try await usb.connect()
        _ = try await pipe.connect()
        try await pipe.safe()
        await #expect(throws: BellError.self) { try await usb.safe() }
        _ = try await usb.connect()
        try await usb.safe()
        await usb.close()
        await pipe.close()
        withExtendedLifetime(made) {}
    }

    @Test("hosts and the laboratory's own threads meet without blocking one another")
    func stress() async throws {
        let lab = try lab()
        let made = PerNode { MockUSBServer.board($0, lab: lab) }
        let bus = VirtualBus([made.alice.device, made.bob.device])
        let pings = 400
        try await withThrowingTaskGroup(of: Int.self) { group in
            for node in Node.allCases {
                let open = USBTransport.opener(
                    bus: bus, vendor: 0x1209, product: 0xBE11, serial: "\(node.name.uppercased())01")
                let transport = try await open()
                try transport.send(BoardMessage.hello(Hello(software: "stress")).encoded(sequence: 1, replyTo: 0))
                group.addTask {
                    for number in 0..<pings {
                        try transport.send(
                            BoardMessage.ping(token: UInt64(number)).encoded(sequence: UInt32(number + 2), replyTo: 0))
                        if number % 3 == 0 {
                            // Long answers, which the laboratory makes under its lock.
                            try transport.send(
                                BoardMessage.rawRandomRequest(RawRandomRequest(count: 65_536)).encoded(
                                    sequence: UInt32(number + 1_000_000), replyTo: 0))
                        }
                    }
                    return 0
                }
                group.addTask {
                    var pongs = 0
                    for try await bytes in transport.incoming {
                        if case .pong = try BoardMessage(try Frame.decode(bytes)) { pongs += 1 }
                        if pongs == pings { break }
                    }
                    transport.close()
                    return pongs
                }
            }
            // The laboratory is looked at from other threads meanwhile.
            group.addTask {
                for _ in 0..<200 {
                    lab.disconnect(.alice, client: [1, 2, 3])
                    made.bob.device.poke()
                    await Task.yield()
                }
                return 0
            }
            var all = 0
            for try await pongs in group { all += pongs }
            #expect(all == 2 * pings)
        }
        withExtendedLifetime(made) {}
    }

    @Test("a closed server lets go of its boards and their threads")
    func closed() async throws {
        let folder = try Folder()
        let lab = try lab()
        let before = try threads()
        for _ in 0..<20 {
            let server = try MockUSBServer(lab: lab, instruments: [], at: [.unix(path: folder.socket)])
            server.close()
        }
        var left = try threads() - before
        for _ in 0..<500 where left >= 20 {
            try await Task.sleep(for: .milliseconds(10))
            left = try threads() - before
        }
        // Each server has 2 boards; other tests start threads, too, but not so many.
        #expect(left < 20)
    }

    private func threads() throws -> Int { try folderContents("/proc/self/task").count }
}
