import BellModel
import DriverKit
import Testing

@testable import MockLab

@Suite("Faults of the virtual laboratory")
struct MockFaultTests {
    /// Runs three arms of 300 trials with the fault, and the same without.
    private func runs(_ fault: MockFault) throws -> (healthy: BoardClient, faulty: BoardClient) {
        var healthy = try BoardClient(seed: 8)
        var faulty = try BoardClient(seed: 8)
        faulty.core.faults.add(fault)
        try healthy.prepare()
        try faulty.prepare()
        for arm in 0..<3 {
            try healthy.run(arm: UInt64(arm), first: UInt64(arm) * 300, count: 300)
            try faulty.run(arm: UInt64(arm), first: UInt64(arm) * 300, count: 300)
        }
        return (healthy, faulty)
    }

    /// Places of the records that differ.
    private func differences(_ a: BoardClient, _ b: BoardClient, _ node: Node) -> [Int] {
        zip(a.records(node), b.records(node)).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
    }

    @Test("drop: one half is missing, the arm says that it made all")
    func drop() throws {
        let (healthy, faulty) = try runs(MockFault(.drop, node: .bob, trial: 450))
        #expect(faulty.records(.bob).map(\.index) == Array(0..<300) + Array(600..<900))
        #expect(faulty.records(.alice) == healthy.records(.alice))
        #expect(faulty.armEnds(.bob).map(\.made) == [300, 300, 300])
    }

    @Test("lie: one reported setting is not the one used")
    func lie() throws {
        let (healthy, faulty) = try runs(MockFault(.lie, node: .alice, trial: 450))
        #expect(differences(healthy, faulty, .alice) == [450])
        #expect(faulty.records(.alice)[450].setting == 1 - healthy.records(.alice)[450].setting)
    }

    @Test("flag: one trial's flags are flipped")
    func flag() throws {
        let (healthy, faulty) = try runs(MockFault(.flag, node: .bob, value: 0x110, trial: 7))
        #expect(differences(healthy, faulty, .bob) == [7])
        #expect(faulty.records(.bob)[7].flags.rawValue == 0x111)
    }

    @Test("exchange: two outcomes change places, also at a chunk's end")
    func exchange() throws {
        for trial in [UInt64(0), 299, 500] {
            let (healthy, faulty) = try runs(MockFault(.exchange, node: .bob, trial: trial))
            let place = Int(trial)
            let other = place == 299 ? 298 : place + 1
            let before = healthy.records(.bob)
            #expect(faulty.records(.bob)[place].outcome == before[other].outcome)
            #expect(faulty.records(.bob)[other].outcome == before[place].outcome)
            #expect(differences(healthy, faulty, .bob).allSatisfy { $0 == place || $0 == other })
        }
    }

    @Test("permute: the outcomes' order is turned, their number stays")
    func permute() throws {
        let (healthy, faulty) = try runs(MockFault(.permute, node: .alice, trial: 300))
        let (before, after) = (healthy.records(.alice).map(\.outcome), faulty.records(.alice).map(\.outcome))
        #expect(after[0..<300] == before[0..<300])
        #expect(Array(after[300..<600]) == before[300..<600].reversed())
    }

    @Test("slip: the counter jumps at the trial")
    func slip() throws {
        let (healthy, faulty) = try runs(MockFault(.slip, node: .bob, value: 33, trial: 450))
        let jumps = zip(healthy.records(.bob), faulty.records(.bob)).map { $1.startTick - $0.startTick }
        #expect(jumps == [UInt64](repeating: 0, count: 450) + [UInt64](repeating: 33, count: 450))
    }

    @Test("bias: the settings lean to 1 from the trial on")
    func bias() throws {
        let (healthy, faulty) = try runs(MockFault(.bias, node: .bob, value: 0.4, trial: 300))
        let (before, after) = (healthy.records(.bob).map(\.setting), faulty.records(.bob).map(\.setting))
        #expect(after[0..<300] == before[0..<300])
        #expect(after[300...].reduce(0) { $0 + Int($1) } > 480)
    }

    @Test("reboot: a new boot id, nothing kept, HELLO needed, the other board gives up its arm")
    func reboot() throws {
        var client = try BoardClient()
        client.core.faults.add(MockFault(.reboot, node: .bob, trial: 350))
        try client.prepare()
        let boot = client.core.boards.bob.bootID
        try client.run(arm: 0, first: 0, count: 300)
        let order = try BoardClient.order(arm: 1, first: 300, count: 300)
        for node in Node.allCases { client.ask(.arm(order), node) }
        client.ask(.start(ArmName(campaign: order.campaign, arm: 1)), .alice)
        #expect(client.records(.alice).count == 600)
        #expect(client.core.boards.bob.bootID != boot)
        #expect(client.core.boards.bob.spool.used == 0)
        #expect(client.core.boards.bob.program == nil)
        guard case .error(let report) = client.ask(.ping(token: 1), .bob) else {
            Issue.record("a rebooted board answered")
            return
        }
        #expect(report.code == .helloRequired)
        guard case .capabilities(let capabilities) = client.ask(.hello(Hello(software: "t")), .bob) else {
            Issue.record("no capabilities")
            return
        }
        #expect(capabilities.bootID == client.core.boards.bob.bootID)
    }

    @Test("reboot of the master: pulses cease and the other board ends its arm")
    func rebootMaster() throws {
        var client = try BoardClient()
        client.core.faults.add(MockFault(.reboot, node: .alice, trial: 100))
        try client.prepare()
        try client.run(arm: 0, first: 0, count: 300)
        #expect(client.records(.bob).count == 100)
        client.wait(nanoseconds: 1_100_000_000)
        #expect(client.armEnds(.bob).map(\.reason) == [.noTrigger])
        #expect(client.armEnds(.bob).map(\.made) == [100])
    }

    @Test("mute: no answer for a while, then everything again after HELLO")
    func mute() throws {
        var client = try BoardClient()
        client.core.faults.add(MockFault(.mute, node: .bob, value: 2, trial: 0))
        try client.prepare()
        try client.run(arm: 0, first: 0, count: 300)
        #expect(client.records(.bob).isEmpty)
        #expect(client.ask(.ping(token: 1), .bob) == nil)
        client.now += 2_000_000_000
        #expect(client.ask(.ping(token: 1), .bob) == .pong(token: 1))
        client.ask(.hello(Hello(software: "t")), .bob)
        #expect(client.records(.bob).count == 300)
    }

    @Test(
        "corrupt, truncate and garbage: one unreadable frame, mended by a reconnect",
        arguments: [
            MockFault.Kind.corrupt, .truncate, .garbage,
        ])
    func damagedFrames(kind: MockFault.Kind) throws {
        var (_, faulty) = try runs(MockFault(kind, node: .bob, trial: 450))
        #expect(faulty.unreadable == 1)
        #expect(faulty.records(.bob).count == (kind == .garbage ? 900 : 600))
        faulty.inbox.bob = []
        faulty.ask(.hello(Hello(software: "t")), .bob)
        #expect(faulty.records(.bob).count == 900)
    }

    @Test("repeat: a chunk comes twice")
    func repeated() throws {
        let (_, faulty) = try runs(MockFault(.repeat, node: .bob, trial: 450))
        #expect(faulty.chunks(.bob).map(\.firstIndex) == [0, 300, 300, 600])
    }

    @Test("fault: the arm ends with what was made, FAULT tells why, and only SAFE leads out")
    func hardwareFault() throws {
        var client = try BoardClient()
        client.core.faults.add(MockFault(.fault, node: .alice, value: 6, trial: 450))
        try client.prepare()
        try client.run(arm: 0, first: 0, count: 300)
        let order = try BoardClient.order(arm: 1, first: 300, count: 300)
        for node in Node.allCases { client.ask(.arm(order), node) }
        client.ask(.start(ArmName(campaign: order.campaign, arm: 1)), .alice)
        #expect(client.records(.alice).map(\.index) == Array(0..<450))
        #expect(client.armEnds(.alice).last == ArmEnd(order: order, made: 150, reason: .fault))
        guard case .fault(let fault) = client.inbox.alice.last else {
            Issue.record("FAULT does not follow ARM_END")
            return
        }
        #expect(fault.code == .hardware && fault.severity == .stopped && fault.arm == 1)
        let bits = HostBits(campaign: order.campaign, arm: 2, bits: PackedBits(bits: [1]))
        for message in [
            BoardMessage.program(try HandMadeProgram().program(.alice).encoded()), .hostBits(bits), .arm(order),
            .start(ArmName(campaign: order.campaign, arm: 1)), .stop,
            .shotsRequest(ShotsRequest(count: 1, averaged: true)), .rawRandomRequest(RawRandomRequest(count: 8)),
        ] {
            guard case .error(let report) = client.ask(message, .alice) else {
                Issue.record("\(message.type.name) was taken in state fault")
                continue
            }
            #expect(report.code == .wrongState)
        }
        #expect(client.core.boards.alice.status(time: 0).state == .fault)
        guard case .capabilities = client.ask(.hello(Hello(software: "t")), .alice) else {
            Issue.record("no greeting in state fault")
            return
        }
        #expect(client.ask(.ping(token: 9), .alice) == .pong(token: 9))
        #expect(client.ask(.safe, .alice) == .ok)
        #expect(client.core.boards.alice.status(time: 0).state == .idle)
    }

    @Test("fault of a board that is not the master: the other one runs on")
    func otherFault() throws {
        let (_, faulty) = try runs(MockFault(.fault, node: .bob, trial: 650))
        #expect(faulty.records(.alice).count == 900)
        #expect(faulty.armEnds(.bob).map(\.made) == [300, 300, 50])
    }

    @Test("error: the next ARM past the trial is refused once")
    func refusedArm() throws {
        var client = try BoardClient()
        client.core.faults.add(MockFault(.error, node: .bob, trial: 450))
        try client.prepare()
        try client.run(arm: 0, first: 0, count: 300)
        let order = try BoardClient.order(arm: 1, first: 300, count: 300)
        guard case .error(let report) = client.ask(.arm(order), .bob) else {
            Issue.record("ARM was taken")
            return
        }
        #expect(report.code == .hardware)
        #expect(client.ask(.arm(order), .bob) == .armed(order))
    }

    @Test("fault and error are read like the others")
    func parsing() throws {
        #expect(try MockFault(parsing: "fault:alice:2@7") == MockFault(.fault, node: .alice, value: 2, trial: 7))
        #expect(try MockFault(parsing: "fault@7").value == 4)
        #expect(try MockFault(parsing: "error:bob@0") == MockFault(.error, node: .bob, trial: 0))
    }
}
