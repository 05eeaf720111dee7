import BellCertification
import BellModel
import BellPool
import BellRandomness

/// Texts about pools.
enum PoolText {
    /// What an extraction has come to; no bit of it.
    static func extracted(
        _ extraction: CampaignExtraction, recipe: JSON, _ files: PoolFiles, again: String?
    ) -> Reply {
        let (evidence, order) = (extraction.evidence, extraction.order)
        let certificate = evidence.certificate
        let bits = UInt64(extraction.shape.outputBits)
        let kind = certificate.evidence.sealed.plan.pool
        var text = ""
        func row(_ label: String, _ value: String) {
            text += label + String(repeating: " ", count: max(1, 14 - label.count)) + value + "\n"
        }
        row("campaign", "\(certificate.evidence.campaign)\(certificate.isSimulated ? "   SIMULATED" : "")")
        if let again { row("", again) }
        row(
            "pool",
            kind == .private
                ? "private: keys only, and no halves to anybody" : "public: beacons and pictures, never keys")
        row(
            "source one",
            "\(NumberText.count(evidence.outcomes.count)) bits: outcomes of \(NumberText.count(evidence.outcomes.trials)) "
                + "trials, \(NumberText.count(evidence.outcomes.lost)) of them lost and 00")
        row(
            "certified",
            "\(NumberText.count(evidence.entropy.bits)) bits of min-entropy, by \(evidence.entropy.claim.name)")
        if kind == .private {
            row(
                "published",
                "− \(NumberText.count(evidence.entropy.published.total)) bits that the certificate tells of the outcomes"
            )
        }
        if evidence.outcomes.erased > 0 {
            row(
                "lost",
                "− \(NumberText.count(evidence.outcomes.erased)) bits that lost trials answered, and their places")
        }
        row(
            "source two",
            "\(NumberText.count(UInt64(extraction.shape.secondBits))) bits of \(order.second.origin.name), "
                + (order.second.bias.map { "bias at most \(JSON.double($0).text)" }
                    ?? "\(JSON.double(order.second.rate).text) bits a bit"))
        row(
            "extractor",
            "\(extraction.shape.kind.rawValue), error \(JSON.double(order.extractor.epsilon).text), \(extraction.demand.security.rawValue), "
                + (order.isSealed ? "sealed in the plan" : "chosen after the campaign"))
        row(
            "bits",
            "\(NumberText.count(bits)), \(NumberText.fixed(Double(bits) / Double(max(1, evidence.outcomes.trials)), 6)) a trial"
        )
        row("total error", "\(JSON.double(extraction.budget.total).text) = \(extraction.budget.words)")
        row("holds against", "\(extraction.sideInformation.rawValue) side information")
        text += "rests on\n"
        for (name, words) in extraction.assumptions.sorted(by: { $0.key < $1.key }) {
            text += "  \(name): \(words.stringValue ?? "")\n"
        }
        row("files", "\(files.bits), recipe.json, second-source.bin")
        return Reply(
            json: ["recipe": recipe, "folder": .string(files.folder), "repeated": .bool(again != nil)], text: text)
    }

    /// `bellctl pools`.
    static func list(_ pools: [Pool]) -> Reply {
        var table = TextTable(["campaign", "kind", ">bits", ">given", ">left", ""])
        for pool in pools {
            table.add([
                pool.campaign.description, pool.kind.rawValue, NumberText.count(pool.bits),
                NumberText.count(pool.given), NumberText.count(pool.left), pool.isSimulated ? "SIMULATED" : "",
            ])
        }
        return Reply(
            json: ["pools": .array(pools.map(json))],
            text: pools.isEmpty ? "no pools; `bellctl campaign extract CAMPAIGN` makes one\n" : table.text(indent: 0))
    }

    private static func json(_ pool: Pool) -> JSON {
        [
            "campaign": .string(pool.campaign.description), "pool": .string(pool.kind.rawValue),
            "simulated": .bool(pool.isSimulated), "bits": JSON(count: pool.bits), "given": JSON(count: pool.given),
            "left": JSON(count: pool.left),
        ]
    }
}
