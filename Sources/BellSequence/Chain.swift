import BellModel

/// The operations between a node's start event and its stop event.
struct Chain {
    let bit: PlacedOperation
    let latch: PlacedOperation
    let rotation: PlacedOperation
    let readout: PlacedOperation
    let stop: PlacedOperation

    /// Finds them; nil, with an error for each, when one is missing or there are two.
    init?(
        _ operations: [PlacedOperation], _ node: Node, _ sequence: PulseSequence, _ failures: inout [BellError]
    ) {
        var found: [Operation.Kind: PlacedOperation] = [:]
        for kind in [Operation.Kind.inputBit, .latch, .gatedRotation, .readout, .stop] {
            let all = operations.filter { $0.operation.kind == kind }
            if let first = all.first, all.count == 1 {
                found[kind] = first
            } else {
                let lines = all.map { "\($0.operation.place.line)" }.joined(separator: ", ")
                failures.append(
                    BellError(
                        .sequenceOperations,
                        all.isEmpty
                            ? "\(node.name) has no \(kind.rawValue)."
                            : "\(node.name) has \(all.count) operations \(kind.rawValue), in lines \(lines).",
                        at: "\(all.last.map { $0.operation.place.description } ?? sequence.source) nodes.\(node.name)",
                        fix: "a trial has exactly one \(kind.rawValue) at each node"))
            }
        }
        guard let bit = found[.inputBit], let latch = found[.latch], let rotation = found[.gatedRotation],
            let readout = found[.readout], let stop = found[.stop]
        else { return nil }
        (self.bit, self.latch, self.rotation, self.readout, self.stop) = (bit, latch, rotation, readout, stop)
    }

    /// Splits the time from r to e into terms; waits may come out negative when the order is wrong.
    func budget(_ lines: Lines) -> LocalityBudget {
        let start = bit.start + lines.startOffset
        let stopEvent = stop.start + lines.stopOffset
        let switchMoved = latch.start + Picoseconds(lines.switchDelay)
        let atSwitch = rotation.start + Picoseconds(lines.switchLine)
        let rotated = rotation.end + Picoseconds(lines.driveLine)
        let toneThere = readout.start + Picoseconds(lines.readoutIn)
        let parts: [(LocalityBudget.Stage, Picoseconds, PlacedOperation)] = [
            (.generator, bit.start - start, bit),
            (.bit, latch.start - bit.start, bit),
            (.switching, Picoseconds(lines.switchDelay), latch),
            (.switchWait, atSwitch - switchMoved, rotation),
            (.driveLine, Picoseconds(lines.driveLine - lines.switchLine), rotation),
            (.rotation, rotation.end - rotation.start, rotation),
            (.toneWait, toneThere - rotated, readout),
            (.window, readout.end - readout.start, readout),
            (.readoutLine, Picoseconds(lines.readoutOut), readout),
            (.stopWait, stop.start - readout.end, stop),
        ]
        return LocalityBudget(
            terms: parts.map { LocalityBudget.Term(stage: $0.0, cost: $0.1, operation: $0.2.operation) },
            start: start, stop: stopEvent)
    }
}
