import BellRandomness
import Glibc

/// A battery's report for a terminal.
enum BatteryText {
    static func text(_ report: BatteryReport, style: Style) -> String {
        let streams = report.streams == 1 ? "" : ", \(NumberText.count(UInt64(max(0, report.streams)))) streams"
        var text = style.bold(report.battery)
        text += "  \(report.standard), \(NumberText.count(UInt64(max(0, report.bits)))) bits\(streams)\n"
        var table = TextTable(["test", "parameters", ">p-values", "found", "verdict"])
        for family in families(report) {
            guard let first = family.first else { continue }
            table.add([
                family.count > 1 ? "\(first.family) (\(family.count))" : first.name, first.parameters,
                first.pValues.isEmpty ? "" : "\(family.reduce(0) { $0 + $1.pValues.count })", found(family),
                verdict(family),
            ])
        }
        text += table.text(style: style)
        let words = report.words
        switch report.verdict {
        case .defect: text += style.bad(words)
        case .insufficientData: text += style.warn(words)
        case .passed, .estimated: text += words
        }
        text += "\n"
        for line in report.lines where line.family == line.name && !line.note.isEmpty {
            text += style.dim("\(line.name): \(line.note)") + "\n"
        }
        for remark in report.remarks { text += style.dim("note: \(remark)") + "\n" }
        return text + style.dim("rule: \(report.rule)") + "\n"
    }

    /// Lines of one family that follow each other.
    static func families(_ report: BatteryReport) -> [[BatteryLine]] {
        var families: [[BatteryLine]] = []
        for line in report.lines {
            if families.last?.first?.family == line.family {
                families[families.count - 1].append(line)
            } else {
                families.append([line])
            }
        }
        return families
    }

    /// The worst of a family in a few words.
    static func found(_ family: [BatteryLine]) -> String {
        func least(_ name: String) -> Double? { family.compactMap { $0.measure(name) }.min() }
        if let adjusted = least("adjusted p") {
            let share = NumberText.fixed(least("proportion"), 3)
            let uniformity = number(least("uniformity p") ?? 1, digits: 2)
            return "share ≥ \(share), uniformity p ≥ \(uniformity), adjusted p ≥ \(number(adjusted, digits: 2))"
        }
        if let p = family.flatMap(\.pValues).min() { return "least p \(number(p, digits: 2))" }
        return family.count > 1 ? "" : measures(family[0])
    }

    static func measures(_ line: BatteryLine) -> String {
        line.measures.map { measure in
            let unit = measure.unit.isEmpty ? "" : " \(measure.unit)"
            return "\(measure.name) \(number(measure.value, digits: 6))\(unit)"
        }.joined(separator: ", ")
    }

    /// The family's gravest word, with how many share it.
    static func verdict(_ family: [BatteryLine]) -> String {
        let defects = family.count { $0.verdict == .defect }
        if defects > 0 { return family.count > 1 ? "defect (\(defects))" : "defect" }
        for line in family {
            if case .insufficientData(let wanted) = line.verdict {
                return "insufficient data: wants \(NumberText.count(UInt64(max(0, wanted)))) bits"
            }
        }
        return family.first?.verdict.word ?? ""
    }

    /// So many significant digits, rounded; with an exponent below 1e-4.
    static func number(_ value: Double, digits: Int) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : NumberText.missing }
        let decade = Int(Glibc.log10(value.magnitude).rounded(.down))
        let scale = pow(10, Double(digits - 1 - decade))
        let rounded = (value * scale).rounded() / scale
        if (-4..<15).contains(decade) { return NumberText.fixed(rounded, max(0, digits - 1 - decade)) }
        return "\(NumberText.fixed(value / pow(10, Double(decade)), digits - 1))e\(decade)"
    }

    static func log10(_ value: Double) -> Double { Glibc.log10(value) }
}
