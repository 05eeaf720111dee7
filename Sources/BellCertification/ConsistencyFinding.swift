import BellModel
import BellStatistics

/// Tests that a sound laboratory passes whatever it found: no-signalling, the settings' bias, the quantum bound.
///
/// Passing proves nothing. One that fails at the joint level stands against every claim. Holm's adjustment is made over
/// all of them, so that a sound laboratory is refused with a probability of at most that level. Under a stop rule that holds for
/// each end that the rule could have chosen; the quantum bound takes the rest of the sealed n as lost, and holds for all.
struct ConsistencyFinding: Equatable, Sendable {
    let noSignalling: [NoSignallingTest]
    let settings: [SettingTest]
    /// Wins of all started trials, and the most that quantum theory allows with the declared bias.
    let wins: WinCount
    let quantumWinBound: Double
    let log10QuantumP: Double
    /// log10 of the least p-value of all tests, after Holm's adjustment.
    let log10Least: Double
    /// What is refuted, each in a sentence; empty when everything passes.
    let objections: [String]

    /// log10 of the joint level.
    static let level = -6.0

    init(_ tally: TrialTally, wins: WinCount, model: LocalModel) {
        noSignalling = NoSignallingTest.all(tally)
        settings = SettingTest.all(tally, model: model)
        self.wins = wins
        quantumWinBound = model.quantumWinBound
        log10QuantumP = wins.log10QuantumPValue(model)
        let adjusted = holmAdjusted(log10P: noSignalling.map(\.log10P) + settings.map(\.log10P) + [log10QuantumP])
        log10Least = adjusted.min() ?? 0
        let failed = adjusted.map { $0 <= ConsistencyFinding.level }
        let signalling = zip(noSignalling, failed).filter(\.1).map { "\($0.0.name) \(words($0.0.log10P))" }
        let biased = zip(settings, failed.dropFirst(noSignalling.count)).filter(\.1).map {
            "P(\($0.0.name) = 1) = \(NumberText.fixed($0.0.frequency, 5)) \(words($0.0.log10P))"
        }
        var objections: [String] = []
        if !signalling.isEmpty {
            objections.append(
                "no-signalling is refuted: a node's outcome depends on the other one's setting in "
                    + signalling.joined(separator: ", "))
        }
        if !biased.isEmpty {
            objections.append(
                "the declared bias of the settings, |P − ½| ≤ \(NumberText.plain(model.settingBias)), is refuted: "
                    + biased.joined(separator: ", "))
        }
        if failed.last == true {
            objections.append(
                "S is above 2√2 beyond statistics: \(NumberText.count(wins.wins)) of \(NumberText.count(wins.trials)) "
                    + "trials were won, quantum theory allows \(NumberText.fixed(quantumWinBound, 6)) of them "
                    + words(log10QuantumP))
        }
        self.objections = objections
    }

    /// The member `consistency`.
    var json: JSON {
        [
            "no_signalling": .array(noSignalling.map(\.json)), "settings": .array(settings.map(\.json)),
            "quantum_bound": [
                "trials": JSON(count: wins.trials), "wins": JSON(count: wins.wins),
                "win_bound": .double(quantumWinBound), "log10_p": .double(log10QuantumP),
            ],
            "log10_p_holm": .double(log10Least), "log10_level": .double(ConsistencyFinding.level),
        ]
    }
}

private func words(_ log10P: Double) -> String { "(p = \(NumberText.probability(log10: log10P)))" }
