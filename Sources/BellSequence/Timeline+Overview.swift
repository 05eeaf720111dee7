import BellModel
import BellTiming

extension Timeline {
    /// The strip with the whole trial: preparation, photon, measurement.
    func overview(_ drawing: inout Drawing) {
        let last = Node.allCases.map { time($0, compiled.budgets[$0].stop) }.max() ?? 1
        let first = Node.allCases.map { time($0, .zero) }.min() ?? 0
        let span = max(last - first, 1)
        func x(_ time: Double) -> Double { Self.left + (Self.right - Self.left) * (time - first) / span }
        let tops = PerNode(
            alice: Self.overviewTop + Self.overviewLane + 18, bob: Self.overviewTop)
        photon(&drawing, x, tops)
        for node in Node.allCases {
            let top = tops[node]
            drawing.write(node.name, Self.left - 14, top + 18, .end, size: 14, bold: true, fill: colour(node))
            drawing.line(
                Self.left, top + Self.overviewLane, Self.right, top + Self.overviewLane, stroke: Palette.rule)
            for placed in compiled.operations[node] where placed.operation.kind.isPreparation {
                let from = x(time(node, placed.actsFrom))
                let to = x(time(node, placed.actsUntil))
                let pair = placed.operation.kind == .reset ? Palette.reset : Palette.photon
                drawing.box(from, top, to - from, Self.overviewLane, fill: pair.fill, stroke: pair.edge)
                let duration = Format.number((placed.end - placed.start).nanoseconds)
                let text = [
                    "\(placed.operation.name) \(duration) ns", placed.operation.name,
                ].first { Drawing.width($0, size: 12) < to - from - 4 }
                if let text { drawing.write(text, (from + to) / 2, top + 17.5, .middle, size: 12) }
            }
            let budget = compiled.budgets[node]
            let (from, to) = (x(time(node, budget.start)), x(time(node, budget.stop)))
            drawing.box(
                from, top, to - from, Self.overviewLane, fill: Palette.readout.fill, stroke: Palette.readout.edge)
        }
        zoom(&drawing, x, tops)
    }

    /// The photon's way from the emitting node to the absorbing one.
    private func photon(_ drawing: inout Drawing, _ x: (Double) -> Double, _ tops: PerNode<Double>) {
        for node in Node.allCases {
            guard let emission = compiled.operations[node].first(where: { $0.operation.kind == .emit }),
                let absorption = compiled.operations[node.other].first(where: { $0.operation.kind == .absorb })
            else { continue }
            let far = node.other
            let middle = { (placed: PlacedOperation, node: Node) in
                (self.time(node, placed.actsFrom) + self.time(node, placed.actsUntil)) / 2
            }
            let half = (emission.actsUntil - emission.actsFrom).nanoseconds / 2
            let (sent, received) = (middle(emission, node), middle(absorption, far))
            let from = tops[node] + (node == .alice ? 0 : Self.overviewLane)
            let to = tops[far] + (far == .alice ? 0 : Self.overviewLane)
            drawing.area(
                [
                    (x(sent - half), from), (x(sent + half), from), (x(received + half), to), (x(received - half), to),
                ], fill: Palette.photon.edge, opacity: 0.35)
        }
    }

    /// Lines from the measurement in the strip to the large panel, and the time from entanglement to the input bits.
    private func zoom(_ drawing: inout Drawing, _ x: (Double) -> Double, _ tops: PerNode<Double>) {
        let bottom = tops.alice + Self.overviewLane
        let start = Node.allCases.map { time($0, compiled.budgets[$0].start) }.min() ?? 0
        let stop = Node.allCases.map { time($0, compiled.budgets[$0].stop) }.max() ?? 0
        let top = Self.panelTop
        drawing.line(x(start), bottom + 2, self.x(start), top - 8, stroke: Palette.quiet, dash: "3 4")
        drawing.line(x(stop), bottom + 2, self.x(stop), top - 8, stroke: Palette.quiet, dash: "3 4")
        drawing.write("measurement", Self.right + 14, tops.bob + 14, size: 12)
        drawing.write("shown below", Self.right + 14, tops.bob + 30, size: 12)
        guard let after = compiled.nominalMargins.afterEntanglement else { return }
        let shortest = min(after.alice, after.bob)
        drawing.write(
            "entanglement starts \(Format.ns(shortest.count)) ns before the first input bit", Self.left,
            bottom + 22, size: 12, fill: Palette.quiet)
    }
}

extension Operation.Kind {
    fileprivate var isPreparation: Bool { self == .reset || self == .emit || self == .absorb }
}
