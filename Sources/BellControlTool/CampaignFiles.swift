import BellHost
import BellJournal
import BellModel

/// Finds a campaign's files in a state directory, without a daemon.
struct CampaignFiles: Equatable {
    /// 32 hexadecimal digits.
    let id: String
    /// The campaign's directory.
    let directory: String

    var journal: String { "\(directory)/journal.sqlite" }
    var certificate: String { "\(directory)/certificate.json" }

    /// Finds the campaign that a person named.
    ///
    /// - Parameter name: An id, the start of one, a number, `latest` or nil for the latest; or the path of a campaign's
    ///   folder, which may have been copied from another machine.
    /// - Throws: `tool.no-campaign` when there is none or more than one.
    static func find(_ name: String?, in state: StateDirectory) throws(BellError) -> CampaignFiles {
        if let name, name.contains("/") { return try folder(name) }
        let all = list(in: state)
        guard !all.isEmpty else {
            throw BellError(
                .toolNoCampaign, "There is no campaign in this state directory.", at: state.campaigns,
                fix: "check --state; `bellctl campaign start PLAN` makes one")
        }
        guard let name, name != "latest" else { return latest(all) }
        var matches = all.filter { $0.id == name }
        if matches.isEmpty, let number = UInt64(name) { matches = all.filter { $0.number == number } }
        if matches.isEmpty, !name.isEmpty { matches = all.filter { $0.id.hasPrefix(name) } }
        if let only = matches.first, matches.count == 1 { return only }
        throw BellError(
            .toolNoCampaign, "\(matches.isEmpty ? "No" : "More than one") campaign is named \"\(name)\".",
            at: state.campaigns,
            fix: "one of: \(all.map(\.id).joined(separator: ", "))")
    }

    private static func folder(_ path: String) throws(BellError) -> CampaignFiles {
        var path = absolutePath(path)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let files = CampaignFiles(id: String(path.split(separator: "/").last ?? ""), directory: path)
        guard fileExists(files.journal) else {
            throw BellError(
                .toolNoCampaign, "This is no campaign's folder: it holds no journal.sqlite.", at: path,
                fix: "give the folder that holds journal.sqlite and certificate.json")
        }
        return files
    }

    /// The place of the campaign's plan in its chain; nil when the journal cannot be read.
    var number: UInt64? { (try? Journal.openReadOnly(at: journal))?.sealed.number }

    private static func latest(_ all: [CampaignFiles]) -> CampaignFiles {
        // Numbers are asked once each, because every question opens a journal.
        let numbered = all.map { (files: $0, number: $0.number ?? 0) }
        return numbered.max { ($0.number, $0.files.id) < ($1.number, $1.files.id) }?.files ?? all[0]
    }

    /// Every campaign with a journal, by id.
    static func list(in state: StateDirectory) -> [CampaignFiles] {
        let names = (try? folderContents(state.campaigns)) ?? []
        return names.filter { CampaignID(hex: $0) != nil }
            .map { CampaignFiles(id: $0, directory: "\(state.campaigns)/\($0)") }
            .filter { fileExists($0.journal) }
    }
}
