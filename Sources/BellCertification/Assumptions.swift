import BellModel

/// The named assumptions under which a certificate's numbers mean what they say.
enum Assumptions {
    /// Sentences by name, for one campaign.
    static func all(_ evidence: CampaignEvidence, _ findings: Findings) -> [(name: String, words: String)] {
        let plan = evidence.sealed.plan
        let mu = NumberText.plain(plan.settingBias)
        var list: [(String, String)] = []
        if evidence.simulated {
            list.append(
                (
                    "simulated",
                    "The data come from a simulation. Nothing here says anything about nature; no bit is random."
                ))
        }
        list.append(
            (
                "freedom-of-choice",
                "Each setting bit had a probability in ½ ± \(mu) given everything before it, the devices' shared past "
                    + "included. The bound is declared; tests can only refute it."
                    + (plan.inputBits == .host
                        ? " The host's bits were used here for the first time: a file of bits that was used before is known."
                        : "")
            ))
        switch findings.locality.status {
        case .audited:
            list.append(
                (
                    "locality",
                    "No signal is faster than light, and the surveyed lengths, delays and uncertainties of every block "
                        + "are right: then no setting could reach the other node before its outcome was fixed."
                ))
        case .assumed:
            list.append(
                (
                    "locality",
                    "Assumed, not audited: the input bits existed at the host before the trial, and did not leak to the "
                        + "other node (no setting leakage)."
                ))
        case .unknown, .none:
            list.append(("locality", "Not established: \(findings.locality.words)."))
        }
        list.append(
            (
                "all-trials-counted",
                "Every started trial is counted. A lost one scores W = 0, never enters N(ab|xy), and takes the worst value "
                    + "in every bound."
            ))
        list.append(
            (
                "boards-report-truly",
                "The boards' records are what the boards decided and when. " + signatures(evidence)
            ))
        list.append(
            (
                "date-of-sealing",
                "The plan was sealed before the first trial. \(findings.plan.dating) That this campaign was not chosen out of "
                    + "several for its result is always the laboratory's word, for all plans that its chain does not show."
            ))
        list.append(
            (
                "classical-side-information",
                "Entropies hold against an adversary with classical side information; devices may have memory."
            ))
        list.append(
            (
                "quantum-side-information",
                "Entropies by entropy accumulation hold against quantum side information that no device touches after "
                    + "the first trial."
            ))
        list.append(
            (
                "settings-ignore-outcomes",
                "Settings do not depend on past outcomes, given past settings and the side information (Markov "
                    + "condition). No test can show it."
            ))
        if plan.stop != nil {
            list.append(
                (
                    "stop-rule",
                    "The data could end the campaign at the end of each block. Bits of probability estimation are those "
                        + "of the outcomes of all \(NumberText.count(plan.trials)) trials, of which those not run are a "
                        + "constant, given their settings and not given how many were run: who tells that gives away at "
                        + "most log2 of the number of blocks that could have been the last."
                ))
        }
        list.append(("quantum-theory", "Entropies on the exact curve assume that quantum theory is right."))
        return list
    }

    /// What the signatures of the chunks bind, and from when on.
    private static func signatures(_ evidence: CampaignEvidence) -> String {
        Node.allCases.map { node in
            switch evidence.keys[node]?.holder {
            case .board: "\(node.name)'s records are bound by the board's own key, which only the board has."
            case .belld: "\(node.name)'s records are bound by belld's key from their arrival on, not before."
            case nil: "No key binds \(node.name)'s records."
            }
        }.joined(separator: " ")
    }
}
