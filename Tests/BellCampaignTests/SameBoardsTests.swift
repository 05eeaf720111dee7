import BellHost
import BellModel
import Board
import DriverKit
import MockLab
import Testing

@testable import BellCampaign

/// A campaign's certificate names its boards once: it goes on with those, and with no others.
@Suite struct SameBoardsTests {
    private static let same: [String: JSON] = [
        "model": "mocklab virtual board", "serial": "MOCK-BOB", "firmware": .string(Version.belld),
        "boot_id": "a boot long ago", "tick_rate_hz": 8e9,
    ]

    /// One thing about bob's board that was recorded otherwise, and how the error calls it.
    static let others: [(key: String, value: JSON, says: String)] = [
        ("model", "another model", "model \"mocklab virtual board\" instead of \"another model\""),
        ("serial", "BOB-7", "serial number \"MOCK-BOB\" instead of \"BOB-7\""),
        ("firmware", "0.0.1", "firmware \"\(Version.belld)\" instead of \"0.0.1\""),
        ("tick_rate_hz", 1e9, "tick rate 8000000000.0 Hz instead of 1000000000.0 Hz"),
    ]

    @Test("a campaign does not go on with another board, and says which it was begun with", arguments: others)
    func another(key: String, value: JSON, says: String) async throws {
        let bench = try Bench(trials: 1000)
        var bob = Self.same
        bob[key] = value
        _ = try bench.createKeeper(devices: ["bob": .object(bob)])
        let host = try await Host(bench, keeper: try bench.openKeeper())
        async let end = host.run()
        try await host.until("refused or over") { $0.state == .suspended || $0.state.isFinal }
        let reason = try #require(host.reports.last?.reason)
        #expect(reason.code == .campaignBoards)
        #expect(reason.what.contains(says))
        #expect(reason.place == "bob/board")
        #expect(reason.fix?.contains(key == "firmware" ? "put that firmware back" : "connect that board again") == true)
        await host.campaign.request { $0.interrupts = 1 }
        #expect(await end == .interrupted)
        #expect(try bench.account().nextIndex == 0)
    }

    @Test("the same boards in another boot go on")
    func sameBoards() async throws {
        let bench = try Bench(trials: 500)
        _ = try bench.createKeeper(devices: ["bob": .object(Self.same)])
        let host = try await Host(bench, keeper: try bench.openKeeper())
        #expect(await host.run() == .completed)
        #expect(try bench.account().tally.valid == 500)
    }

    @Test("both boards' differences are told at once")
    func both() async throws {
        let bench = try Bench(trials: 500)
        let keeper = try bench.createKeeper(devices: ["alice": ["serial": "A-7"], "bob": ["serial": "B-7"]])
        let drivers = Host.drivers(of: bench.lab)
        let boards = PerNode(alice: try await drivers.alice.connect(), bob: try await drivers.bob.connect())
        let error = #expect(throws: BellError.self) {
            try keeper.checkSameBoards(boards, keys: PerNode(alice: nil, bob: nil))
        }
        #expect(error.map { "\($0)" }?.contains("A-7") == true)
        #expect(error.map { "\($0)" }?.contains("B-7") == true)
    }
}
