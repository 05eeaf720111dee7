import BellModel
import BellTiming

/// Calculates the nominal margins and says which operation is too long.
struct LocalityCheck {
    let budgets: PerNode<LocalityBudget>
    let survey: TimingSurvey
    let k: Double
    let source: String
    /// Length of a sample in picoseconds.
    let samples: PerNode<Double>

    /// - Parameter entanglement: When entanglement begins, in common time.
    /// - Throws: `timing.survey`.
    func margins(entanglement: Picoseconds?) throws(BellError) -> NominalMargins {
        let (ab, ba) = (try survey.lightTimeAB(), try survey.lightTimeBA())
        var margins = NominalMargins(
            lightAB: ab, lightBA: ba, ab: nil, ba: nil, sum: ab + ba - budgets.alice.total - budgets.bob.total,
            u: survey.u, k: k, afterEntanglement: nil)
        if let alice = survey.stations.alice.pulseDelay, let bob = survey.stations.bob.pulseDelay {
            margins.ab = ab - (alice + budgets.alice.stop - bob - budgets.bob.start)
            margins.ba = ba - (bob + budgets.bob.stop - alice - budgets.alice.start)
            if let entanglement {
                margins.afterEntanglement = PerNode(
                    alice: alice + budgets.alice.start - entanglement, bob: bob + budgets.bob.start - entanglement)
            }
        }
        return margins
    }

    /// One error for each margin that is not above k·u.
    func failures(_ margins: NominalMargins) -> [BellError] {
        guard let ab = margins.ab, let ba = margins.ba else {
            let short = 2 * margins.required - Double(margins.sum.count)
            guard short >= 0 else { return [] }
            let late: Node = budgets.alice.total > budgets.bob.total ? .alice : .bob
            return [
                failure(
                    late, short: short, margins,
                    "m_AB + m_BA = \(Format.ns(margins.sum.count)) ns does not exceed 2 × k·u = "
                        + "\(Format.nsUp(2 * margins.required)) ns, whatever the clocks' offset.", spare: nil)
            ]
        }
        return [(Node.alice, "m_AB", ab, ba), (.bob, "m_BA", ba, ab)].compactMap { node, name, margin, opposite in
            let short = margins.required - Double(margin.count)
            guard short >= 0 else { return nil }
            let light = node == .alice ? margins.lightAB : margins.lightBA
            return failure(
                node, short: short, margins,
                "The margin \(name) = \(Format.ns(margin.count)) ns does not exceed k·u = "
                    + "\(Format.nsUp(margins.required)) ns: \(node.name)'s outcome is fixed too late for light from "
                    + "\(node.other.name)'s input bit (\(Format.ns(light.count)) ns).",
                spare: Double(opposite.count) - margins.required)
        }
    }

    /// - Parameter spare: What the opposite margin has above k·u, in picoseconds.
    private func failure(
        _ node: Node, short: Double, _ margins: NominalMargins, _ what: String, spare: Double?
    ) -> BellError {
        let budget = budgets[node]
        let costs = budget.terms.map { term in
            "\(term.name) \(Format.ns(term.cost.count)) ns (line \(term.operation.place.line))"
        }
        let longest = budget.terms.filter(\.stage.isAdjustable).max { $0.cost < $1.cost }
        let step = samples[node]
        // At least one sample even when the margin misses by nothing: it must be exceeded.
        let needed = max(1, (short / step - 1e-9).rounded(.up)) * step
        let amount = Format.ns(Int64(needed.rounded()))
        var fix = longest.map {
            "\($0.name) costs \(Format.fixed($0.cost.nanoseconds, 1)) ns; shorten by ≥ \(amount) ns"
        }
        if let spare, spare > needed {
            fix = (fix.map { "\($0), or " } ?? "") + "start \(node.name)'s measurement \(amount) ns earlier"
        }
        let place = longest.map { "\($0.operation.place) \($0.operation.label)" } ?? source
        return BellError(
            .sequenceLocality, what, at: place,
            cause: "\(node.name) spends \(Format.ns(budget.total.count)) ns from start event to stop event: "
                + costs.joined(separator: " + ") + "; u = \(Format.fixed(margins.u / 1000, 3)) ns, k = "
                + Format.number(margins.k),
            fix: fix)
    }
}
