import BellCrypto
import BellHost
import BellModel
import BellPicture
import BellPlot
import Glibc

/// `bellctl image encrypt`: one picture under up to three pads.
enum ImageEncryptCommand {
    /// A picture's file is at most this large; more than its samples could need.
    static let largestFile = 256 << 20

    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let path = invocation.positional(0) ?? ""
        let (picture, format) = try Picture.read(try readFile(path, limit: largestFile), source: path)
        let firstBit = try invocation.count("first-bit", in: 0...(1 << 48))
        let sources = ["weak", "outcomes", "certified"].compactMap { panel in
            invocation.text(panel).map { PadSource(panel: panel, text: $0) }
        }
        guard !sources.isEmpty else {
            throw BellError(
                .toolArgument, "No bits are named for the pad.", at: "bellctl image encrypt",
                fix:
                    "add --weak, --outcomes or --certified, each with a file or campaign:ID; \(picture.bits) bits are wanted"
            )
        }
        let folder = try newFolder(invocation)
        let isNew = !fileExists(folder)
        // Before certified bits are taken, which would be lost if there were no place for the pictures.
        try makeFolder(folder, mode: 0o755)
        var panels: [PicturePanel] = []
        do throws(BellError) {
            for (source, one) in zip(sources, try take(sources, picture, firstBit, invocation)) {
                panels.append(try PicturePanel(source.panel, picture, one))
            }
        } catch {
            if isNew { rmdir(folder) }
            throw error
        }
        return try write(PictureReport(picture: picture, panels: panels), format, folder: folder)
    }

    /// The folder that is wanted, which must not hold anything: a recipe that is overwritten loses its picture.
    private static func newFolder(_ invocation: Invocation) throws(BellError) -> String {
        guard let folder = invocation.text("output"), !folder.isEmpty else {
            throw BellError(
                .toolArgument, "Where the pictures go is not said.", at: "bellctl image encrypt",
                fix: "add --output DIR")
        }
        let isThere = fileExists(folder)
        let isEmpty = isThere ? isFolder(folder) ? try folderContents(folder).isEmpty : false : true
        guard isEmpty else {
            throw BellError(
                .toolArgument, "The folder is not empty.", at: folder, state: "no bit was taken",
                fix: "give a new folder")
        }
        return folder
    }

    /// Files first, and every check that needs no certified bits: those are gone once they are taken.
    private static func take(
        _ sources: [PadSource], _ picture: Picture, _ firstBit: UInt64, _ invocation: Invocation
    ) throws(BellError) -> [PadSource.Taken] {
        var taken = [PadSource.Taken?](repeating: nil, count: sources.count)
        func check() throws(BellError) {
            try Pad.checkDifferent(zip(sources, taken).compactMap { source, one in one.map { (source.panel, $0.pad) } })
        }
        for (i, source) in sources.enumerated() where source.campaign == nil {
            try source.checkLedger(path: source.text)
            taken[i] = try source.read(path: source.text, firstBit: firstBit, picture: picture)
        }
        for (i, source) in sources.enumerated() {
            guard let name = source.campaign else { continue }
            // Certified bits are the last of the sources: what can be refused without them has been.
            try check()
            taken[i] = try source.take(
                campaign: name, firstBit: firstBit, picture: picture, state: try invocation.stateDirectory())
        }
        try check()
        return taken.compactMap { $0 }
    }

    private static func write(_ report: PictureReport, _ format: Picture.Format, folder: String) throws(BellError)
        -> Reply
    {
        func put(_ name: String, _ bytes: [UInt8]) throws(BellError) {
            try writeFileAtomically("\(folder)/\(name)", bytes, mode: 0o644)
        }
        for panel in report.panels {
            // The recipe first: an encrypted picture without it is lost.
            try put("\(panel.name).pad.json", Array((panel.recipe.json.prettyText + "\n").utf8))
            try put(
                "\(panel.name).\(panel.cipher.suffix(as: format))", try panel.cipher.encoded(as: format))
        }
        try put("panels.png", try report.row.encoded(as: .png))
        try put("statistics.json", Array((report.json.prettyText + "\n").utf8))
        try put("index.html", Array(try report.page.text.utf8))
        var json = report.json.objectValue ?? [:]
        json["folder"] = .string(absolutePath(folder))
        return Reply(json: .object(json), text: report.text + "  \(folder)/index.html shows them\n")
    }
}
