import BellAudit
public import BellModel
import BellStatistics

extension BellError.Code {
    /// A node's setting bits failed a health test.
    public static let campaignSettings = BellError.Code("campaign.settings", exit: .experiment)
}

extension Campaign {
    /// Takes an arm's settings into the health tests, and tells of each test that fails with it: an event in the journal,
    /// the snapshot, and a person is called once a campaign.
    ///
    /// The campaign goes on: whoever stops it at a bad moment of the generator's must not be the program, and the trials
    /// that were run count anyway.
    func testSettings(_ audit: ArmAudit, of arm: Arm) async {
        let known = totals.health.extremes.failures(healthBudget)
        totals.health.add(audit.statuses, from: arm.firstIndex)
        let news = totals.health.extremes.failures(healthBudget).filter { failure in
            !known.contains { $0.node == failure.node && $0.test == failure.test }
        }
        guard !news.isEmpty else { return }
        let errors = news.map(alarm)
        alarms += errors
        for (failure, error) in zip(news, errors) {
            await keeper.addEvent(
                "warning", time: services.time(),
                detail: [
                    "message": .string(error.what), "node": .string(failure.node.name),
                    "test": .string(failure.test.rawValue), "count": JSON(count: failure.count),
                    "from_trial": JSON(count: failure.from), "cutoff": JSON(count: failure.cutoff),
                    "arm": JSON(count: arm.number), "error": error.json,
                ])
        }
        report(force: true)
        // Not waited for: the program that calls a person may take its time.
        if known.isEmpty, let error = BellError.all(errors) { Task { [services] in await services.callPerson(error) } }
    }

    /// What a person is told of a failed test.
    func alarm(_ failure: SettingFailure) -> BellError {
        let words = failure.words
        let source = sealed.plan.inputBits == .host ? "host's source of bits" : "board's generator"
        return BellError(
            .campaignSettings, "\(words.prefix(1).uppercased())\(words.dropFirst()).", at: "\(failure.node.name)/board",
            cause:
                "\(failure.node.name)'s \(source) is stuck or biased, or trials are lost depending on their settings; "
                + "settings within the declared bias fail in at most \(healthBudget.falseAlarms) of all campaigns",
            state: "the campaign goes on, but it will not be certified",
            fix: "end it with `bellctl campaign stop`, mend the \(source), then seal and start another")
    }
}
