import BellCampaign
import BellModel
import Board
import DriverKit

/// Takes in what both boards send of a calibration's arms; the device keeper hands it every event of its identifier.
actor JointArm {
    let campaign: CampaignID
    private var collector: ArmCollector?
    /// Why a board went away since the arm was begun.
    private var loss: BellError?
    private var nextArm: UInt64 = 0
    private var nextIndex: UInt64 = 0

    init(campaign: CampaignID) { self.campaign = campaign }

    /// Begins an arm; every trial of a calibration has an index of its own.
    func begin(count: UInt32) -> ArmOrder {
        let order = ArmOrder(campaign: campaign, arm: nextArm, firstIndex: nextIndex, count: count)
        collector = ArmCollector(arm: Arm(number: nextArm, block: 0, firstIndex: nextIndex, count: count))
        nextArm += 1
        nextIndex += UInt64(count)
        loss = nil
        return order
    }

    func received(_ event: BoardEvent, from node: Node) {
        switch event {
        case .trials(campaign, let arm, let chunk) where arm == collector?.arm.number: _ = collector?.add(chunk)
        case .clock(campaign, let arm, _, let records) where arm == collector?.arm.number:
            collector?.add(records, of: node)
        case .armEnd(campaign, let arm, _, _, let made, _) where arm == collector?.arm.number:
            collector?.end(node, made: made)
        case .disconnected(let error): loss = loss ?? error
        case .connected, .trials, .clock, .signature, .armEnd, .replayEnd, .fault: break
        }
    }

    /// Waits until both halves are here.
    ///
    /// - Parameters:
    ///   - stall: How long nothing may come.
    ///   - progress: Told how many trials both boards have sent.
    /// - Throws: The error of a board that went away, `campaign.board-silent`, `calibration.cancelled`.
    func collect(
        stall: Duration, progress: @Sendable (Int) -> Void
    ) async throws(BellError) -> ArmCollector {
        var seen: UInt64 = 0
        var deadline = ContinuousClock.now + stall
        while true {
            if let loss { throw loss }
            if Task.isCancelled { throw BellError.calibrationWasCancelled }
            guard let collector else { throw BellError(.calibrationRoutine, "No arm was begun.") }
            if collector.isComplete { return collector }
            let received = min(collector.received.alice, collector.received.bob)
            if received != seen {
                seen = received
                deadline = ContinuousClock.now + stall
                progress(Int(received))
            }
            guard ContinuousClock.now < deadline else {
                let missing = Node.allCases.filter { !collector.ended[$0] }
                throw BellError(
                    .campaignBoardSilent, "No trial record came for \(stall) although the board answers.",
                    at: missing.map { "\($0.name)/board" }.joined(separator: ", "), state: BellError.oldValuesStay,
                    fix: "check the trigger cable, then run `bellctl device check`")
            }
            // Cancellation ends the sleep at once and is seen above.
            try? await Task.sleep(for: .milliseconds(1))
        }
    }
}
