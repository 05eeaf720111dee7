import BellModel

/// The short form of a certificate, as `campaign watch` and `campaign show` end.
enum CertificateText {
    /// Verdict, claims and the few numbers that people ask for; the page with everything is `Certificate.text`.
    ///
    /// - Parameter json: The certificate; what it lacks becomes `–`.
    static func summary(_ json: JSON, path: String, style: Style = .plain) -> String {
        var text =
            switch json["verdict"]?.stringValue {
            case "certified": style.good(style.bold("CERTIFIED"))
            case "invalid": style.bad(style.bold("INVALID: the evidence contradicts itself"))
            default: style.bad(style.bold("NOT CERTIFIED"))
            }
        if json["simulated"]?.boolValue != false {
            text += "  \(style.warn("SIMULATED: says nothing about nature"))"
        }
        text += "\n"
        func line(_ label: String, _ value: String?) {
            text += "  \(label)\(String(repeating: " ", count: max(1, 13 - label.count)))"
            text += "\(value ?? NumberText.missing)\n"
        }
        for reason in json["reasons"]?.arrayValue ?? [] { line("because", Style.safe(reason.stringValue)) }
        for claim in json["claims"]?.arrayValue ?? [] {
            line(claim["headline"] == true ? "headline" : "further", Style.safe(claim["words"]?.stringValue))
        }
        for (i, item) in (json["summary"]?.arrayValue ?? []).enumerated() {
            line(i == 0 ? "relies on" : "and", Style.safe(item["words"]?.stringValue, limit: 1000))
        }
        let tally = json["tally"]
        line(
            "trials",
            "\(NumberText.count(json["statistics"]?["trials"]?.countValue)) = "
                + "\(NumberText.count(tally?["valid"]?.countValue)) valid + "
                + "\(NumberText.count(tally?["lost"]?.countValue)) lost\(causes(tally?["losses"]))")
        let statistics = json["statistics"]
        line(
            "S",
            NumberText.value(statistics?["s"]?.doubleValue, error: statistics?["s_error"]?.doubleValue)
                + " (valid trials, a diagnostic; local ≤ 2)")
        let local = json["local_realism"]
        line(
            "p-value",
            "\(NumberText.pValue(log10: local?["log10_p_binomial"]?.doubleValue)) (binomial, n sealed), "
                + "\(NumberText.pValue(log10: local?["log10_p_anytime"]?.doubleValue)) at any time")
        locality(json["locality"], line)
        line("plan hash", Style.safe(json["plan_hash"]?.stringValue))
        line("certificate", Style.safe(path))
        line("hash", Style.safe(json["hash"]?.stringValue))
        return text
    }

    private static func locality(_ locality: JSON?, _ line: (String, String?) -> Void) {
        line("locality", Style.safe(locality?["words"]?.stringValue))
        func ns(_ picoseconds: JSON?) -> String {
            NumberText.fixed(picoseconds?.doubleValue.map { $0 / 1000 }, 3)
        }
        let margins = locality?["margins"]
        line(
            "margins",
            "least A→B \(ns(margins?["ab"]?["least_ps"])) ns, B→A \(ns(margins?["ba"]?["least_ps"])) ns; "
                + "each must exceed \(ns(locality?["required_ps"])) ns")
    }

    private static func causes(_ losses: JSON?) -> String {
        let causes = (losses?.objectValue ?? [:]).compactMap { cause, count in
            count.countValue.flatMap { $0 > 0 ? (Style.safe(cause, limit: 40) ?? "", $0) : nil }
        }
        .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
        .map { "\($0.0) \(NumberText.count($0.1))" }
        return causes.isEmpty ? "" : " (\(causes.joined(separator: ", ")))"
    }
}
