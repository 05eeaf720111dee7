import BellCampaign
import BellHost
import BellModel

/// Who has the boards, and whom a campaign that is under way keeps away from them.
extension CampaignRunner {
    /// Begins what may not happen while a campaign has the boards, or a block its frozen settings; ``endVisit()`` must
    /// follow. A campaign that is begun meanwhile waits for it, so that nothing is set behind the back of its first block.
    func beginVisit(_ what: String) throws(BellError) {
        if let occupied {
            throw BellError(
                .campaignBusy, "\(what) while \(occupied.text).", at: occupied.place, state: "nothing was changed",
                fix: occupied.fix)
        }
        guard let current else {
            guard isChanging else { return visits += 1 }
            throw BellError(
                .campaignBusy, "\(what) while a campaign is being begun.", at: "campaign", state: "nothing was changed",
                fix: "see `bellctl status`")
        }
        throw BellError(
            .campaignBusy, "\(what) while campaign \(current.campaign.sealed.number) is under way.", at: "campaign",
            state: "nothing was changed",
            fix: "wait for its end; an instrument's `settings` in lab.yaml take effect at the next block")
    }

    func endVisit() { visits -= 1 }

    func endOfVisits() async {
        while visits > 0 { try? await Task.sleep(for: .milliseconds(5)) }
    }

    /// Keeps campaigns away from the boards until ``endCheck()``.
    func beginCheck(of device: String) throws(BellError) {
        try refuseIfBusy()
        occupied = .check(device)
    }

    /// Keeps campaigns, checks and settings away from the boards until ``endCheck()``. A campaign that is paused between
    /// two blocks does not mind: it goes on with a block of its own, compiled anew.
    ///
    /// - Parameters:
    ///   - what: What is calibrated, and for whom.
    func beginCalibration(_ what: String, by person: String) async throws(BellError) {
        if let current {
            try refuseIfBusy(isParked: true)
            occupied = .calibration(what, person)
            guard await current.campaign.isParked else {
                occupied = nil
                try refuseIfBusy()
                throw BellError(.campaignBusy, "A campaign is under way.", at: "campaign")
            }
            return
        }
        try refuseIfBusy()
        occupied = .calibration(what, person)
    }

    /// Lends the boards of a campaign to what looks after it between two blocks, until ``endCheck()``.
    func beginMaintenance(_ what: String, by policy: String, of campaign: CampaignID) throws(BellError) {
        if interrupts > 0 {
            throw BellError(.campaignBusy, "The daemon is ending.", at: "campaign", state: "nothing was measured")
        }
        if let occupied {
            throw BellError(
                .campaignBusy, "\(occupied.text).", at: occupied.place, state: "nothing was measured",
                fix: occupied.fix)
        }
        guard current?.campaign.id == campaign else {
            throw BellError(
                .campaignBusy, "The campaign is not under way any more.", at: "campaign", state: "nothing was measured")
        }
        occupied = .calibration(what, policy)
    }

    /// What ends the check early and leaves its device safe, when the daemon is to end.
    func setCancellation(ofCheck cancel: @escaping @Sendable () -> Void) {
        cancelCheck = cancel
        if interrupts > 0 { cancel() }
    }

    func endCheck() {
        occupied = nil
        cancelCheck = nil
        resumeWaiting()
    }

    /// A person's campaign is begun, or could not be.
    func changed() {
        isChanging = false
        resumeWaiting()
    }

    func resumeWaiting() {
        guard resumesLater, occupied == nil, !isChanging else { return }
        resumesLater = false
        Task { [weak self] in await self?.resumeUnfinished() }
    }

    /// - Parameter isParked: A campaign that is under way is known to rest.
    func refuseIfBusy(isParked: Bool = false) throws(BellError) {
        if interrupts > 0 {
            throw BellError(.campaignBusy, "The daemon is ending.", at: "campaign", state: "nothing was started")
        }
        if isChanging {
            throw BellError(
                .campaignBusy, "Another campaign is just being started.", at: "campaign", state: "nothing was started",
                fix: "see `bellctl status`")
        }
        if let occupied {
            throw BellError(
                .campaignBusy, "\(occupied.text).", at: occupied.place, state: "nothing was started", fix: occupied.fix)
        }
        guard let current, !isParked else { return }
        throw BellError(
            .campaignBusy,
            "Campaign \(current.campaign.sealed.number) (\(current.campaign.sealed.plan.name)) is under way.",
            at: "campaign", state: "nothing was started",
            fix: "wait for its end, or `bellctl campaign stop` ends it now")
    }
}
