public import BellModel
import BellStatistics

/// Randomness expansion over n: bits that the trials produce, less those that their settings consume.
///
/// Pironio's formula of 2010 against classical side information, with the exact quantum curve: a plan for an experiment,
/// no claim. Offline: belld's boards draw uniform settings.
public struct ExpansionTable: Equatable, Sendable {
    /// How settings are drawn, in words: `uniform`, `joint:ALPHA` or `product:GAMMA`.
    public let law: String
    /// n of the rows.
    public let trials: [UInt64]
    /// n f(Î − ε); nil where the law is impossible.
    public let produced: [Double?]
    /// Entropy of all settings; nil where the law is impossible.
    public let consumed: [Double?]
    /// n f(Î − ε) with uniform settings, which consume 2n bits: the other curve of the figure.
    public let uniform: [Double?]
    /// The decimal logarithms of the numbers of trials.
    public var log10Trials: [Double] { trials.map { log10(Double($0)) } }
    /// What is gained; nil where the law is impossible.
    public var net: [Double?] { zip(produced, consumed).map { a, b in a.flatMap { a in b.map { a - $0 } } } }

    /// Computes it at n = 10^3 … 10^14, four a decade.
    ///
    /// - Parameters:
    ///   - law: `uniform`; `joint:α`, P(00) = 1 − 3q and q = α n^(−½) for the others, which two separated nodes cannot
    ///     draw; `product:γ`, each node draws 1 with probability γ on its own.
    ///   - s: Î, in 2..<2√2.
    ///   - delta: Error of the estimate, 0..<1.
    ///   - planned: n of a plan, which has to give a bit; nil without a plan.
    /// - Throws: `analysis.option` for another law, an S without a violation, an α with which no n gives a bit, or a law
    ///   with which the planned n gives none.
    public init(law: String, s: Double, delta: Double, planned: UInt64? = nil) throws(BellError) {
        guard s > 2, s <= ExpansionTable.largest, delta > 0, delta < 1 else {
            throw BellError(
                .analysisOption, "S = \(JSON.double(s).text), δ = \(JSON.double(delta).text) cannot expand randomness.",
                at: "expansion", fix: "give 2 < S ≤ 2√2 and 0 < δ < 1")
        }
        let settings = try ExpansionTable.settings(law)
        if case .joint(let alpha) = settings, let least = Expansion.leastAlpha(estimate: s, delta: delta),
            alpha <= least
        {
            throw BellError(
                .analysisOption,
                "With α = \(JSON.double(alpha).text) no number of trials gives a bit at S = "
                    + "\(JSON.double(s).text) and δ = \(JSON.double(delta).text).", at: "expansion",
                cause: "ε tends to √(2 ln(1/δ))/α from above, and must stay below S − 2",
                fix: "give an α above \(NumberText.fixed(least, 3))")
        }
        if let planned {
            let expansion = Expansion(trials: planned, settings: settings, estimate: s, delta: delta)
            if (expansion?.produced() ?? 0) <= 0 {
                throw BellError(
                    .analysisOption,
                    "\(NumberText.count(planned)) trials with settings \(law) give no bit at S = \(JSON.double(s).text) "
                        + "and δ = \(JSON.double(delta).text).", at: "expansion",
                    cause: expansion == nil
                        ? "the law needs 0 < α n^(−½) ≤ ¼" : "Î − ε stays below 2: the least setting pair is too rare",
                    fix: "plan more trials, or draw the settings less unevenly")
            }
        }
        self.law = law
        trials = (12...56).map { UInt64(powerOfTen(Double($0) / 4).rounded()) }
        let points = trials.map { Expansion(trials: $0, settings: settings, estimate: s, delta: delta) }
        produced = points.map { $0?.produced() }
        consumed = points.map { $0?.consumed }
        uniform = trials.map { Expansion(trials: $0, settings: .uniform, estimate: s, delta: delta)?.produced() }
    }

    private static let largest = 2 * 2.0.squareRoot() + 1e-9

    private static func settings(_ law: String) throws(BellError) -> ExpansionSettings {
        if law == "uniform" { return .uniform }
        let parts = law.split(separator: ":", maxSplits: 1)
        let value = parts.count == 2 ? Double(parts[1]) : nil
        switch (parts.first, value) {
        case ("joint", let alpha?) where alpha > 0 && alpha.isFinite: return .joint(alpha: alpha)
        case ("product", let gamma?) where gamma > 0 && gamma <= 0.5: return .product(gamma: gamma)
        default:
            throw BellError(
                .analysisOption, "There is no law of settings \"\(law.prefix(40))\".", at: "expansion",
                fix: "uniform, joint:ALPHA with ALPHA > 0, or product:GAMMA with 0 < GAMMA ≤ 0.5")
        }
    }

    public var json: JSON {
        [
            "law": .string(law), "n": .array(trials.map { JSON(count: $0) }),
            "produced": .array(produced.map { JSON($0) }), "consumed": .array(consumed.map { JSON($0) }),
            "net": .array(net.map { JSON($0) }), "produced_uniform": .array(uniform.map { JSON($0) }),
        ]
    }

    /// The table for people, one row a decade.
    public var text: String {
        var page = TextPage()
        page.heading("Expansion with settings \(law)")
        var rows = [["n", "produced", "consumed", "net", "net a trial"]]
        for i in trials.indices where i % 4 == 0 {
            let net = net[i]
            rows.append([
                NumberText.count(trials[i]), NumberText.lowerBound(produced[i], 0), NumberText.fixed(consumed[i], 0),
                NumberText.lowerBound(net, 0), NumberText.lowerBound(net.map { $0 / Double(trials[i]) }, 5),
            ])
        }
        page.table(rows)
        return page.text
    }
}
