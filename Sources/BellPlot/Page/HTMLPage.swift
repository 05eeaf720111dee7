/// A page that stands alone: a heading, facts, text, tables and figures; no scripts, nothing fetched.
public struct HTMLPage: Equatable, Sendable {
    /// Rows of texts under a heading.
    public struct Table: Equatable, Sendable {
        public var caption: String
        public var header: [String]
        /// Shorter rows are filled up, longer ones kept.
        public var rows: [[String]]

        public init(_ caption: String, header: [String], rows: [[String]]) {
            (self.caption, self.header, self.rows) = (caption, header, rows)
        }
    }

    /// A picture that stands in the page itself.
    public struct Picture: Equatable, Sendable {
        public var caption: String
        /// The bytes of a PNG.
        public var png: [UInt8]

        public init(caption: String, png: [UInt8]) { (self.caption, self.png) = (caption, png) }
    }

    /// One part of a page, in order.
    public enum Part: Equatable, Sendable {
        case heading(String)
        case paragraph(String)
        case table(Table)
        /// In a column.
        case figures([Figure])
        /// Beside each other, as far as the page is wide.
        case pictures([Picture])
    }

    public var title: String
    /// Whether the data are simulated; said at the top.
    public var isSimulated: Bool
    public var parts: [Part]

    public init(title: String, isSimulated: Bool, parts: [Part] = []) {
        (self.title, self.isSimulated, self.parts) = (title, isSimulated, parts)
    }

    public var text: String {
        var body = "<h1>\(CleanText.markup(title))</h1>\n"
        if isSimulated { body += "<p class=\"simulated\">Simulated data: no device was measured.</p>\n" }
        for part in parts {
            switch part {
            case .heading(let text): body += "<h2>\(CleanText.markup(text))</h2>\n"
            case .paragraph(let text): body += "<p>\(CleanText.markup(text, limit: 20_000))</p>\n"
            case .table(let table): body += HTMLPage.markup(table)
            case .figures(let figures):
                for figure in figures { body += "<figure>\n\(SVGPlot().document(figure))</figure>\n" }
            case .pictures(let pictures):
                body += "<div class=\"row\">\n\(pictures.map(HTMLPage.markup).joined())</div>\n"
            }
        }
        // Only what the page itself holds may be shown.
        let images = parts.contains { if case .pictures = $0 { true } else { false } } ? "; img-src data:" : ""
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\(images)\">\n"
            + "<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
            + "<title>\(CleanText.markup(title))</title>\n<style>\(style)</style>\n</head>\n<body>\n\(body)</body>\n</html>\n"
    }

    private static func markup(_ table: Table) -> String {
        let columns = max(table.header.count, table.rows.map(\.count).max() ?? 0)
        func row(_ cells: [String], _ tag: String) -> String {
            let filled = cells + [String](repeating: "", count: max(0, columns - cells.count))
            return "<tr>" + filled.map { "<\(tag)>\(CleanText.markup($0, limit: 2000))</\(tag)>" }.joined() + "</tr>\n"
        }
        let caption = table.caption.isEmpty ? "" : "<caption>\(CleanText.markup(table.caption))</caption>\n"
        let header = table.header.isEmpty ? "" : "<thead>\(row(table.header, "th"))</thead>\n"
        return "<table>\n\(caption)\(header)<tbody>\n\(table.rows.map { row($0, "td") }.joined())</tbody>\n</table>\n"
    }

    private static func markup(_ picture: Picture) -> String {
        let caption = CleanText.markup(picture.caption)
        return "<figure><img alt=\"\(caption)\" src=\"data:image/png;base64,\(Base64.text(picture.png))\">"
            + "<figcaption>\(caption)</figcaption></figure>\n"
    }

    private var style: String {
        """
        body{font:15px/1.5 sans-serif;margin:2em auto;max-width:60em;padding:0 1em;background:#fff;color:#222}
        table{border-collapse:collapse;margin:1em 0}caption{text-align:left;font-weight:600}
        th,td{border:1px solid #ccc;padding:.2em .6em;text-align:left}
        figure{margin:1em 0}figure svg{max-width:100%;height:auto}.simulated{border:2px solid #d55e00;padding:.4em .8em}
        .row{display:flex;flex-wrap:wrap;gap:1em}.row img{max-width:100%;image-rendering:pixelated}
        @media(prefers-color-scheme:dark){body{background:#16181c;color:#e4e4e4}th,td{border-color:#444}}
        """
    }
}
