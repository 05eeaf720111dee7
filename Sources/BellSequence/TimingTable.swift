public import BellModel

/// All of a compiled sequence's times, for people and for programs.
public struct TimingTable: Equatable, Sendable {
    /// Everything that the table prints.
    let compiled: CompiledSequence

    init(_ compiled: CompiledSequence) { self.compiled = compiled }

    /// The table as text, at most 100 columns wide: operations, budgets, margins.
    public var text: String {
        var lines = [
            "Sequence \(compiled.name) (\(compiled.source)), calibration of \(compiled.laboratory)",
            "Times in ns after the trigger pulse at the node's board; 'acts' is where the operation takes effect.",
        ]
        for node in Node.allCases {
            lines += [""] + operations(node)
        }
        for node in Node.allCases {
            lines += [""] + budget(node)
        }
        return (lines + [""] + margins).joined(separator: "\n") + "\n"
    }

    private func operations(_ node: Node) -> [String] {
        let program = compiled.programs[node]
        let tick = program.tickRate.nanosecondsPerTick
        let period = Double(program.trialPeriod) * tick
        var lines = [
            "\(node.name): tick \(Format.number(tick)) ns, sample \(Format.number(tick * Double(program.ticksPerSample))) ns, "
                + "trial period \(Format.number(period)) ns, \(program.waveforms.reduce(0) { $0 + $1.i.count }) samples",
            "  " + Format.left("operation", 18) + Format.right("start", 11) + Format.right("end", 11)
                + Format.right("duration", 10) + Format.right("start tick", 12) + Format.right("acts from", 12)
                + Format.right("until", 12) + "  line",
        ]
        for placed in compiled.operations[node] {
            lines.append(
                "  " + Format.left(placed.operation.name, 18) + Format.right(three(placed.start), 11)
                    + Format.right(three(placed.end), 11) + Format.right(three(placed.end - placed.start), 10)
                    + Format.right("\(placed.tick)", 12) + Format.right(three(placed.actsFrom), 12)
                    + Format.right(three(placed.actsUntil), 12)
                    + Format.right("\(placed.operation.place.line)", 6))
        }
        return lines
    }

    private func budget(_ node: Node) -> [String] {
        let budget = compiled.budgets[node]
        var lines = ["\(node.name): from start event r to stop event e"]
        for term in budget.terms {
            lines.append(
                "  " + Format.left(term.name, 34) + Format.right(three(term.cost), 10) + " ns  "
                    + "\(term.operation.name), line \(term.operation.place.line)")
        }
        lines.append("  " + Format.left("e − r", 34) + Format.right(three(budget.total), 10) + " ns")
        return lines
    }

    private var margins: [String] {
        let margins = compiled.nominalMargins
        func line(_ name: String, _ text: String) -> String { "  " + Format.left(name, 34) + Format.right(text, 10) }
        let unknown = "unknown"
        var lines = [
            "Space-like margins, nominal",
            line("d_AB/c", three(margins.lightAB)) + " ns",
            line("d_BA/c", three(margins.lightBA)) + " ns",
            line("m_AB = d_AB/c − (e_A − r_B)", margins.ab.map(three) ?? unknown) + " ns",
            line("m_BA = d_BA/c − (e_B − r_A)", margins.ba.map(three) ?? unknown) + " ns",
            line("m_AB + m_BA (offset-free)", three(margins.sum)) + " ns",
            line("u", Format.fixed(margins.u / 1000, 3)) + " ns",
            line("k·u, k = \(Format.number(margins.k))", Format.fixed(margins.required / 1000, 3)) + " ns",
        ]
        if margins.ab == nil {
            lines.append(
                "  The trigger delays were never surveyed: margins are unknown, and nothing may claim locality.")
        }
        if compiled.assumesLocality {
            lines.append("  The host feeds the input bits: locality is assumed (no setting leakage).")
        }
        if let after = margins.afterEntanglement {
            lines.append(
                line("r − s (entanglement starts at s)", three(after.alice)) + " ns alice, \(three(after.bob)) ns bob")
        }
        return lines
    }

    private func three(_ time: Picoseconds) -> String { Format.fixed(time.nanoseconds, 3) }

    /// The same as an object; times in whole picoseconds.
    public var json: JSON {
        var object: [String: JSON] = [
            "sequence": .string(compiled.name), "file": .string(compiled.source),
            "laboratory": .string(compiled.laboratory),
            "locality_assumed": .bool(compiled.assumesLocality),
        ]
        for node in Node.allCases { object[node.name] = json(node) }
        let margins = compiled.nominalMargins
        object["margins"] = [
            "light_ab_ps": .int(margins.lightAB.count), "light_ba_ps": .int(margins.lightBA.count),
            "ab_ps": margins.ab.map { .int($0.count) } ?? .null, "ba_ps": margins.ba.map { .int($0.count) } ?? .null,
            "sum_ps": .int(margins.sum.count), "u_ps": .double(margins.u), "k": .double(margins.k),
            "required_ps": .double(margins.required),
            "after_entanglement_ps": margins.afterEntanglement.map {
                ["alice": .int($0.alice.count), "bob": .int($0.bob.count)]
            } ?? .null,
        ]
        return .object(object)
    }

    private func json(_ node: Node) -> JSON {
        let program = compiled.programs[node]
        let budget = compiled.budgets[node]
        let operations = compiled.operations[node].map { placed -> JSON in
            [
                "operation": .string(placed.operation.kind.rawValue), "name": .string(placed.operation.name),
                "line": .int(Int64(placed.operation.place.line)), "start_tick": .int(Int64(placed.tick)),
                "ticks": .int(Int64(placed.ticks)), "start_ps": .int(placed.start.count),
                "end_ps": .int(placed.end.count), "acts_from_ps": .int(placed.actsFrom.count),
                "acts_until_ps": .int(placed.actsUntil.count),
            ]
        }
        let terms = budget.terms.map { term -> JSON in
            [
                "term": .string(term.name), "cost_ps": .int(term.cost.count), "operation": .string(term.operation.name),
                "line": .int(Int64(term.operation.place.line)),
            ]
        }
        return [
            "tick_rate_hz": .double(program.tickRate.hertz), "ticks_per_sample": .int(Int64(program.ticksPerSample)),
            "trial_period_ticks": JSON(count: program.trialPeriod), "operations": .array(operations),
            "budget": .array(terms), "start_event_ps": .int(budget.start.count),
            "stop_event_ps": .int(budget.stop.count), "total_ps": .int(budget.total.count),
        ]
    }
}
