import BellCalibration
import BellModel
import BellPlot

/// Figures that came over the wire, for terminals and files.
enum FigureText {
    /// The figures of a report.
    static func figures(_ report: JSON) -> [Figure] {
        (report["figures"]?.arrayValue ?? []).prefix(24).compactMap { Figure(json: $0) }
    }

    static func text(_ json: JSON, width: Int) -> String { Figure(json: json).map { text($0, width: width) } ?? "" }

    static func text(_ figure: Figure, width: Int) -> String {
        TextPlot(width: min(max(width - 2, 30), 100)).text(figure)
    }

    static func svg(_ figures: [Figure]) -> String { SVGPlot().page(figures) }

    /// The report as a page that stands alone.
    static func html(_ report: JSON, _ figures: [Figure]) -> String {
        func text(_ key: String) -> String { report[key]?.stringValue ?? NumberText.missing }
        func rows(_ key: String, _ name: String) -> [[String]] {
            (report[key]?.arrayValue ?? []).map { value in
                [
                    value[name]?.stringValue ?? "",
                    CalibrateText.measured(value["value"]?.doubleValue, value["uncertainty"]?.doubleValue),
                    value["unit"]?.stringValue ?? "", value["state"]?.stringValue ?? "",
                ]
            }
        }
        var parts: [HTMLPage.Part] = [
            .paragraph("\(text("item")), \(text("action")), \(text("time")): \(text("verdict")). \(text("reason"))"),
            .paragraph("belld \(text("software")); for \(text("by"))"),
        ]
        let (proposals, metrics) = (rows("proposals", "path"), rows("metrics", "name"))
        if !proposals.isEmpty {
            parts.append(.table(.init("Proposed", header: ["value", "", "unit", "state"], rows: proposals)))
        }
        if !metrics.isEmpty { parts.append(.table(.init("Found", header: ["metric", "", "unit", ""], rows: metrics))) }
        if !figures.isEmpty { parts.append(.figures(figures)) }
        return HTMLPage(
            title: "Calibration run \(text("run"))", isSimulated: report["simulated"]?.boolValue ?? false, parts: parts
        ).text
    }
}
