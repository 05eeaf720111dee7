import BellModel

/// Decides what `campaign watch` does with what it sees. Pure; time is handed in as monotonic nanoseconds.
struct WatchMachine {
    /// What to do next.
    enum Step: Equatable {
        /// Go on; draw when told.
        case wait(draw: Bool)
        /// The certificate exists at this path.
        case certificate(String)
        /// The campaign is over and the certifier made nothing of it.
        case withoutCertificate(state: String)
        /// The daemon ended or was interrupted in between; the campaign can be resumed.
        case interrupted
    }

    /// A terminal's bar moves five times a second; a log gets a line every 5 s.
    private let interval: UInt64
    private var lastDraw: UInt64?
    private var lastState: String?
    private var endedSince: UInt64?
    private var interruptedSince: UInt64?

    /// The certifier has 30 s from the campaign's end; it takes milliseconds.
    static let patience: UInt64 = 30_000_000_000
    /// A supervisor starts belld again within seconds; a campaign that stays interrupted for 10 s was meant to.
    static let interruption: UInt64 = 10_000_000_000

    init(isTerminal: Bool) { interval = isTerminal ? 200_000_000 : 5_000_000_000 }

    /// Takes in the campaign as last heard of; nil when the daemon does not answer.
    mutating func step(_ campaign: CampaignView?, now: UInt64) -> Step {
        if let path = campaign?.certificate { return .certificate(path) }
        let state = campaign?.state
        if state == "abandoned" { return .withoutCertificate(state: "abandoned") }
        if state == "completed" || state == "stopped" {
            let since = endedSince ?? now
            endedSince = since
            if now &- since >= WatchMachine.patience { return .withoutCertificate(state: state ?? "") }
        } else if campaign != nil {
            endedSince = nil
        }
        if state == "interrupted" {
            let since = interruptedSince ?? now
            interruptedSince = since
            if now &- since >= WatchMachine.interruption { return .interrupted }
        } else if campaign != nil {
            interruptedSince = nil
        }
        let isDue = lastDraw.map { now &- $0 >= interval } ?? true
        // Every block begins with `preparing`; only what a person would ask about is a change.
        let shown = state == "preparing" ? "running" : state
        let changed = shown != nil && shown != lastState
        guard campaign != nil, isDue || changed else { return .wait(draw: false) }
        lastDraw = now
        lastState = shown
        return .wait(draw: true)
    }
}
