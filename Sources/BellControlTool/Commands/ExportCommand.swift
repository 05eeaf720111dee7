import BellHost
import BellJournal
import BellModel

/// `bellctl campaign export`: the trials of a journal, as the audit judged them.
enum ExportCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        guard invocation.flag("csv") else {
            throw BellError(
                .toolArgument, "In which format is not said.", at: "bellctl campaign export", fix: "add --csv")
        }
        let console = invocation.console
        let output = invocation.text("output")
        if console.isJSON, output == nil {
            throw BellError(
                .toolArgument, "With --json the trials need a file of their own.", at: "--json",
                fix: "add --output FILE")
        }
        let files = try CampaignFiles.find(invocation.positional(0), in: try invocation.stateDirectory())
        let journal = try Journal.openReadOnly(at: files.journal)
        let sink = try output.map { (path) throws(BellError) in try FileSink(path: path) }
        func write(_ bytes: [UInt8]) throws(BellError) {
            if let sink { try sink.write(bytes) } else { console.write(String(decoding: bytes, as: UTF8.self)) }
        }
        try write(Array(TrialCSV.header.utf8))
        let trials = try export(journal, files: files, write: write)
        try sink?.finish()
        return Reply(
            json: [
                "campaign": .string(files.id), "file": JSON(output), "trials": JSON(count: trials),
                "planned": JSON(count: journal.sealed.plan.trials),
                "simulated": .bool(journal.simulated),
            ],
            text: output.map {
                "\(NumberText.count(trials)) of \(NumberText.count(journal.sealed.plan.trials)) trials in \($0)\n"
            } ?? "")
    }

    /// Writes arm by arm, so that memory does not grow with the campaign.
    private static func export(
        _ journal: Journal, files: CampaignFiles, write: ([UInt8]) throws(BellError) -> Void
    ) throws(BellError) -> UInt64 {
        var trials: UInt64 = 0
        var bytes: [UInt8] = []
        while true {
            let frames = try journal.frames(from: trials)
            if frames.isEmpty { return trials }
            bytes.removeAll(keepingCapacity: true)
            for frame in frames {
                let wrong = TrialCSV.append(firstIndex: frame.firstIndex, statuses: frame.statuses, to: &bytes)
                if let wrong {
                    throw BellError(
                        BellError.Code("export.bad-status", exit: .dataIntegrity),
                        "The journal holds a status that no trial can have.", at: "\(files.journal), trial \(wrong)",
                        fix: "`bellctl campaign verify \(files.id)` says what else is wrong")
                }
                trials = frame.firstIndex &+ UInt64(frame.statuses.count)
            }
            try write(bytes)
        }
    }
}
