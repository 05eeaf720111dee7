import BellCampaign
import BellHost
import BellModel

/// The daemon's own beginning and end.
extension CampaignRunner {
    /// Goes on with what was unfinished when the daemon ended, as each plan's `on_restart` says; one whose end is decided
    /// always. What fails for the disk's sake is tried again.
    func resumeUnfinished() async {
        // What is being begun may fail, and leave nothing under way.
        guard occupied == nil, !isChanging else {
            resumesLater = true
            return
        }
        var failure: BellError?
        do throws(BellError) {
            let listing = try store.all()
            for broken in listing.damaged { log.error("a campaign cannot be read", broken.error) }
            for entry in listing.entries where current == nil && !isChanging && interrupts == 0 {
                // A sealed one is begun by a person alone.
                guard !entry.state.isFinal, entry.state != .sealed,
                    entry.sealed.plan.onRestart == .resume || entry.state == .finishing
                else { continue }
                isChanging = true
                defer { isChanging = false }
                await endOfVisits()
                do throws(BellError) {
                    try await begin(try store.keeper(of: entry.id, unpause: false))
                    log.info("campaign resumed", ["campaign": entry.id])
                } catch {
                    log.error("an unfinished campaign cannot be resumed", error)
                    failure = error
                }
            }
        } catch {
            log.error("unfinished campaigns cannot be listed", error)
            failure = error
        }
        guard let failure, failure.code.exit == .hardware || failure.code.exit == .internal, current == nil else {
            resumeAttempts = 0
            return
        }
        resumeAttempts += 1
        let pause = CampaignMachine.backoff(attempt: resumeAttempts)
        Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(pause))
            await self?.resumeUnfinished()
        }
    }

    /// One signal ends after the block, two after the arm; the first call returns when no campaign is under way.
    ///
    /// - Returns: Whether a campaign was left that can go on.
    @discardableResult
    func interrupt(times: Int) async -> Bool {
        interrupts = max(interrupts, times)
        if let current {
            let all = interrupts
            await current.campaign.request { $0.interrupts = max($0.interrupts, all) }
        }
        cancelCheck?()
        guard times == 1 else { return false }
        var isLeft = false
        while current != nil || isChanging || occupied != nil {
            if let state = await current?.task.value { isLeft = !state.isFinal }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return isLeft
    }
}
