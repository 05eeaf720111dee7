public import BellModel
import BellTiming

/// Turns a sequence and a frozen calibration into one program a node.
public enum Compiler {
    /// Compiles a sequence, or says everything that is wrong with it.
    ///
    /// Pure and deterministic: equal arguments give equal programs. Cost: microseconds an operation, linear.
    /// - Parameters:
    ///   - limits: What the boards can hold and play.
    ///   - k: How many standard uncertainties each margin must exceed; > 0.
    ///   - inputBits: With `.host` locality is an assumption, and a budget that light would win is no error.
    /// - Returns: Programs in integer ticks, the timing table, the survey for the audit, the nominal margins.
    /// - Throws: All failures at once, each with file, line, operation and what it costs in ns:
    ///   `sequence.reference`, `.operations`, `.grid`, `.order`, `.limits`, `.amplitude`, `.locality`;
    ///   `calibration.missing`, `calibration.foreign`; `timing.survey`.
    /// - SeeAlso: docs/timing-budget.md.
    public static func compile(
        _ sequence: PulseSequence, calibration: CalibrationSet, laboratory: Laboratory,
        limits: PerNode<BoardLimits>, k: Double, inputBits: InputBitSource = .board
    ) throws(BellError) -> CompiledSequence {
        guard calibration.laboratory == laboratory.name else {
            throw BellError(
                .calibrationForeign,
                "The calibration belongs to \"\(calibration.laboratory)\", the laboratory is \"\(laboratory.name)\".",
                at: laboratory.source)
        }
        let lines = try PerNode { node throws(BellError) in try Lines(calibration.timing[node]) }
        let schedule = try Schedule(sequence, calibration)
        var failures: [BellError] = []

        let placement = Placement(sequence, schedule, lines, limits, &failures)
        let chains = PerNode { node in Chain(placement.operations[node], node, sequence, &failures) }
        for node in Node.allCases {
            guard let chain = chains[node] else { continue }
            OrderCheck(
                node: node, operations: placement.operations[node], chain: chain, lines: lines[node],
                grid: placement.grids[node]
            ).run(&failures)
        }
        LinkCheck(placement.operations, lines, calibration).run(&failures)

        let writer = ProgramWriter(
            sequence: sequence, calibration: calibration, placement: placement, limits: limits, inputBits: inputBits)
        let programs = PerNode { node in writer.program(node, &failures) }

        let survey = try TimingSurvey(calibration, lines: lines, tick: placement.grids.map(\.tick))
        var budgets: PerNode<LocalityBudget>?
        var margins: NominalMargins?
        if let alice = chains.alice, let bob = chains.bob {
            let both = PerNode(alice: alice.budget(lines.alice), bob: bob.budget(lines.bob))
            let check = LocalityCheck(
                budgets: both, survey: survey, k: k, source: sequence.source, samples: placement.grids.map(\.sample))
            let nominal = try check.margins(entanglement: placement.entanglementStart(lines))
            // Order failures make a budget's waits negative; its verdict would then mislead.
            if inputBits == .board && failures.isEmpty { failures += check.failures(nominal) }
            (budgets, margins) = (both, nominal)
        }
        if let error = BellError.all(failures.uniqued) { throw error }
        guard let budgets, let margins, let alice = programs.alice, let bob = programs.bob else {
            throw BellError(.sequenceOperations, "The sequence has no measurement.", at: sequence.source)
        }
        return CompiledSequence(
            name: sequence.name, source: sequence.source, laboratory: laboratory.name,
            programs: PerNode(alice: alice, bob: bob),
            operations: placement.operations.map { list in
                list.sorted { ($0.tick, $0.operation.place.line) < ($1.tick, $1.operation.place.line) }
            }, budgets: budgets, survey: survey, nominalMargins: margins)
    }
}
