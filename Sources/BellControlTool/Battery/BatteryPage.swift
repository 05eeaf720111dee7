import BellModel
import BellPlot
import BellRandomness

/// Reports of batteries as one page that stands alone.
enum BatteryPage {
    static func html(_ reports: [BatteryReport], source: String, isSimulated: Bool) -> String {
        var parts: [HTMLPage.Part] = [
            .paragraph("bellctl \(Version.belld) on \(source). " + caution)
        ]
        for report in reports { parts += part(report) }
        return HTMLPage(title: "Tests of \(source)", isSimulated: isSimulated, parts: parts).text
    }

    /// What every report of a battery has to say beside its numbers.
    static let caution =
        "A battery detects defects of a generator. Bits without a defect that these tests find may still be known to "
        + "somebody, and are no evidence of certification."

    private static func part(_ report: BatteryReport) -> [HTMLPage.Part] {
        let families = BatteryText.families(report)
        var parts: [HTMLPage.Part] = [
            .heading("\(report.battery): \(report.standard)"), .paragraph(report.words + "."),
            .paragraph("Rule: \(report.rule)"),
        ]
        parts += report.remarks.map { .paragraph("Note: \($0).") }
        parts.append(
            .table(
                .init(
                    "In short", header: ["test", "parameters", "p-values", "found", "verdict"],
                    rows: families.map { family in
                        [
                            family.count > 1 ? "\(family[0].family) (\(family.count))" : family[0].name,
                            family[0].parameters, "\(family.reduce(0) { $0 + $1.pValues.count })",
                            BatteryText.found(family), BatteryText.verdict(family),
                        ]
                    })))
        let figures = summaries(report) + families.compactMap { histogram($0) }
        if !figures.isEmpty { parts.append(.figures(figures)) }
        parts.append(
            .table(
                .init(
                    "Every line", header: ["#", "test", "p-values", "numbers", "verdict", "note"],
                    rows: report.lines.enumerated().map { place, line in
                        [
                            "\(place + 1)", line.name, pValues(line), BatteryText.measures(line),
                            BatteryText.verdict([line]), line.note,
                        ]
                    })))
        return parts
    }

    private static func pValues(_ line: BatteryLine) -> String {
        line.pValues.count > 4
            ? "\(line.pValues.count)"
            : line.pValues.map { BatteryText.number($0, digits: 6) }.joined(separator: " ")
    }

    /// Proportions and uniformity over all lines, for batteries that judge streams.
    private static func summaries(_ report: BatteryReport) -> [Figure] {
        func series(_ name: String, _ value: (BatteryLine) -> Double?) -> Figure.Series? {
            let points = report.lines.enumerated().compactMap { place, line in
                value(line).map { (Double(place + 1), $0) }
            }
            return points.isEmpty ? nil : .init(name, .points, x: points.map(\.0), y: points.map(\.1))
        }
        var figures: [Figure] = []
        if let shares = series("share of streams with p ≥ 0.01", { $0.measure("proportion") }) {
            let limits = series("least share that the rule accepts") { $0.measure("least accepted proportion") }
            figures.append(
                Figure(
                    title: "streams that pass each test", xLabel: "line of the table below",
                    yLabel: "share of streams", series: [shares] + [limits].compactMap(\.self),
                    marks: [.init("expected", y: 0.99)]))
        }
        if let uniformity = series("uniformity", { $0.measure("uniformity p").map { log10(atLeast: $0) } }) {
            figures.append(
                Figure(
                    title: "uniformity of each test's p-values", xLabel: "line of the table below",
                    yLabel: "log10 p of uniformity", series: [uniformity]))
        }
        return figures
    }

    /// The p-values of a family in ten bins.
    private static func histogram(_ family: [BatteryLine]) -> Figure? {
        let values = family.flatMap(\.pValues)
        guard values.count >= 10, let name = family.first?.family else { return nil }
        var counts = [Double](repeating: 0, count: 10)
        for value in values { counts[min(9, max(0, Int(value * 10)))] += 1 }
        let expected = Double(values.count) / 10
        let band = 3 * (Double(values.count) * 0.1 * 0.9).squareRoot()
        return Figure(
            title: "\(name): p-values", xLabel: "p", yLabel: "count",
            series: [
                .init("\(values.count) p-values", .steps, x: (0..<10).map { 0.05 + 0.1 * Double($0) }, y: counts)
            ],
            marks: [
                .init("expected", y: expected), .init("3 deviations less, were they independent", y: expected - band),
                .init("3 more", y: expected + band),
            ])
    }

    private static func log10(atLeast p: Double) -> Double { BatteryText.log10(max(p, 1e-300)) }
}
