extension NonIIDAssessment {
    /// The battery `sp800-90b-non-iid`: one line an estimator; estimates pass nothing.
    ///
    /// - Parameter samples: Those that were assessed.
    public func report(_ samples: NoiseSamples) -> BatteryReport {
        let enough = samples.symbols.count >= NoiseSamples.wanted
        let wide = bitsPerSymbol > 1
        var lines: [BatteryLine] = []
        for (estimates, what, unit) in [
            (symbols, wide ? "symbols" : "bits", wide ? "bits/symbol" : "bits/bit"), (bits, "bits", "bits/bit"),
        ] where !estimates.isEmpty || what == "symbols" {
            for estimator in EntropyEstimator.allCases
            where !(what == "symbols" && estimator.isBinaryOnly) {
                let found = estimates.first { $0.estimator == estimator }
                lines.append(
                    BatteryLine(
                        name: "\(estimator.rawValue) of \(what)", parameters: "section \(estimator.section)",
                        measures: found.map { [.init("min-entropy", $0.minEntropy, unit: unit)] + $0.details } ?? [],
                        verdict: enough
                            ? .estimated : .insufficientData(wantedBits: NoiseSamples.wanted * bitsPerSymbol),
                        note: found == nil ? "cannot be used on these samples" : ""))
            }
        }
        var remarks: [String] = []
        if let minEntropy {
            let text = "min-entropy at most \(shown(minEntropy)) of \(bitsPerSymbol) bits a symbol by these estimators"
            var parts = original.map { ["\(shown($0)) of the symbols"] } ?? []
            if let bitstring { parts.append("\(bitsPerSymbol) × \(shown(bitstring)) of their bits") }
            remarks.append(text + (wide ? ": the smaller of \(parts.joined(separator: " and "))" : ""))
        }
        if !enough {
            remarks.append("\(samples.symbols.count) samples; the standard wants \(NoiseSamples.wanted)")
        }
        remarks.append("for raw samples of a noise source; no estimate certifies entropy")
        return BatteryReport(
            battery: "sp800-90b-non-iid", standard: "NIST SP 800-90B (2018), 3.1.3 and 6.3",
            bits: samples.symbols.count * bitsPerSymbol, rule: "estimates, the smallest counts; nothing is passed",
            lines: lines, remarks: remarks)
    }
}

/// Four decimals.
func shown(_ value: Double) -> String {
    let scaled = Int((value * 10_000).rounded())
    let digits = String(abs(scaled % 10_000))
    return "\(scaled / 10_000)." + String(repeating: "0", count: 4 - digits.count) + digits
}
