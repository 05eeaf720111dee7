import BellCertification
import BellHost
import BellJournal
import BellModel

/// `bellctl campaign verify`: recomputes everything that was certified from the stored halves.
enum VerifyCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        var certificate: Certificate?
        if let path = invocation.text("certificate") { certificate = try read(path) }
        let path = try journalPath(invocation, certificate: certificate)
        let beside = "\(parent(of: path))/certificate.json"
        if certificate == nil, fileExists(beside) { certificate = try read(beside) }
        let journal = try Journal.openReadOnly(at: path)
        let screen = ProgressScreen(console: invocation.console)
        defer { screen.end() }
        var meter = Meter()
        let report = try Verification.run(journal: journal, certificate: certificate) { done, trials in
            guard let rate = meter.rate(done, now: monotonicNanoseconds()) else { return }
            screen.draw(
                fraction: trials > 0 ? Double(done) / Double(trials) : 1,
                fields: ["\(NumberText.count(done)) trials audited", NumberText.rate(rate)])
        }
        screen.end()
        return Reply(json: report.json, text: ended(report.text), exit: report.exitCode)
    }

    private static func journalPath(
        _ invocation: Invocation, certificate: Certificate?
    ) throws(BellError) -> String {
        if let path = invocation.text("journal") { return path }
        // A certificate alone names its campaign.
        let name = invocation.positional(0) ?? certificate?.evidence.campaign.description
        return try CampaignFiles.find(name, in: try invocation.stateDirectory()).journal
    }

    private static func read(_ path: String) throws(BellError) -> Certificate {
        try Certificate(parsing: try readFile(path), source: path)
    }

    /// Speed since the first arm, ten times a second; the check of the file itself comes before that.
    private struct Meter {
        private var begin: UInt64?
        private var last: UInt64 = 0

        mutating func rate(_ done: UInt64, now: UInt64) -> Double? {
            let since = begin ?? now
            begin = since
            guard now &- last >= 100_000_000 else { return nil }
            last = now
            return Double(done) / max(0.1, Double(now &- since) / 1e9)
        }
    }
}
