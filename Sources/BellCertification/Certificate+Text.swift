import BellAudit
import BellModel
import BellStatistics

extension Certificate {
    /// The certificate as a page for people.
    public var text: String {
        var page = TextPage()
        var words = [verdict.words.uppercased()]
        if isSimulated { words.append("SIMULATED — made by a virtual laboratory, says nothing about nature") }
        page.banner(words)
        for reason in reasons { page.row("because", reason) }
        if let headline = findings.claims.first { page.row("headline", headline.words) }
        for (i, item) in CertificateSummary(evidence, findings).items.enumerated() {
            page.row(i == 0 ? "relies on" : "and", item.words)
        }
        origin(&page)
        StatisticsText.counts(findings.tally, findings.numbers.chsh, into: &page)
        losses(&page)
        locality(&page)
        StatisticsText.estimates(findings.numbers, findings.model, into: &page)
        page.heading("Local realism")
        StatisticsText.pValues(findings.numbers, log10Azuma: findings.log10AzumaP, findings.model, into: &page)
        page.row(
            "any time",
            "\(NumberText.probability(log10: -evidence.eProcess.log10Max))   1/max M of the e-process, largest after "
                + "\(NumberText.count(evidence.eProcess.trialsAtMax)) trials")
        page.row(
            "",
            "\(NumberText.probability(log10: evidence.predictionRatio.log10PValue))   1/max M of the prediction-based "
                + "ratio, largest after \(NumberText.count(evidence.predictionRatio.trialsAtMax)) trials")
        minEntropy(&page)
        BoundsText.write(findings.bounds, into: &page)
        page.heading("Registered claims")
        for claim in findings.claims {
            page.row(claim.isHeadline ? "headline" : "further", claim.words)
            if claim.holds, !findings.objections.isEmpty {
                page.row("", "NOT certified: " + findings.objections.joined(separator: "; "))
            }
            page.row("", "against: \(claim.method.adversary)")
            if let budget = claim.budget {
                page.row("", "error: \(NumberText.plain(budget.total)) = \(budget.words)")
            }
            if let security = claim.security, let side = claim.sideInformation {
                page.row(
                    "",
                    "for a \(security.extractor.kind.rawValue) extractor: secure against \(side.rawValue) side "
                        + "information, sealed total \(NumberText.plain(security.total))")
            }
            page.row("", "valid for: \(claim.method.validity)")
            page.row("", "source: \(claim.method.source)")
            page.row("", "assumes: " + claim.assumes.joined(separator: ", "))
        }
        let consistency = findings.consistency
        StatisticsText.tests(consistency.noSignalling, consistency.settings, findings.model.settingBias, into: &page)
        page.row(
            "quantum bound",
            "\(NumberText.fixed(consistency.wins.probability, 6)) won of all trials, p = "
                + NumberText.probability(log10: consistency.log10QuantumP) + " against at most "
                + "\(NumberText.fixed(consistency.quantumWinBound, 6)) (S ≤ 2√2)")
        page.row(
            "all of these",
            "least p = \(NumberText.probability(log10: consistency.log10Least)) after Holm; at "
                + "\(NumberText.probability(log10: ConsistencyFinding.level)) or below nothing is certified")
        for node in Node.allCases { page.row("health \(node.name)", findings.health.words(node)) }
        page.heading("Assumptions")
        for assumption in Assumptions.all(evidence, findings) {
            page.item("\(assumption.name): \(assumption.words)")
        }
        blocks(&page)
        page.line()
        page.row("hash", hash.description)
        page.row("signed by", signedBy.map { "\($0)" } ?? "nobody")
        return page.text
    }

    private func origin(_ page: inout TextPage) {
        let plan = evidence.sealed.plan
        page.heading("Campaign")
        page.row("campaign", evidence.campaign.description)
        page.row("plan", "number \(evidence.sealed.number), \"\(plan.name)\", sealed \(evidence.sealed.sealedAt)")
        page.row("plan hash", evidence.planHash.description)
        for (i, line) in findings.plan.lines.enumerated() { page.row(i == 0 ? "plans" : "", line) }
        page.row("sequence", "\(plan.sequence), \(plan.sequenceHash.short)…")
        page.row("pattern", plan.pattern.formula)
        switch evidence.end {
        case .completed: page.row("end", "all \(NumberText.count(plan.trials)) trials were started")
        case .stoppedByRule:
            page.row(
                "end",
                "by the sealed stop rule after \(NumberText.count(evidence.started)) of at most "
                    + "\(NumberText.count(plan.trials)) trials")
        case .stopped(let reason):
            page.row(
                "end",
                "stopped after \(NumberText.count(evidence.started)) of \(NumberText.count(plan.trials)) trials: "
                    + (reason.isEmpty ? "no reason given" : reason))
        }
        page.row("made by", "belld \(evidence.software)" + (isSimulated ? ", SIMULATED boards" : ""))
    }

    private func losses(_ page: inout TextPage) {
        let causes = LossCause.allCases.filter { findings.tally.losses($0) > 0 }
        guard !causes.isEmpty else { return }
        page.row(
            "losses",
            causes.map { "\($0.name) \(NumberText.count(findings.tally.losses($0)))" }.joined(separator: ", "))
    }

    private func locality(_ page: inout TextPage) {
        let finding = findings.locality
        page.heading("Locality")
        page.row("verdict", finding.words)
        if let ab = finding.margins.ab, let ba = finding.margins.ba {
            page.row(
                "margins",
                "m_AB ≥ \(NumberText.nanoseconds(ab.least.count)) ns, m_BA ≥ \(NumberText.nanoseconds(ba.least.count)) "
                    + "ns in \(NumberText.count(finding.margins.known)) valid trials")
        }
        if let required = finding.required, let u = finding.uncertainty {
            page.row(
                "required",
                "more than k·u = \(NumberText.plain(evidence.sealed.plan.localityK)) × \(NumberText.fixed(u / 1000, 4)) ns "
                    + "= \(NumberText.fixed(required / 1000, 3)) ns")
        }
        if let sum = finding.margins.leastSum {
            page.row(
                "sum", "m_AB + m_BA ≥ \(NumberText.nanoseconds(sum.count)) ns, which needs no clock between the nodes")
        }
    }

    private func minEntropy(_ page: inout TextPage) {
        guard let bound = findings.comparison else { return }
        page.heading("Min-entropy (Pironio 2010), for comparison")
        page.row(
            "2010 formula",
            GuessingCurve.allCases.map { "\(NumberText.fixed(bound.bits2010($0), 2)) bits \($0.words)" }
                .joined(separator: ", ") + " — n f(Î − ε), not certified; the sound form is a registered claim")
        page.row(
            "ε",
            "\(NumberText.fixed(bound.epsilon(), 6)) at δ = \(NumberText.plain(bound.delta))"
                + (findings.comparisonIsRegistered ? "" : " (not registered)"))
    }

    private func blocks(_ page: inout TextPage) {
        page.heading("Blocks")
        var rows = [["block", "trials", "valid", "calibration", "evidence alice", "evidence bob"]]
        let shown = evidence.blocks.count > 24 ? evidence.blocks.suffix(24) : evidence.blocks[...]
        for block in shown {
            rows.append([
                String(block.number), NumberText.count(block.tally.trials), NumberText.count(block.tally.valid),
                block.calibrationHash.short, block.evidenceRoots.alice.short, block.evidenceRoots.bob.short,
            ])
        }
        if shown.count < evidence.blocks.count {
            page.line("the last \(shown.count) of \(evidence.blocks.count); all are in the JSON file")
        }
        page.table(rows)
        for node in Node.allCases {
            page.row("key \(node.name)", findings.signatures.words(node))
            if let key = findings.signatures.keys[node] { page.row("", key.bytes.hex) }
        }
        if let last = evidence.blocks.last {
            page.row("root alice", last.evidenceRoots.alice.description)
            page.row("root bob", last.evidenceRoots.bob.description)
        }
    }
}
