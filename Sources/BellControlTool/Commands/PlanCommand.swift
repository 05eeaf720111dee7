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
        let forecast = try PlanForecast(plan, expected: try invocation.number("expect", in: -3.0..<3.0))
        let body = PlanText.body(of: plan)
        let hash = Blake2b.hash(text: body.text)
        return Reply(
            json: [
                "plan": body, "body_hash": .string(hash.description),
                "margins": compiled.table.json["margins"] ?? .null,
                "forecast_bytes": JSON(count: Doctor.forecast(trials: plan.trials)),
                "forecast": forecast.json,
            ], text: PlanText.render(plan, bodyHash: hash) + MarginText.render(compiled) + forecast.text)
    }

    /// A path that the file at `path` names, relative to that file's directory.
    static func beside(_ path: String, _ name: String) -> String {
        guard !name.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }
}
