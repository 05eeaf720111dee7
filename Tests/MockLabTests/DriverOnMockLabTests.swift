import BellModel
import BellZeroMQ
import Board
import DriverKit
import Foundation
import Testing

@testable import MockLab

@Suite("The board driver on the virtual laboratory")
struct DriverOnMockLabTests {
    private func lab(_ faults: [MockFault] = []) throws -> VirtualLab {
        VirtualLab(profile: try BoardClient.profile(), seed: 4, faults: faults)
    }

    private func driver(_ lab: VirtualLab, _ node: Node) -> BoardDriver {
        BoardDriver(name: node.name, node: node) { () async throws(BellError) in try lab.transport(to: node) }
    }

    /// What came of one arm at one board, up to its end.
    private struct Half {
        var records: [UInt8] = []
        var clock: [ClockRecord] = []
        var made: UInt32?
    }

    /// Reads events until the arm has ended.
    private func collect(_ driver: BoardDriver, arm wanted: UInt64) async -> Half {
        var half = Half()
        for await event in driver.events {
            switch event {
            case .trials(_, let arm, let chunk) where arm == wanted: half.records += chunk.records
            case .clock(_, let arm, _, let records) where arm == wanted: half.clock += records
            case .armEnd(_, let arm, _, _, let made, _) where arm == wanted:
                half.made = made
                return half
            case .fault(let fault):
                Issue.record("\(fault)")
                return half
            case .disconnected(let error):
                Issue.record("\(error)")
                return half
            default: break
            }
        }
        return half
    }

    /// Connects, loads, arms and starts; returns both halves.
    private func runArm(_ drivers: PerNode<BoardDriver>, count: UInt32) async throws -> PerNode<Half> {
        let order = try BoardClient.order(arm: 1, first: 0, count: count)
        for node in Node.allCases {
            let capabilities = try await drivers[node].connect()
            #expect(capabilities.simulated)
            try await drivers[node].load(try HandMadeProgram().program(node))
            try await drivers[node].arm(order)
        }
        try await drivers.alice.start()
        let alice = await collect(drivers.alice, arm: 1)
        let bob = await collect(drivers.bob, arm: 1)
        return PerNode(alice: alice, bob: bob)
    }

    private func check(_ halves: PerNode<Half>, count: Int) {
        for node in Node.allCases {
            let records = TrialRecord.all(in: halves[node].records)
            #expect(records.map(\.index) == Array(0..<UInt64(count)))
            #expect(halves[node].made == UInt32(count))
            #expect(halves[node].clock.last?.pulse == UInt64(count - 1))
        }
    }

    @Test("An arm over mock://")
    func inProcess() async throws {
        let lab = try lab()
        let drivers = PerNode { driver(lab, $0) }
        check(try await runArm(drivers, count: 5_000), count: 5_000)
        let status = try await drivers.bob.status()
        #expect(status.spoolUsed == 5_000)
        await drivers.bob.acknowledge(campaign: try #require(BoardClient.campaign), arm: 1, nextIndex: 5_000)
        #expect(try await drivers.bob.status().spoolUsed == 0)
        #expect(try await drivers.alice.nodeKey().count == 32)
        #expect(try await drivers.alice.rawRandomBits(100).count == 100)
        #expect(try await drivers.alice.shots(10, averaged: false).count == 10)
        for node in Node.allCases { await drivers[node].close() }
        lab.stop()
        #expect(throws: BellError.self) { _ = try lab.transport(to: .alice) }
    }

    @Test("After a reconnect the same records come again")
    func reconnect() async throws {
        let lab = try lab()
        let drivers = PerNode { driver(lab, $0) }
        let first = try await runArm(drivers, count: 2_000)
        let again = driver(lab, .bob)
        _ = try await again.connect()
        let second = await collect(again, arm: 1)
        #expect(second.records == first.bob.records)
        #expect(second.clock == first.bob.clock)
    }

    @Test("Over ZeroMQ, a DEALER to each ROUTER, to the client that greeted last")
    func server() async throws {
        let lab = try lab()
        let reactor = try Reactor(context: try ZeroMQContext(), name: "test-lab")
        let server = try MockLabServer(
            lab: lab, reactor: reactor,
            endpoints: PerNode(alice: "tcp://127.0.0.1:*", bob: "tcp://127.0.0.1:*"))
        #expect(server.endpoints.alice != server.endpoints.bob)
        let context = try ZeroMQContext()
        let first = try Socket(context, kind: .dealer)
        try first.connect(server.endpoints.bob)
        let second = try Socket(context, kind: .dealer)
        try second.connect(server.endpoints.bob)

        func ask(_ message: BoardMessage, _ socket: borrowing Socket) throws -> BoardMessage {
            try socket.send([message.encoded(sequence: 5)], timeoutMilliseconds: 5_000)
            let parts = try #require(try socket.receive(timeoutMilliseconds: 5_000))
            return try BoardMessage(try Frame.decode(parts[0]))
        }
        guard case .error(let early) = try ask(.ping(token: 3), first) else {
            Issue.record("answered before HELLO")
            return
        }
        #expect(early.code == .helloRequired)
        guard case .capabilities = try ask(.hello(Hello(software: "first")), first) else {
            Issue.record("no capabilities")
            return
        }
        _ = try first.receive(timeoutMilliseconds: 5_000)  // STATUS
        #expect(try ask(.ping(token: 4), first) == .pong(token: 4))
        guard case .capabilities = try ask(.hello(Hello(software: "second")), second) else {
            Issue.record("no capabilities")
            return
        }
        guard case .error(let late) = try ask(.ping(token: 5), first) else {
            Issue.record("the first client still has the board")
            return
        }
        #expect(late.code == .helloRequired)
        server.close()
        reactor.shutdown()
        lab.stop()
    }

    @Test(
        "A profile over ZeroMQ that cannot be served is refused",
        arguments: [
            "tcp://0.0.0.0:*", "ipc:///no/such/folder/alice", "carrier-pigeon://1",
        ])
    func refused(endpoint: String) throws {
        let reactor = try Reactor(context: try ZeroMQContext(), name: "test-lab")
        let lab = try lab()
        #expect(throws: BellError.self) {
            _ = try MockLabServer(
                lab: lab, reactor: reactor, endpoints: PerNode(alice: endpoint, bob: "tcp://127.0.0.1:*"))
        }
        reactor.shutdown()
    }

    @Test("The whole laboratory as the program serves it, and what it refuses")
    func host() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("Calibration/mocklab/profile.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        func serve(_ settings: [String], _ faults: [String], _ alice: String) throws(BellError) -> MockLabHost {
            try MockLabHost(
                profile: text, source: "profile.yaml", settings: settings, faults: faults, seed: 1, pace: .max,
                endpoints: PerNode(alice: alice, bob: "tcp://127.0.0.1:*"))
        }
        let host = try serve(["link.efficiency=0"], ["reboot:bob@5"], "zmq+tcp://127.0.0.1:*")
        #expect(host.name == "mocklab")
        let taken = host.endpoints.alice
        let occupied = #expect(throws: BellError.self) { _ = try serve([], [], taken) }
        #expect(occupied?.code == .zeromqInUse)
        host.stop()
        #expect(throws: BellError.self) { _ = try serve(["link.efficiency=2"], [], "tcp://127.0.0.1:*") }
        #expect(throws: BellError.self) { _ = try serve([], ["nonsense"], "tcp://127.0.0.1:*") }
    }
}
