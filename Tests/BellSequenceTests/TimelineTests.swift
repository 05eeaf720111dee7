import BellModel
import BellSequence
import Foundation
import Testing

@Suite("The timeline picture")
struct TimelineTests {
    /// A text of the picture and the rectangle that it fills, about.
    struct Label {
        var text: String
        var x: ClosedRange<Double>
        var y: ClosedRange<Double>

        func touches(_ other: Label) -> Bool { x.overlaps(other.x) && y.overlaps(other.y) }
    }

    /// All level texts of an SVG; turned ones run beside the light's rays.
    static func labels(_ svg: String) throws -> [Label] {
        let pattern = try NSRegularExpression(
            pattern:
                #"<text x="([-\d.]+)" y="([-\d.]+)" text-anchor="(\w+)" font-size="([\d.]+)"([^>]*)>([^<]*)</text>"#)
        let all = pattern.matches(in: svg, range: NSRange(svg.startIndex..., in: svg))
        return try all.compactMap { match in
            let groups = try (1...6).map { String(svg[try #require(Range(match.range(at: $0), in: svg))]) }
            if groups[4].contains("rotate") { return nil }
            let (x, y) = (try #require(Double(groups[0])), try #require(Double(groups[1])))
            let size = try #require(Double(groups[3]))
            let width = 0.55 * size * Double(groups[5].count)
            let left = groups[2] == "start" ? x : groups[2] == "end" ? x - width : x - width / 2
            return Label(text: groups[5], x: left...(left + width), y: (y - 0.75 * size)...(y + 0.2 * size))
        }
    }

    static let variants: [Shipped] = {
        var host = Shipped().sequence("window_ns: 50}", "window_ns: 500}")
        host.inputBits = .host
        let timing = "\(Shipped.folder)/timing.yaml"
        let unsurveyed = Shipped().editing(timing, "  trigger_delay:   {value: 152.5", "  #")
        let named = Shipped().sequence("sequence: bell-chsh", "sequence: a<b>&c")
        return [Shipped(), host, unsurveyed, named]
    }()

    @Test("has no label on another and none outside", arguments: 0..<4)
    func labels(variant: Int) throws {
        let svg = timelineSVG(try Self.variants[variant].compile())
        let labels = try Self.labels(svg)
        #expect(labels.count > 30)
        for (i, label) in labels.enumerated() {
            #expect(label.x.lowerBound >= 0 && label.x.upperBound <= 1340 && label.y.upperBound <= 905, "\(label)")
            for other in labels[(i + 1)...] { #expect(!label.touches(other), "\(label.text) on \(other.text)") }
        }
    }

    @Test("says the margins, the operations and where the numbers come from")
    func content() throws {
        let svg = timelineSVG(try Shipped().compile())
        for text in [
            "margin m_AB = 2.64 ns", "margin m_BA = 2.24 ns", "k·u = 1.55 ns", "readout window", "π/2 if bit 1",
            "π/2 always",
            "32.824 m", "109.489 ns", "calibration of mocklab", "start event r", "stop event e", "emit",
            "absorb 320 ns",
        ] {
            #expect(svg.contains(text), "\(text)")
        }
    }

    @Test("is well-formed XML, with names escaped", arguments: 0..<4)
    func wellFormed(variant: Int) throws {
        let svg = timelineSVG(try Self.variants[variant].compile())
        #expect(svg.hasPrefix("<svg "))
        #expect(svg.hasSuffix("</svg>\n"))
        #expect(!svg.contains("nan") && !svg.contains("inf\""))
        if variant == 3 { #expect(svg.contains("a&lt;b&gt;&amp;c: one trial")) }
    }

    @Test("is the one in docs/timeline.svg")
    func committed() throws {
        let path = Shipped.root.appendingPathComponent("docs/timeline.svg")
        let svg = timelineSVG(try Shipped().compile())
        if ProcessInfo.processInfo.environment["BELL_WRITE_DOCS"] != nil {
            try svg.write(to: path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: path, encoding: .utf8) == svg)
    }
}
