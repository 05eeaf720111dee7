import BellModel

/// Draws what an experiment's boards play, as an SVG document.
///
/// A shot is microseconds of reset and a few nanoseconds of pulses, so the axis is stretched: what is short gets more room
/// than what is long. The numbers under the axis are true.
public func experimentSVG(_ compiled: CompiledExperiment) -> String { ExperimentDrawing(compiled).svg }

private struct ExperimentDrawing {
    private let compiled: CompiledExperiment
    /// Every start and end in ns, rising, with its place in pixels.
    private let stops: [(time: Double, x: Double)]

    private static let left = 110.0
    private static let right = 1270.0
    private static let top = 84.0
    private static let row = 34.0
    private static let lane = 140.0

    init(_ compiled: CompiledExperiment) {
        self.compiled = compiled
        var times: Set<Double> = [0]
        for node in Node.allCases {
            guard let program = compiled.programs[node] else { continue }
            for event in program.events {
                times.insert(Self.time(event.tick, program))
                times.insert(Self.time(event.tick &+ event.duration, program))
            }
        }
        let sorted = times.sorted()
        let widths = zip(sorted, sorted.dropFirst()).map { Self.width($1 - $0) }
        let scale = (Self.right - Self.left) / max(widths.reduce(0, +), 1)
        var stops = [(time: sorted.first ?? 0, x: Self.left)]
        for (time, width) in zip(sorted.dropFirst(), widths) {
            stops.append((time, (stops.last?.x ?? Self.left) + width * scale))
        }
        self.stops = stops
    }

    private static func time(_ tick: UInt32, _ program: NodeProgram) -> Double {
        Double(tick) * program.tickRate.nanosecondsPerTick
    }

    /// Grows with the number of binary digits: 2 µs are three times as wide as 12 ns.
    private static func width(_ nanoseconds: Double) -> Double {
        var (width, rest) = (0.0, nanoseconds + 1)
        while rest >= 2, width < 64 { (width, rest) = (width + 1, rest / 2) }
        return width + rest - 1
    }

    private func x(_ time: Double) -> Double {
        // Every time that is drawn is a stop.
        var (low, high) = (0, stops.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if stops[middle].time < time { low = middle + 1 } else { high = middle }
        }
        return stops[low].x
    }

    var svg: String {
        let nodes = Node.allCases.filter { compiled.programs[$0] != nil }
        let bottom = Self.top + Self.lane * Double(nodes.count)
        var drawing = Drawing(width: 1340, height: bottom + 80)
        drawing.write("\(compiled.experiment.name): one shot", 30, 36, size: 20, bold: true)
        let values = zip(compiled.experiment.parameters, compiled.values).map {
            "\($0.name) = \(Format.number($1))\($0.unit == "1" ? "" : " \($0.unit)")"
        }
        drawing.write(values.joined(separator: " · "), 30, 60, fill: Palette.quiet)
        for (i, node) in nodes.enumerated() {
            guard let program = compiled.programs[node] else { continue }
            lane(program, Self.top + Self.lane * Double(i), &drawing)
        }
        axis(bottom, &drawing)
        return drawing.text
    }

    private func lane(_ program: NodeProgram, _ y: Double, _ drawing: inout Drawing) {
        let colour = program.node == .alice ? Palette.alice : Palette.bob
        drawing.write(program.node.name, 30, y + 60, size: 15, bold: true, fill: colour)
        for row in 0..<3 {
            let base = y + Self.row * Double(row + 1)
            drawing.line(Self.left, base, Self.right, base, stroke: Palette.rule)
        }
        for event in program.events {
            let (row, pair) = Self.look(event.kind)
            let base = y + Self.row * Double(row + 1)
            let from = x(Self.time(event.tick, program))
            let until = x(Self.time(event.tick &+ event.duration, program))
            guard event.duration > 0 else {
                drawing.line(from, base, from, base - 26, stroke: pair.edge, width: 2)
                drawing.write(event.kind.word, from + 4, base - 14, size: 11)
                continue
            }
            drawing.box(from, base - 26, until - from, 26, fill: pair.fill, stroke: pair.edge)
            if Drawing.width(event.kind.word, size: 11) < until - from {
                drawing.write(event.kind.word, (from + until) / 2, base - 9, .middle, size: 11)
            }
        }
    }

    private static func look(_ kind: ProgramEvent.Kind) -> (row: Int, Palette.Pair) {
        switch kind {
        case .reset: (0, Palette.reset)
        case .drive: (0, Palette.rotation)
        case .gatedDrive: (0, Palette.switching)
        case .emit, .absorb: (0, Palette.photon)
        case .inputBit: (1, Palette.bit)
        case .gate: (1, Palette.switching)
        case .readout: (2, Palette.readout)
        case .stop: (2, Palette.line)
        }
    }

    private func axis(_ y: Double, _ drawing: inout Drawing) {
        drawing.line(Self.left, y, Self.right, y, stroke: Palette.ink)
        var free = 0.0
        for stop in stops {
            let label = Format.trimmed(stop.time, 3)
            let half = Drawing.width(label, size: 11) / 2
            drawing.line(stop.x, y, stop.x, y + 4, stroke: Palette.ink)
            guard stop.x - half > free else { continue }
            drawing.write(label, stop.x, y + 18, .middle, size: 11)
            free = stop.x + half + 6
        }
        drawing.write(
            "ns after the trigger pulse; the axis is stretched where little lasts long", Self.left, y + 44, size: 12,
            fill: Palette.quiet)
    }
}
