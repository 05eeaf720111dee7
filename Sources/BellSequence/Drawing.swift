/// Writes SVG elements; numbers with one decimal, text escaped.
struct Drawing {
    /// Where a text stands relative to its x.
    enum Anchor: String {
        case start
        case middle
        case end
    }

    private(set) var body = ""
    let width: Double
    let height: Double

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    /// The whole document, on white.
    var text: String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(n(width)) \(n(height))" width="\(n(width))" \
        height="\(n(height))" font-family="DejaVu Sans, Verdana, Helvetica, Arial, sans-serif" font-size="13" \
        fill="\(Palette.ink)">
        <rect width="\(n(width))" height="\(n(height))" fill="#ffffff"/>
        \(body)</svg>

        """
    }

    mutating func box(_ x: Double, _ y: Double, _ width: Double, _ height: Double, fill: String, stroke: String) {
        body += "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(width, 0)))\" height=\"\(n(height))\" "
        body += "fill=\"\(fill)\" stroke=\"\(stroke)\" stroke-width=\"1.2\"/>\n"
    }

    mutating func area(_ points: [(Double, Double)], fill: String, opacity: Double) {
        let list = points.map { "\(n($0.0)),\(n($0.1))" }.joined(separator: " ")
        body += "<polygon points=\"\(list)\" fill=\"\(fill)\" fill-opacity=\"\(opacity)\"/>\n"
    }

    mutating func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, stroke: String, width: Double = 1, dash: String? = nil
    ) {
        body += "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" stroke=\"\(stroke)\" "
        body += "stroke-width=\"\(n(width))\"" + (dash.map { " stroke-dasharray=\"\($0)\"" } ?? "") + "/>\n"
    }

    mutating func dot(_ x: Double, _ y: Double, _ radius: Double, fill: String) {
        body += "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\" fill=\"\(fill)\" stroke=\"#ffffff\" "
        body += "stroke-width=\"1.5\"/>\n"
    }

    mutating func write(
        _ text: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start, size: Double = 13, bold: Bool = false,
        fill: String = Palette.ink, turn: Double = 0
    ) {
        body += "<text x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor.rawValue)\" font-size=\"\(n(size))\""
        if bold { body += " font-weight=\"bold\"" }
        if fill != Palette.ink { body += " fill=\"\(fill)\"" }
        if turn != 0 { body += " transform=\"rotate(\(n(turn)) \(n(x)) \(n(y)))\"" }
        body += ">\(Drawing.escape(text))</text>\n"
    }

    /// About how wide a text is; DejaVu Sans needs up to 0.62 of its size a character.
    static func width(_ text: String, size: Double) -> Double { 0.62 * size * Double(text.count) }

    static func escape(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            // XML knows no other control characters.
            case _ where scalar.value < 0x20 && scalar.value != 9 && scalar.value != 10: out += "?"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private func n(_ value: Double) -> String { Format.trimmed(value.isFinite ? value : 0, 1) }
}

/// Colours that people of all kinds of colour vision tell apart, on white; boxes are tints with the full colour as edge.
///
/// - SeeAlso: Okabe and Ito, "Color Universal Design", 2008.
enum Palette {
    static let ink = "#1f2328"
    static let quiet = "#59636e"
    static let rule = "#d8dee4"
    static let alice = "#0072b2"
    static let bob = "#b04a00"
    static let margin = "#009e73"
    static let enough = "#00664a"
    static let short = "#d55e00"

    /// Fill and edge.
    typealias Pair = (fill: String, edge: String)
    static let bit: Pair = ("#d6ecfa", "#3a9bd9")
    static let switching: Pair = ("#f7f0a8", "#a89b00")
    static let line: Pair = ("#eef0f2", "#9aa4ae")
    static let rotation: Pair = ("#cdebe2", "#009e73")
    static let readout: Pair = ("#fbe6bf", "#c98a00")
    static let photon: Pair = ("#f3dce8", "#b5528a")
    static let reset: Pair = ("#eef0f2", "#9aa4ae")
}
