import BellModel
import Board
import DriverKit
import MockLab
import Testing

/// What a driver does with one board, and what comes of it.
struct Conversation {
    var driver: BoardDriver
    /// Everything that the driver delivered, without what only tells of the connection's end.
    var events: [BoardEvent] = []

    init(_ node: Node, name: String = "alice/board", open: @escaping TransportOpener) {
        let patient = BoardTimeouts(heartbeat: .milliseconds(20), silence: .seconds(20), resolution: .milliseconds(5))
        driver = BoardDriver(name: name, node: node, timeouts: patient, open: open)
    }

    /// Connects, loads and runs arms at alice, who drives the trigger line; ends after the last arm's end.
    mutating func run(
        arms: Int, count: UInt32, campaign: CampaignID?, acknowledges: Bool = true
    ) async throws {
        let campaign = try #require(campaign)
        _ = try await driver.connect()
        try await driver.load(try Scene.program(driver.node))
        _ = try await driver.nodeKey()
        for arm in 0..<arms {
            let first = UInt64(arm) * UInt64(count)
            let order = ArmOrder(campaign: campaign, arm: UInt64(arm), firstIndex: first, count: count)
            try await driver.arm(order)
            _ = try await driver.status()
            if driver.node == .alice { try await driver.start() }
            try await collect(until: UInt64(arm))
            if acknowledges {
                await driver.acknowledge(campaign: campaign, arm: UInt64(arm), nextIndex: first + UInt64(count))
            }
        }
        _ = try await driver.status()
    }

    /// Reads events until an arm has ended.
    mutating func collect(until wanted: UInt64) async throws {
        for await event in driver.events {
            events.append(event)
            switch event {
            case .armEnd(_, let arm, _, _, _, _) where arm == wanted: return
            case .disconnected(let error): throw error
            default: break
            }
        }
    }

    /// The events that carry data, as if they were of campaign `campaign`.
    func data(as campaign: CampaignID?) throws -> [BoardEvent] {
        let name = try #require(campaign)
        return events.compactMap { event in
            switch event {
            case .trials(_, let arm, let chunk): .trials(campaign: name, arm: arm, chunk)
            case .clock(_, let arm, let boot, let records):
                .clock(campaign: name, arm: arm, bootID: boot, records)
            case .signature(var signature):
                {
                    signature.campaign = name
                    return .signature(signature)
                }()
            case .armEnd(_, let arm, let first, let count, let made, let reason):
                .armEnd(campaign: name, arm: arm, first: first, count: count, made: made, reason: reason)
            case .fault: event
            case .connected(let capabilities, let isReboot): .connected(capabilities, isReboot: isReboot)
            case .replayEnd, .disconnected: nil
            }
        }
    }
}
