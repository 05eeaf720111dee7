import BellModel
import BellTiming
import Glibc

extension Timeline {
    /// Both futures of the start events, and the rays that bound them.
    func cones(_ drawing: inout Drawing) {
        for node in Node.allCases {
            // The cone of `node`'s start event reaches the other node.
            let start = x(time(node, compiled.budgets[node].start))
            let arrival = x(lightArrives(node.other))
            let (near, far) = (Self.lanes[node], Self.lanes[node.other])
            let edge = Self.right + 24
            drawing.area(
                [(start, near), (arrival, far), (edge, far), (edge, near)], fill: colour(node), opacity: 0.07)
            drawing.line(start, near, arrival, far, stroke: colour(node), width: 2)
            rayLabel(node, from: (start, near), to: (arrival, far), &drawing)
        }
        distance(&drawing)
    }

    /// Beside the ray, where the other one is still far away; level beside a steep one.
    private func rayLabel(
        _ node: Node, from start: (x: Double, y: Double), to arrival: (x: Double, y: Double), _ drawing: inout Drawing
    ) {
        let light = node == .alice ? compiled.nominalMargins.lightBA : compiled.nominalMargins.lightAB
        let text = "light from \(node.name)'s start event: \(Format.ns(light.count)) ns"
        if 0.48 * (arrival.x - start.x) < Drawing.width(text, size: 12) {
            let y = node == .alice ? start.y - 14 : start.y + 24
            let x = min(arrival.x + 12, Self.right - Drawing.width(text, size: 12))
            drawing.write(text, x, y, size: 12, fill: colour(node))
            return
        }
        let turn = atan2(arrival.y - start.y, arrival.x - start.x)
        let part = 0.24
        let side = node == .alice ? -9.0 : 19.0
        drawing.write(
            text, start.x + part * (arrival.x - start.x) - side * sin(turn),
            start.y + part * (arrival.y - start.y) + side * cos(turn), .middle, size: 12, fill: colour(node),
            turn: turn * 180 / .pi)
    }

    private func distance(_ drawing: inout Drawing) {
        let place = Self.left - 62
        let (top, bottom) = (Self.lanes.bob + 10, Self.lanes.alice - 10)
        drawing.line(place, top, place, bottom, stroke: Palette.quiet, width: 1.2)
        for (y, direction) in [(top, 1.0), (bottom, -1.0)] {
            drawing.line(place, y, place - 4, y + 8 * direction, stroke: Palette.quiet, width: 1.2)
            drawing.line(place, y, place + 4, y + 8 * direction, stroke: Palette.quiet, width: 1.2)
        }
        let (ab, ba) = (compiled.survey.pathAB.metres, compiled.survey.pathBA.metres)
        let text = ab == ba ? "\(Format.number(ab)) m" : "\(Format.number(ab)) m, back \(Format.number(ba)) m"
        drawing.write(text, place - 9, (top + bottom) / 2, .middle, fill: Palette.quiet, turn: -90)
    }

    /// The time axis with a grid of round steps.
    func axis(_ drawing: inout Drawing) {
        let step = [1.0, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000].first { end / $0 <= 14 } ?? 1e6
        var tick = 0.0
        while tick <= end + 0.001 {
            drawing.line(x(tick), Self.panelTop, x(tick), Self.axis, stroke: Palette.rule)
            drawing.write(Format.number(tick), x(tick), Self.axis + 17, .middle, size: 12, fill: Palette.quiet)
            tick += step
        }
        drawing.line(Self.left, Self.axis, Self.right + 24, Self.axis, stroke: Palette.quiet, width: 1.2)
        drawing.write("ns after the first start event", Self.right + 34, Self.axis + 4, size: 12, fill: Palette.quiet)
    }

    /// A node's world line, its boxes on the outer side, its events and its margin.
    func lane(_ node: Node, _ drawing: inout Drawing) {
        let y = Self.lanes[node]
        drawing.line(Self.left - 24, y, Self.right + 24, y, stroke: colour(node), width: 2)
        drawing.write(node.name, Self.left - 34, y + 5, .end, size: 16, bold: true, fill: colour(node))
        let budget = compiled.budgets[node]
        let start = x(time(node, budget.start))
        let stop = x(time(node, budget.stop))
        margin(node, stop, &drawing)
        chain(node, &drawing)
        rotations(node, &drawing)
        // Events: lines through the rows to their labels.
        let label = rowTop(node, 3) + Self.row / 2 + 5
        let outer = node == .bob ? label + 6 : label - 14
        for (place, text, anchor) in [
            (start, "start event r: the input bit begins", Drawing.Anchor.start),
            (stop, "stop event e: the last sample", .end),
        ] {
            drawing.line(place, y, place, outer, stroke: Palette.ink, width: 1.4)
            drawing.dot(place, y, 5.5, fill: Palette.ink)
            drawing.write(text, place + (anchor == .start ? 6 : -6), label, anchor)
        }
    }

    /// The top of a row of boxes; row 0 is next to the world line.
    private func rowTop(_ node: Node, _ row: Int) -> Double {
        let distance = 12 + Double(row) * (Self.row + 4)
        return node == .bob ? Self.lanes.bob - distance - Self.row : Self.lanes.alice + distance
    }

    /// The strip between the stop event and the light's arrival, with its length.
    private func margin(_ node: Node, _ stop: Double, _ drawing: inout Drawing) {
        let arrival = x(lightArrives(node))
        let (first, last) = (Self.lanes[node], rowTop(node, 2) + (node == .bob ? 0 : Self.row))
        let margins = compiled.nominalMargins
        let value = node == .alice ? margins.ab : margins.ba
        let isEnough = value.map { Double($0.count) > margins.required } ?? false
        drawing.area(
            [(stop, first), (arrival, first), (arrival, last), (stop, last)],
            fill: isEnough ? Palette.margin : Palette.short, opacity: isEnough ? 0.4 : 0.25)
        drawing.line(arrival, first, arrival, last, stroke: colour(node.other), width: 2)
        let name = node == .alice ? "m_AB" : "m_BA"
        let at = Self.right + 32
        let middle = rowTop(node, 1) + Self.row / 2
        if arrival > stop {
            drawing.line((stop + arrival) / 2, middle - 14, at - 5, middle - 14, stroke: Palette.quiet)
        }
        let text = value.map { "\(name) = \(Format.fixed($0.nanoseconds, 2)) ns" } ?? "\(name) unknown"
        drawing.write("margin \(text)", at, middle - 10, bold: true, fill: isEnough ? Palette.enough : Palette.bob)
        drawing.write("k·u = \(Format.fixed(margins.required / 1000, 2)) ns", at, middle + 8)
        drawing.write("e − r = \(Format.ns(compiled.budgets[node].total.count)) ns", at, middle + 26)
    }

    /// The terms from r to e, one behind the other; labels that do not fit stand in the next row.
    private func chain(_ node: Node, _ drawing: inout Drawing) {
        let top = rowTop(node, 0)
        var at = compiled.budgets[node].start
        var outside: [(text: String, x: Double)] = []
        for term in compiled.budgets[node].terms {
            let (from, to) = (x(time(node, at)), x(time(node, at + term.cost)))
            at = at + term.cost
            // A start offset or a wait of a fraction of a ns is in the table; here it is only a sliver.
            guard to > from, let style = term.stage.style else { continue }
            drawing.box(from, top, to - from, Self.row, fill: style.pair.fill, stroke: style.pair.edge)
            let cost = "\(Format.ns(term.cost.count)) ns"
            if Drawing.width(style.label, size: 12) < to - from - 4 {
                drawing.write(style.label, (from + to) / 2, top + 14.5, .middle, size: 12)
                drawing.write(cost, (from + to) / 2, top + 28.5, .middle, size: 11, fill: Palette.quiet)
            } else {
                outside.append(("\(style.label) \(cost)", (from + to) / 2))
            }
        }
        place(outside, node, &drawing)
    }

    /// Labels beside their boxes, in the second row; one that would touch its neighbour moves on.
    private func place(_ labels: [(text: String, x: Double)], _ node: Node, _ drawing: inout Drawing) {
        let top = rowTop(node, 1)
        let edge = node == .bob ? rowTop(node, 0) : rowTop(node, 0) + Self.row
        var free = Self.left + 6
        for label in labels {
            let width = Drawing.width(label.text, size: 12)
            let centre = max(min(label.x, Self.right - 6 - width / 2), free + width / 2)
            free = centre + width / 2 + 6
            let base = node == .bob ? top + Self.row - 8 : top + 18
            drawing.line(
                label.x, edge, centre, node == .bob ? base + 4 : base - 12, stroke: Palette.quiet)
            drawing.write(label.text, centre, base, .middle, size: 12)
        }
    }

    /// Rotations that do not depend on the bit, in the third row.
    private func rotations(_ node: Node, _ drawing: inout Drawing) {
        let top = rowTop(node, 2)
        for placed in compiled.operations[node] where placed.operation.kind == .rotation {
            let (from, to) = (x(time(node, placed.actsFrom)), x(time(node, placed.actsUntil)))
            guard from >= Self.left else { continue }
            drawing.box(
                from, top, to - from, Self.row, fill: Palette.rotation.fill, stroke: Palette.rotation.edge)
            let duration = "\(Format.ns((placed.end - placed.start).count)) ns"
            let name = placed.operation.angle == 90 ? "π/2 always" : "\(placed.operation.name) always"
            if Drawing.width(name, size: 12) < to - from - 4 {
                drawing.write(name, (from + to) / 2, top + 14.5, .middle, size: 12)
                drawing.write(duration, (from + to) / 2, top + 28.5, .middle, size: 11, fill: Palette.quiet)
            } else {
                drawing.write("\(name) \(duration)", to + 6, top + 21, size: 12)
            }
        }
    }
}

extension LocalityBudget.Stage {
    /// How the picture shows it; nil for what it leaves white.
    fileprivate var style: (label: String, pair: Palette.Pair)? {
        switch self {
        case .generator: nil
        case .bit: ("random bit", Palette.bit)
        case .switching: ("switch", Palette.switching)
        case .driveLine: ("line to qubit", Palette.line)
        case .rotation: ("π/2 if bit 1", Palette.rotation)
        case .window: ("readout window", Palette.readout)
        case .readoutLine: ("line back", Palette.line)
        case .switchWait, .toneWait, .stopWait: nil
        }
    }
}
