import BellModel
import BellPlot
import BellSequence
import Glibc

/// A routine of one node whose check is the same measurement with less effort, compared with the values in force.
protocol BenchRoutine: CalibrationRoutine {
    /// How far a value may be from what a check finds, besides what both uncertainties explain.
    var tolerances: [String: Tolerance] { get }

    /// What to do next; pure.
    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep
}

/// How much a routine measures.
enum Effort: Equatable, Sendable {
    case full
    /// Few points about the values in force.
    case check

    /// A number of shots.
    func shots(_ full: Int) -> Int { self == .full ? full : max(full / 2, 100) }
}

/// A tolerance in a quantity's unit or as a part of its value.
enum Tolerance: Equatable, Sendable {
    case absolute(Double)
    case relative(Double)

    func size(at value: Double) -> Double {
        switch self {
        case .absolute(let size): size
        case .relative(let part): part * value.magnitude
        }
    }
}

extension BenchRoutine {
    var scope: RoutineScope { .node }
    var tolerances: [String: Tolerance] { [:] }
    var watched: [String] { proposes }
    var validity: Double { 86_400 }

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        step(NodeBench(context), rounds, .full)
    }

    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let bench = NodeBench(context)
        switch step(bench, rounds, .check) {
        case .measure(let points, let note): return .measure(points, note: note)
        case .finish(let report): return .finish(compared(report, bench))
        }
    }

    /// A check's report: what would be proposed is compared with what is in force, and nothing is proposed.
    private func compared(_ report: RoutineReport, _ bench: NodeBench) -> RoutineReport {
        var result = report
        result.proposals = []
        // What it found is kept all the same, for whoever watches the value.
        let named = Set(report.metrics.map(\.name))
        result.metrics += report.proposals.filter { !named.contains($0.path.quantity) }.map { found in
            let unit = (try? found.path.known())?.unit ?? "1"
            return RoutineReport.Metric(found.path.quantity, found.value, found.uncertainty, unit: unit)
        }
        guard report.verdict == .good else { return result }
        var moved: [String] = []
        for proposal in report.proposals {
            let name = proposal.path.quantity
            guard let now = bench.calibrated(name) else {
                moved.append("\(name) was never measured")
                continue
            }
            let tolerance = (tolerances[name] ?? .absolute(0)).size(at: now.value)
            let distance = (proposal.value - now.value).magnitude
            if !(distance <= 4 * hypot(proposal.uncertainty, now.uncertainty) + tolerance) {
                moved.append(
                    "\(name) is \(Wording.number(now.value)), and the check finds "
                        + Wording.number(proposal.value, proposal.uncertainty))
            }
        }
        guard moved.isEmpty else {
            result.verdict = .outOfSpec
            result.reason = "\(moved.joined(separator: "; ")): calibrate anew."
            return result
        }
        if !report.proposals.isEmpty { result.reason = "The values in force are still right. " + report.reason }
        return result
    }

    /// Data that say nothing.
    func bad(_ reason: String, figures: [Figure] = []) -> RoutineStep {
        .finish(RoutineReport(.badData, reason, figures: figures))
    }

    /// What an experiment without any shots shows.
    var nothingCame: RoutineStep { bad("No shots came back for a point: see whether the board answers.") }
}
