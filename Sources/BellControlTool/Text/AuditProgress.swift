import BellHost
import BellModel

/// The bar of a journal that is audited anew: trials and speed.
final class AuditProgress {
    private let screen: ProgressScreen
    /// Speed counts since the first arm; the check of the file itself comes before that.
    private var begin: UInt64?
    private var last: UInt64 = 0

    init(_ console: Console) { screen = ProgressScreen(console: console) }

    /// Draws at most ten times a second.
    func draw(_ done: UInt64, of trials: UInt64) {
        let now = monotonicNanoseconds()
        let since = begin ?? now
        begin = since
        guard now &- last >= 100_000_000 else { return }
        last = now
        screen.draw(
            fraction: trials > 0 ? Double(done) / Double(trials) : 1,
            fields: [
                "\(NumberText.count(done)) trials audited",
                NumberText.rate(Double(done) / max(0.1, Double(now &- since) / 1e9)),
            ])
    }

    /// Ends the bar's line.
    func end() { screen.end() }
}
