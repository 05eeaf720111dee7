import BellModel
import BellTiming

/// Draws both nodes' timelines in space and time, with the light cones of both start events, as an SVG document.
///
/// Time runs to the right, space upwards. The upper strip shows the whole trial, the large panel what lies between the
/// start and the stop events, at the places where things happen: what touches the far node's cone would be overtaken
/// by light. Without surveyed trigger delays equal ones are drawn, and the picture says so.
public func timelineSVG(_ compiled: CompiledSequence) -> String { Timeline(compiled).svg }

/// The picture's geometry.
struct Timeline {
    let compiled: CompiledSequence
    /// The pulse's delays to the boards; zero when they were never surveyed.
    let delays: PerNode<Picoseconds>
    /// The first start event, in common time: the zero of the large panel's axis.
    let origin: Picoseconds

    static let width = 1340.0
    static let left = 150.0
    static let right = 1090.0
    static let overviewTop = 92.0
    static let overviewLane = 26.0
    static let panelTop = 250.0
    /// Height of a row of boxes.
    static let row = 34.0
    /// Bob's and alice's world lines.
    static let lanes = PerNode(alice: 660.0, bob: 400.0)
    static let axis = 835.0
    static let height = 905.0

    init(_ compiled: CompiledSequence) {
        self.compiled = compiled
        let stations = compiled.survey.stations
        let delays = PerNode { node in
            compiled.survey.hasClockOffset ? stations[node].pulseDelay ?? .zero : Picoseconds.zero
        }
        self.delays = delays
        origin = min(
            compiled.budgets.alice.start + delays.alice, compiled.budgets.bob.start + delays.bob)
    }

    var svg: String {
        var drawing = Drawing(width: Self.width, height: Self.height)
        title(&drawing)
        overview(&drawing)
        axis(&drawing)
        cones(&drawing)
        for node in Node.allCases { lane(node, &drawing) }
        legend(&drawing)
        return drawing.text
    }

    // MARK: Coordinates of the large panel

    /// Nanoseconds after ``origin`` of a time after the pulse at a node's board.
    func time(_ node: Node, _ time: Picoseconds) -> Double { (time + delays[node] - origin).nanoseconds }

    /// When light from the other node's start event is here, in ns after ``origin``.
    func lightArrives(_ node: Node) -> Double {
        let light = node == .alice ? compiled.nominalMargins.lightAB : compiled.nominalMargins.lightBA
        return time(node.other, compiled.budgets[node.other].start) + light.nanoseconds
    }

    /// The last moment that is drawn, in ns after ``origin``.
    var end: Double {
        let ends = Node.allCases.map { max(lightArrives($0), time($0, compiled.budgets[$0].stop)) }
        return max(ends[0], ends[1], 1)
    }

    /// Pixels of a time in ns after ``origin``.
    func x(_ time: Double) -> Double { Self.left + (Self.right - Self.left) * time / end }

    func colour(_ node: Node) -> String { node == .alice ? Palette.alice : Palette.bob }

    // MARK: Title and legend

    private func title(_ drawing: inout Drawing) {
        drawing.write("\(compiled.name): one trial in space and time", 30, 36, size: 20, bold: true)
        let margins = compiled.nominalMargins
        var text = "calibration of \(compiled.laboratory) · k = \(Format.number(margins.k)), u = "
        text += "\(Format.fixed(margins.u / 1000, 3)) ns · margins must exceed k·u = "
        text += "\(Format.fixed(margins.required / 1000, 3)) ns"
        drawing.write(text, 30, 60, fill: Palette.quiet)
    }

    private func legend(_ drawing: inout Drawing) {
        var notes = [
            "Boxes stand where things happen: ticks moved by the measured delays. Shaded: reached by light from the other "
                + "node's start event."
        ]
        if compiled.nominalMargins.ab == nil {
            notes = ["Trigger delays were never surveyed: equal ones are drawn, margins are unknown."]
        }
        if compiled.assumesLocality {
            notes.append("The host feeds the input bits: locality is assumed (no setting leakage).")
        }
        for (i, note) in notes.enumerated() {
            drawing.write(note, Self.left, Self.axis + 46 + 16 * Double(i), size: 12, fill: Palette.quiet)
        }
    }
}
