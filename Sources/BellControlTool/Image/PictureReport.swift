import BellCrypto
import BellModel
import BellPicture
import BellPlot

/// One pad over the picture, and what shows through it.
struct PicturePanel {
    let name: String
    let cipher: Picture
    let recipe: PadRecipe
    let statistics: CipherStatistics
    /// Nil where nobody knows.
    let isSimulated: Bool?

    init(_ name: String, _ picture: Picture, _ taken: PadSource.Taken) throws(BellError) {
        self.name = name
        cipher = try picture.covered(by: taken.pad)
        recipe = PadRecipe(
            source: taken.origin, firstBit: taken.firstBit, picture: picture, cipher: Blake2b.hash(cipher.samples))
        statistics = CipherStatistics(plain: picture, cipher: cipher)
        isSimulated = taken.isSimulated
    }

    /// One sentence; never more than that nothing was found.
    var verdict: String {
        let found = statistics.defects
        return found.isEmpty
            ? "no defect found by these statistics at this size" : "defects found: \(found.joined(separator: "; "))"
    }

    /// `campaign 0c0c0c0c…, withdrawal 7` or the file's name, with the first bit.
    var origin: String {
        let place =
            switch recipe.source {
            case .file(let name): "file \(name)"
            case .campaign(let campaign, .withdrawal(let number)):
                "campaign \(campaign.description.prefix(8)), withdrawal \(number)"
            case .campaign(let campaign, let part): "campaign \(campaign.description.prefix(8)), \(part.name)"
            }
        return "\(place), \(NumberText.count(recipe.bits)) bits from bit \(NumberText.count(recipe.firstBit)) on"
            + (isSimulated == true ? ", SIMULATED" : "")
    }
}

/// A picture beside itself under each pad, for people and for programs.
struct PictureReport {
    let picture: Picture
    let panels: [PicturePanel]

    private static let note = "* beyond five standard deviations from what even and independent bits give"
    /// A page of more samples than this would be slow to open.
    private static let largestShown = 1 << 22

    /// The picture and all panels on white.
    var row: Picture { Picture.row([picture] + panels.map(\.cipher)) ?? picture }

    /// Rows of the table: title, what even bits give, a cell for each panel.
    private var rows: [[String]] {
        guard let first = panels.first else { return [] }
        return first.statistics.entries.indices.map { i in
            let entry = first.statistics.entries[i]
            // χ² and its kin need fewer decimals than shares.
            let decimals = entry.expected > 100 ? 1 : 4
            let expected =
                NumberText.fixed(entry.expected, decimals)
                + (entry.deviation.map { " ± " + NumberText.fixed($0, decimals) } ?? "")
            return [entry.title, expected]
                + panels.map { panel in
                    let one = panel.statistics.entries[i]
                    return NumberText.fixed(one.value, decimals) + (one.isDefect ? "*" : " ")
                }
        }
    }

    var text: String {
        var table = TextTable(["", ">even bits"] + panels.map { ">\($0.name) " })
        for row in rows { table.add(row) }
        var text = "\(picture.description)\n\n\(table.text())  \(Self.note)\n\n"
        var list = TextTable(["", ""])
        for panel in panels {
            list.add([panel.name, Style.safe(panel.origin) ?? ""])
            list.add(["", panel.verdict])
        }
        text += list.text() + "\n"
        return text
    }

    var json: JSON {
        [
            "picture": [
                "width": .int(Int64(picture.width)), "height": .int(Int64(picture.height)),
                "channels": .int(Int64(picture.channels)),
            ],
            "panels": .object(
                Dictionary(
                    panels.map { panel in
                        var members = panel.statistics.json.objectValue ?? [:]
                        members["simulated"] = panel.isSimulated.map(JSON.bool) ?? .null
                        members["pad"] = panel.recipe.json["pad"]
                        return (panel.name, .object(members))
                    }, uniquingKeysWith: { first, _ in first })),
        ]
    }

    var page: HTMLPage {
        get throws(BellError) {
            var pictures = [HTMLPage.Picture(caption: "picture", png: try picture.encoded(as: .png))]
            for panel in panels {
                pictures.append(HTMLPage.Picture(caption: panel.name, png: try panel.cipher.encoded(as: .png)))
            }
            let isShown = picture.samples.count <= Self.largestShown
            return HTMLPage(
                title: "A picture under one-time pads", isSimulated: panels.contains { $0.isSimulated == true },
                parts: [
                    isShown
                        ? .pictures(pictures) : .paragraph("The pictures are too large for a page: see panels.png."),
                    .paragraph(
                        "\(picture.description). Each pad was put over the picture by XOR, eight bits a sample. A pad of even "
                            + "and independent bits that is used once and kept secret hides everything but the size; what shows "
                            + "in a panel shows what its bits lack. Nothing here says that bits are random."),
                    .table(
                        HTMLPage.Table(
                            "What shows", header: ["", "even bits"] + panels.map(\.name),
                            rows: rows.map { $0.map { $0.hasSuffix(" ") ? String($0.dropLast()) : $0 } })),
                    .paragraph(Self.note),
                    .table(
                        HTMLPage.Table(
                            "The pads", header: ["", "bits", "found"],
                            rows: panels.map { [$0.name, $0.origin, $0.verdict] })),
                ])
        }
    }
}
