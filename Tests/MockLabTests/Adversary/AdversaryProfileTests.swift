import BellAudit
import BellModel
import BellYAML
import DriverKit
import Foundation
import Testing

@testable import MockLab

/// Profiles with an `adversary`, and their boards as a host sees them.
@Suite("Profiles of cheating laboratories")
struct AdversaryProfileTests {
    private static func profile(_ settings: [String]) throws -> MockProfile {
        let path = "Calibration/mocklab/profile.yaml"
        let text = try String(contentsOf: DriftProfileTests.root.appendingPathComponent(path), encoding: .utf8)
        var node = try YAMLNode.parse(text, source: path)
        for setting in settings { node = try node.setting(setting) }
        return try MockProfile(yaml: node)
    }

    private static let cases: [(String, Adversary)] = [
        ("attack=memory", Adversary(.memory(.sValue))),
        ("attack=memory goal=wins", Adversary(.memory(.wins))),
        ("attack=predict bias=0.01 pattern=01", Adversary(.predict(bias: 0.01), pattern: .minusOn01)),
        ("attack=lose", Adversary(.lose(.missing))),
        ("attack=lose loss=saturated node=alice", Adversary(.lose(.saturated), node: .alice)),
        ("attack=lose loss=late", Adversary(.lose(.late))),
        ("attack=reorder", Adversary(.reorder)),
        ("attack=repeat", Adversary(.repeat)),
        ("attack=cut", Adversary(.cut(sigmas: 2))),
        ("attack=renumber sigmas=1.5", Adversary(.renumber(sigmas: 1.5))),
        ("attack=signal", Adversary(.signal(.setting, sValue: 2.24, .honest(delay: 150_000)))),
        (
            "attack=signal carries=outcome s_value=4 delay_ns=99.5",
            Adversary(.signal(.outcome, sValue: 4, .honest(delay: 99_500)))
        ),
        ("attack=time-tags s_value=2.5", Adversary(.signal(.setting, sValue: 2.5, .lying))),
        ("attack=clock offset_ns=1000 from_trial=500", Adversary(.clock(offset: 1e6, rate: 0, from: 500))),
        ("attack=clock rate_ppm=-300", Adversary(.clock(offset: 0, rate: -3e-4, from: 0))),
    ]

    @Test("Every attack is read", arguments: cases)
    func reading(text: String, expected: Adversary) throws {
        let read = try Self.profile(text.split(separator: " ").map { "adversary.\($0)" }).adversary
        guard case .clock(let offset, let rate, let from) = expected.attack else {
            #expect(read == expected)
            return
        }
        guard case .clock(let readOffset, let readRate, let readFrom) = read?.attack else {
            Issue.record("no clock")
            return
        }
        #expect(abs(readOffset - offset) < 1e-3 && abs(readRate - rate) < 1e-12 && readFrom == from)
    }

    @Test("A profile without the section is honest")
    func none() throws {
        #expect(try Self.profile([]).adversary == nil)
    }

    @Test(
        "What an attack does not have is refused, with its place",
        arguments: [
            ("attack=steal", "adversary.attack"), ("attack=memory bias=0.1", "adversary.bias"),
            ("attack=predict", "adversary.bias"), ("attack=predict bias=0.6", "adversary.bias"),
            ("attack=predict bias=nan", "adversary.bias"), ("attack=lose loss=eaten", "adversary.loss"),
            ("attack=signal s_value=4.1", "adversary.s_value"), ("attack=signal delay_ns=-1", "adversary.delay_ns"),
            ("attack=time-tags delay_ns=3", "adversary.delay_ns"), ("attack=clock", "adversary.offset_ns"),
            ("attack=clock rate_ppm=5000", "adversary.rate_ppm"), ("attack=cut sigmas=-1", "adversary.sigmas"),
            ("attack=memory node=eve", "adversary.node"), ("attack=memory pattern=12", "adversary.pattern"),
            ("node=alice", "adversary.attack"), ("attack=clock offset_ns=1 from_trial=-1", "adversary.from_trial"),
        ])
    func refused(text: String, place: String) throws {
        let error = try #require(throws: BellError.self) {
            _ = try Self.profile(text.split(separator: " ").map { "adversary.\($0)" })
        }
        #expect(error.description.contains(place.split(separator: ".")[1]), "\(error)")
        #expect(error.description.contains("adversary") || error.description.contains("--profile-set"), "\(error)")
    }

    // MARK: Through the protocol

    /// An arm as the boards sent it.
    private static func evidence(_ client: BoardClient, count: UInt32) -> ArmEvidence {
        ArmEvidence(
            firstIndex: 0, count: count,
            halves: PerNode { node in
                client.chunks(node).map {
                    HalfChunk(
                        node: node, firstIndex: $0.firstIndex, firstPulse: $0.firstPulse, bootID: $0.bootID,
                        records: $0.records)
                }
            }, clocks: PerNode { client.clock($0) })
    }

    @Test(
        "Boards of a cheating laboratory speak the protocol, and the audit sees the same as without boards",
        arguments: cases)
    func boards(text: String, adversary: Adversary) throws {
        var adversary = adversary
        adversary.pattern = .minusOn11
        let count: UInt32 = 20_000
        var client = try BoardClient(seed: 2) { $0.adversary = adversary }
        try client.prepare()
        try client.run(arm: 1, first: 0, count: count)
        #expect(client.unreadable == 0)
        for node in Node.allCases {
            let order = try BoardClient.order(arm: 1, first: 0, count: count)
            #expect(client.armEnds(node) == [ArmEnd(order: order, made: count, reason: .completed)])
            let line = try HandMadeProgram().program(node).discriminator
            for chunk in client.chunks(node) {
                for (place, record) in TrialRecord.all(in: chunk.records).enumerated() {
                    #expect(record.index == chunk.firstIndex + UInt64(place))
                    guard case .renumber = adversary.attack else {
                        #expect(line.outcome(i: record.i, q: record.q) == record.outcome)
                        continue
                    }
                }
            }
        }
        let result = audit(Self.evidence(client, count: count), try Zoo.parameters())
        let most = 0.75 + 4 * Zoo.sigma(0.75, Int(count))
        switch adversary.attack {
        case .memory, .predict: #expect(result.tally.losses == 0)
        case .lose: #expect(result.publishedS() == 4 && result.winRate() <= most)
        case .reorder, .repeat: #expect(result.winRate() < 0.5 && result.tally.losses(.mispaired) > 10_000)
        case .cut, .renumber: #expect(result.winRate() <= most)
        case .signal(_, _, .honest): #expect(result.tally.losses(.locality) == UInt64(count))
        case .signal(_, let sValue, .lying):
            #expect(result.tally.losses == 0)
            #expect(abs(result.publishedS() - sValue) < 8 * 4 * Zoo.sigma(0.8, Int(count)))
        case .clock(_, _, let from): #expect(result.tally.losses >= UInt64(count) - from)
        }
    }

    @Test("A cheating laboratory is repeated by its seed, and shots stay honest")
    func repeatable() throws {
        func records(_ adversary: Adversary?, seed: UInt64) throws -> [UInt8] {
            var client = try BoardClient(seed: seed) { $0.adversary = adversary }
            try client.prepare()
            try client.run(arm: 1, first: 0, count: 3_000)
            return client.chunks(.bob).flatMap(\.records)
        }
        let memory = Adversary(.memory(.wins))
        #expect(try records(memory, seed: 4) == records(memory, seed: 4))
        #expect(try records(memory, seed: 4) != records(memory, seed: 5))
        let late = Adversary(.clock(offset: 1e6, rate: 0, from: .max))
        #expect(try records(late, seed: 4) == records(nil, seed: 4), "an attack that has not begun changes nothing")
        func shots(_ adversary: Adversary?) throws -> BoardMessage? {
            var client = try BoardClient(seed: 4) { $0.adversary = adversary }
            try client.prepare()
            return client.ask(.shotsRequest(ShotsRequest(count: 100, averaged: false)), .bob)
        }
        #expect(try shots(memory) == shots(nil))
    }

    @Test("The node that stops at its lucky moment answers nothing any more")
    func silence() throws {
        var client = try BoardClient(seed: 3) { $0.adversary = Adversary(.cut(sigmas: 0)) }
        try client.prepare()
        var arm: UInt64 = 0
        while client.core.cheat?.isSilent == false && arm < 20 {
            try client.run(arm: arm, first: arm * 1_024, count: 1_024)
            arm += 1
        }
        #expect(client.core.cheat?.isSilent == true)
        #expect(client.records(.bob).count == Int(arm) * 1_024, "all of the lucky slice comes")
        try client.run(arm: arm, first: arm * 1_024, count: 1_024)
        #expect(client.records(.bob).count == Int(arm) * 1_024)
        #expect(client.ask(.ping(token: 1), .bob) == nil)
        #expect(client.ask(.ping(token: 1), .alice) == .pong(token: 1))
    }
}
