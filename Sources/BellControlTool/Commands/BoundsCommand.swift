import BellCertification
import BellHost
import BellModel
import BellPlot

/// `bellctl bounds`: what n trials of a CHSH value would show, by every bound side by side.
enum BoundsCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        if let law = invocation.text("expansion") { return try expansion(law, invocation) }
        let data = try ExpectedData(
            trials: try invocation.count("trials", in: 1...(1 << 48)),
            s: try invocation.number("s", in: -3.0..<3.0), settingBias: try invocation.number("mu", in: 0..<0.5))
        let epsilon = try invocation.number("epsilon", in: 1e-300..<1)
        guard let word = invocation.text("sweep") else {
            guard !invocation.flag("plot"), invocation.text("svg") == nil else {
                throw BellError(
                    .toolArgument, "There is nothing to plot without a sweep.", at: "--sweep",
                    fix: "add --sweep \(BoundsSweep.Quantity.allCases.map(\.rawValue).joined(separator: "|"))")
            }
            let report = try BoundsReport(data, epsilon: epsilon)
            return Reply(json: ["bounds": report.json, "to_register": report.registration], text: ended(report.text))
        }
        guard let quantity = BoundsSweep.Quantity(rawValue: word) else {
            throw BellError(.toolArgument, "There is no sweep over \"\(word)\".", at: "--sweep")
        }
        let sweep = try BoundsSweep(data, over: quantity, epsilon: epsilon)
        var json: [String: JSON] = ["sweep": sweep.json]
        var text = invocation.flag("plot") ? plot(sweep, invocation) : sweep.text
        if let path = invocation.text("svg") {
            try writeFileAtomically(path, text: SVGPlot().document(figure(sweep)), mode: 0o644)
            json["svg"] = .string(absolutePath(path))
            text += "picture: \(path)\n"
        }
        return Reply(json: .object(json), text: ended(text))
    }

    /// Bits produced and consumed over n, as a table or a plot of the net bits a trial.
    private static func expansion(_ law: String, _ invocation: Invocation) throws(BellError) -> Reply {
        let table = try ExpansionTable(
            law: law, s: try invocation.number("s", in: -3.0..<3.0), delta: try invocation.number("delta", in: 0..<1))
        var text =
            invocation.flag("plot") ? FigureText.text(figure(table), width: invocation.console.width()) : table.text
        var json: [String: JSON] = ["expansion": table.json]
        if let path = invocation.text("svg") {
            try writeFileAtomically(path, text: SVGPlot().document(figure(table)), mode: 0o644)
            json["svg"] = .string(absolutePath(path))
            text += "picture: \(path)\n"
        }
        return Reply(json: .object(json), text: ended(text))
    }

    /// Bits a trial over the decimal logarithm of n: produced with the law and with uniform settings, and the net.
    private static func figure(_ table: ExpansionTable) -> Figure {
        let places = table.log10Trials
        func series(_ name: String, _ bits: [Double?]) -> Figure.Series {
            Figure.Series(name, .line, x: places, y: zip(bits, table.trials).map { ($0 ?? .nan) / Double($1) })
        }
        return Figure(
            title: "randomness expansion, settings \(table.law)", xLabel: "log10 n", yLabel: "bits a trial",
            series: [series("produced", table.produced), series("net", table.net)]
                + (table.law == "uniform" ? [] : [series("produced, uniform", table.uniform)]),
            marks: [.init("break even", y: 0)])
    }

    private static func plot(_ sweep: BoundsSweep, _ invocation: Invocation) -> String {
        FigureText.text(figure(sweep), width: invocation.console.width())
    }

    /// Bits over the quantity; n by its binary logarithm.
    static func figure(_ sweep: BoundsSweep) -> Figure {
        let x = sweep.quantity == .trials ? sweep.log2Values : sweep.values
        return Figure(
            title: "bounds on min-entropy", xLabel: sweep.quantity == .trials ? "log2 n" : sweep.quantity.label,
            yLabel: "bits", series: sweep.series.map { Figure.Series($0.title, .line, x: x, y: $0.bits) })
    }
}
