import BellCampaign
import BellCertification
import BellCrypto
import BellHost
import BellModel
import BellSequence

/// `bellctl campaign plan`: everything that `campaign start` would refuse, found without a daemon.
enum PlanCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let path = invocation.positional(0) ?? ""
        let file = try PlanFile(text: try readText(path), source: path)
        let sequence = beside(path, file.sequence)
        let plan = file.plan(sequenceHash: Blake2b.hash(try readFile(sequence)))
        let compiled = try OfflineCompiler.compile(
            sequence: sequence, lab: invocation.text("lab") ?? "", k: plan.localityK, inputBits: plan.inputBits)
        let s = try invocation.number("expect", in: -3.0..<3.0)
        let forecast = try PlanForecast(plan, expected: s)
        let expansion = try invocation.text("expansion").map { (law) throws(BellError) in
            try ExpansionTable(law: law, s: s, delta: delta(plan), planned: plan.trials)
        }
        let body = PlanText.body(of: plan)
        let hash = Blake2b.hash(text: body.text)
        return Reply(
            json: [
                "plan": body, "body_hash": .string(hash.description),
                "margins": compiled.table.json["margins"] ?? .null,
                "forecast_bytes": JSON(count: Doctor.forecast(trials: plan.trials)),
                "forecast": forecast.json, "expansion": expansion?.json ?? .null,
            ],
            text: PlanText.render(plan, bodyHash: hash) + MarginText.render(compiled) + forecast.text
                + (expansion?.text ?? ""))
    }

    /// δ of the plan's first claim after Pironio, else that of the paper.
    private static func delta(_ plan: Plan) -> Double {
        for case .pironio(_, let delta, _) in [plan.headline] + plan.claims { return delta }
        return 0.01
    }

    /// A path that the file at `path` names, relative to that file's directory.
    static func beside(_ path: String, _ name: String) -> String {
        guard !name.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }
}
