import BellModel
import BellSequence

/// What a compiled sequence promises of locality, in three lines.
enum MarginText {
    static func render(_ compiled: CompiledSequence) -> String {
        let margins = compiled.nominalMargins
        func ns(_ time: Picoseconds?) -> String { time.map { NumberText.fixed($0.nanoseconds, 3) } ?? "unknown" }
        let required = NumberText.fixed(margins.required / 1000, 3)
        var text =
            "  margins       A→B \(ns(margins.ab)) ns, B→A \(ns(margins.ba)) ns; each must exceed \(required) ns\n"
        text +=
            "  budget        alice \(ns(compiled.budgets.alice.total)) ns, bob \(ns(compiled.budgets.bob.total)) ns; "
            + "light takes \(ns(margins.lightAB)) ns and \(ns(margins.lightBA)) ns\n"
        if margins.ab == nil || margins.ba == nil {
            text += "  locality      unknown: the trigger delays were never surveyed\n"
        } else if compiled.assumesLocality {
            text += "  locality      assumed (no setting leakage), because the host feeds the input bits\n"
        }
        return text
    }
}
