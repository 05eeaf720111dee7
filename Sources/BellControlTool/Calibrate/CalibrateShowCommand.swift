import BellHost
import BellModel
import BellPlot

/// `bellctl calibrate show`: a run's report with its figures.
enum CalibrateShowCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let report = try invocation.call("calibrate.show", ["run": .string(invocation.positional(0) ?? "")])
        let style = invocation.console.style
        var text = CalibrateText.report(report, style: style)
        let figures = FigureText.figures(report)
        if let file = invocation.text("svg") {
            try writeFileAtomically(file, text: FigureText.svg(figures), mode: 0o644)
            text += "picture: \(file)\n"
        }
        if let file = invocation.text("html") {
            try writeFileAtomically(file, text: FigureText.html(report, figures), mode: 0o644)
            text += "page: \(file)\n"
        }
        return Reply(json: report, text: text + CalibrateText.plots(report, width: invocation.console.width()))
    }
}
