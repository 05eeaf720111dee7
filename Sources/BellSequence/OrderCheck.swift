import BellModel

/// Checks that a node's operations do not overlap and come in an order that can work.
struct OrderCheck {
    let node: Node
    let operations: [PlacedOperation]
    let chain: Chain
    let lines: Lines
    let grid: Grid

    func run(_ failures: inout [BellError]) {
        checkBit(&failures)
        checkSwitch(&failures)
        checkQubit(&failures)
        late(
            chain.stop, by: chain.readout.end - chain.stop.start, sampled: false, &failures,
            "tags the stop event %@ ns before the readout window ends",
            cause: "samples after the tag would still influence the outcome")
    }

    private func checkBit(_ failures: inout [BellError]) {
        let latency = Picoseconds(lines.rngLatency)
        late(
            chain.latch, by: chain.bit.start + latency - chain.latch.start, sampled: false, &failures,
            "latches the bit %@ ns before the generator has made it",
            cause: "rng_latency is \(Format.ns(latency.count)) ns")
        late(
            chain.latch, by: chain.bit.end - chain.latch.start, sampled: false, &failures,
            "latches the bit %@ ns before \(chain.bit.operation.label) ends", cause: nil)
    }

    private func checkSwitch(_ failures: inout [BellError]) {
        let moved = chain.latch.start + Picoseconds(lines.switchDelay)
        let front = chain.rotation.start + Picoseconds(lines.switchLine)
        late(
            chain.rotation, by: moved - front, sampled: true, &failures,
            "reaches the setting switch %@ ns before it has moved",
            cause: "switch_delay is \(Format.ns(lines.switchDelay)) ns from the latch, switch_line "
                + "\(Format.ns(lines.switchLine)) ns from the pulse's tick")
    }

    /// What acts on the qubit must not overlap, and must be over when the tone arrives.
    private func checkQubit(_ failures: inout [BellError]) {
        let acting = operations.filter { $0.operation.kind == .reset || $0.operation.kind.pulse != nil }
            .sorted { $0.actsFrom < $1.actsFrom }
        for (before, after) in zip(acting, acting.dropFirst()) {
            late(
                after, by: before.actsUntil - after.actsFrom, sampled: true, &failures,
                "begins %@ ns before \(before.operation.label) (line \(before.operation.place.line)) has ended at the "
                    + "qubit",
                cause: "\(before.operation.label) lasts \(Format.ns((before.end - before.start).count)) ns")
        }
        guard let last = acting.max(by: { $0.actsUntil < $1.actsUntil }) else { return }
        late(
            chain.readout, by: last.actsUntil - chain.readout.actsFrom, sampled: true, &failures,
            "has its tone at the resonator %@ ns before \(last.operation.label) (line \(last.operation.place.line)) "
                + "has ended at the qubit",
            cause: "drive_line is \(Format.ns(lines.driveLine)) ns, readout_in \(Format.ns(lines.readoutIn)) ns")
    }

    /// Records an operation that is early; `%@` in `what` stands for how early.
    private func late(
        _ placed: PlacedOperation, by time: Picoseconds, sampled: Bool, _ failures: inout [BellError], _ what: String,
        cause: String?
    ) {
        guard time > .zero else { return }
        let step = sampled ? grid.sample : grid.tick
        let needed = (Double(time.count) / step - 1e-9).rounded(.up) * step
        let parts = what.split(separator: "%@", maxSplits: 1, omittingEmptySubsequences: false)
        let text = "\(parts.first ?? "")\(Format.ns(time.count))\(parts.dropFirst().first ?? "")"
        failures.append(
            BellError(
                .sequenceOrder, "\(placed.operation.label) \(text).",
                at: "\(placed.operation.place) \(placed.operation.label)",
                cause: cause, fix: "start it ≥ \(Format.ns(Int64(needed.rounded()))) ns later"))
    }
}
