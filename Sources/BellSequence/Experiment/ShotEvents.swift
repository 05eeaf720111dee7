import BellModel

/// One node's events of a shot, each with the line of the file that it comes from.
struct ShotEvents {
    private(set) var events: [ProgramEvent] = []
    private var lines: [Int] = []

    init(capacity: Int) {
        events.reserveCapacity(capacity)
        lines.reserveCapacity(capacity)
    }

    var count: Int { events.count }
    /// Where the youngest event was written; 1 without any.
    var lastLine: Int { lines.last ?? 1 }

    mutating func append(_ event: ProgramEvent, line: Int) {
        events.append(event)
        lines.append(line)
    }

    /// By tick; equal ticks keep the order of the file. By insertion where few events can be out of place.
    mutating func sort() {
        guard events.count <= 1024 else {
            let order = events.indices.sorted { (events[$0].tick, $0) < (events[$1].tick, $1) }
            (events, lines) = (order.map { events[$0] }, order.map { lines[$0] })
            return
        }
        for i in events.indices.dropFirst() where events[i].tick < events[i - 1].tick {
            let (event, line) = (events[i], lines[i])
            var place = i
            while place > 0, events[place - 1].tick > event.tick {
                (events[place], lines[place]) = (events[place - 1], lines[place - 1])
                place -= 1
            }
            (events[place], lines[place]) = (event, line)
        }
    }

    /// Finds what cannot be in sorted events: what acts on the qubit cannot overlap, and the stop tag lies after the
    /// readout.
    ///
    /// - Parameter failures: What is found is added, up to `most` in all.
    func checkOrder(of node: Node, in source: String, _ failures: inout [BellError], most: Int) {
        var until: UInt64 = 0
        var before = 0
        var stop: UInt64 = .max
        var end: UInt64 = 0
        for (i, event) in events.enumerated() {
            switch event.kind {
            case .reset, .drive, .gatedDrive, .emit, .absorb:
                if UInt64(event.tick) < until, failures.count < most {
                    failures.append(
                        BellError(
                            .sequenceOrder,
                            "\(node.name) begins a pulse at tick \(event.tick), before the one of line \(before) "
                                + "has ended at tick \(until).", at: "\(source):\(lines[i])", fix: "start it later"))
                }
                if UInt64(event.tick) + UInt64(event.duration) >= until {
                    (until, before) = (UInt64(event.tick) + UInt64(event.duration), lines[i])
                }
            case .readout: end = UInt64(event.tick) + UInt64(event.duration)
            case .stop: stop = UInt64(event.tick)
            case .inputBit, .gate: break
            }
        }
        if stop < end, failures.isEmpty {
            failures.append(
                BellError(
                    .sequenceOrder, "\(node.name) tags the stop event before the readout window ends.",
                    at: source, cause: "samples after the tag would still influence the outcome",
                    fix: "remove stop: it is added after the readout"))
        }
    }
}
