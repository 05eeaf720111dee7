import BellModel

/// Puts a schedule on the boards' tick and sample grids.
struct Placement {
    let grids: PerNode<Grid>
    /// In the order of the file; operations that do not fit the grid are put at the nearest step.
    let operations: PerNode<[PlacedOperation]>
    /// Ticks of a trial.
    let period: PerNode<UInt64>

    init(
        _ sequence: PulseSequence, _ schedule: Schedule, _ lines: PerNode<Lines>, _ limits: PerNode<BoardLimits>,
        _ failures: inout [BellError]
    ) {
        let grids = limits.map { Grid(rate: $0.tickRate, ticksPerSample: Int64(max($0.ticksPerSample, 1))) }
        var operations = PerNode<[PlacedOperation]>(alice: [], bob: [])
        var period = PerNode<UInt64>(alice: 0, bob: 0)
        let misfits = Self.misfits(schedule, grids)
        for node in Node.allCases {
            let grid = grids[node]
            let fit = grid.fit(sequence.trialPeriod, step: grid.ticksPerSample)
            if fit.off.magnitude > Grid.tolerance {
                failures.append(
                    Self.offGrid(
                        "The trial period", sequence.trialPeriod, fit, grid, node, sampled: true,
                        at: "\(sequence.place) trial_period_ns"))
            }
            period[node] = UInt64(clamping: fit.ticks)
            let shift = Self.shift(node, lines, grid)
            for entry in schedule.entries[node] {
                operations[node].append(Self.place(entry, node, grid, shift, lines[node], misfits, &failures))
            }
            for placed in operations[node]
            where UInt64(placed.tick) + UInt64(placed.ticks) > period[node] && fit.ticks > 0 {
                failures.append(
                    BellError(
                        .sequenceLimits,
                        "\(placed.operation.label) ends \(Format.ns(placed.end.count)) ns after the trigger pulse, past "
                            + "the trial period of \(Format.ns(sequence.trialPeriod.count)) ns.",
                        at: "\(placed.operation.place) \(placed.operation.label)",
                        fix: "make trial_period_ns (\(sequence.place)) longer, or start earlier"))
            }
        }
        (self.grids, self.operations, self.period) = (grids, operations, period)
    }

    /// Whole samples by which this node plays later, because the shared pulse reaches it earlier than the other.
    static func shift(_ node: Node, _ lines: PerNode<Lines>, _ grid: Grid) -> Int64 {
        guard let own = lines[node].trigger, let other = lines[node.other].trigger, other > own else { return 0 }
        return grid.fit(Picoseconds(other - own), step: grid.ticksPerSample).ticks
    }

    /// Labels of the operations whose start or duration is off the grid.
    private static func misfits(_ schedule: Schedule, _ grids: PerNode<Grid>) -> Set<String> {
        var labels: Set<String> = []
        for node in Node.allCases {
            for entry in schedule.entries[node] {
                let step = entry.operation.kind.playsSamples ? grids[node].ticksPerSample : 1
                let fits = [entry.start, entry.duration].map { grids[node].fit($0, step: step) }
                if fits.contains(where: { $0.off.magnitude > Grid.tolerance }) { labels.insert(entry.operation.label) }
            }
        }
        return labels
    }

    private static func place(
        _ entry: Schedule.Entry, _ node: Node, _ grid: Grid, _ shift: Int64, _ lines: Lines, _ misfits: Set<String>,
        _ failures: inout [BellError]
    ) -> PlacedOperation {
        let sampled = entry.operation.kind.playsSamples
        let step = sampled ? grid.ticksPerSample : 1
        let at = "\(entry.operation.place) \(entry.operation.label)"
        let start = grid.fit(entry.start, step: step)
        let length = grid.fit(entry.duration, step: step)
        if length.off.magnitude > Grid.tolerance {
            let place = entry.pulse.map { "\($0) pulse of \(entry.operation.label)" } ?? at
            failures.append(
                offGrid(
                    "The duration of \(entry.operation.label)", entry.duration, length, grid, node, sampled: sampled,
                    at: place))
        }
        // What follows a misfit is off because of it; one error is enough.
        if start.off.magnitude > Grid.tolerance && !entry.follows(misfits) {
            failures.append(
                offGrid(
                    "The start of \(entry.operation.label)", entry.start, start, grid, node, sampled: sampled, at: at))
        }
        let tick = UInt32(clamping: start.ticks + shift)
        let ticks = UInt32(clamping: length.ticks)
        if start.ticks + shift + length.ticks > Int64(UInt32.max) {
            failures.append(
                BellError(
                    .sequenceLimits, "\(entry.operation.label) lies past the last tick that a board can count to.",
                    at: at, fix: "events have 32-bit ticks: \(Format.ns(grid.time(Int64(UInt32.max)).count)) ns"))
        }
        let from = grid.time(Int64(tick))
        let until = grid.time(Int64(tick) + Int64(ticks))
        let acts = lines.acts(entry.operation.kind, from: from, until: until)
        return PlacedOperation(
            operation: entry.operation, tick: tick, ticks: ticks, start: from, end: until, actsFrom: acts.0,
            actsUntil: acts.1)
    }

    static func offGrid(
        _ what: String, _ time: Picoseconds, _ fit: Grid.Fit, _ grid: Grid, _ node: Node, sampled: Bool, at: String
    ) -> BellError {
        let step = sampled ? grid.sample : grid.tick
        let side = fit.off > 0 ? "after" : "before"
        let nearest = Format.ns(grid.time(fit.ticks).count)
        return BellError(
            .sequenceGrid,
            "\(what), \(Format.ns(time.count)) ns, is \(Format.trimmed(fit.off.magnitude / 1000, 4)) ns \(side) the "
                + "nearest \(sampled ? "sample" : "tick") of \(node.name)'s board.",
            at: at, cause: "a \(sampled ? "sample" : "tick") lasts \(Format.trimmed(step / 1000, 4)) ns",
            fix: "write \(nearest) ns, or move what it follows")
    }

    /// The start of the emission pulse at the qubit in common time: when entanglement begins; nil without it.
    func entanglementStart(_ lines: PerNode<Lines>) -> Picoseconds? {
        for node in Node.allCases {
            guard let emission = operations[node].first(where: { $0.operation.kind == .emit }),
                let delay = lines[node].trigger
            else { continue }
            return emission.actsFrom + Picoseconds(delay)
        }
        return nil
    }
}

extension Operation.Kind {
    /// What plays samples starts with a sample; tags and gates fall on ticks.
    fileprivate var playsSamples: Bool { pulse != nil || self == .readout }
}

extension Schedule.Entry {
    fileprivate func follows(_ labels: Set<String>) -> Bool {
        guard case .after(let reference, _) = operation.start else { return false }
        return labels.contains("\(reference.node.name)/\(reference.name)")
    }
}
