extension IIDAssessment {
    /// The battery `sp800-90b-iid`: a line for each statistic of the permutation tests, the χ² tests, the longest repetition
    /// and the estimate that holds if there is no defect. A defect is one with few samples, too; a pass needs enough.
    public func report(_ samples: NoiseSamples) -> BatteryReport {
        let enough = samples.symbols.count >= NoiseSamples.wanted
        let wanted = BatteryVerdict.insufficientData(wantedBits: NoiseSamples.wanted * bitsPerSymbol)
        func verdict(_ passed: Bool) -> BatteryVerdict { passed ? enough ? .passed : wanted : .defect }
        var lines = permutations.ranks.map { rank in
            BatteryLine(
                name: "permutation, \(rank.name)", parameters: "section 5.1",
                measures: [
                    .init("value", rank.value), .init("above", Double(rank.above)), .init("equal", Double(rank.equal)),
                    .init("below", Double(rank.below)),
                ], verdict: verdict(rank.passed))
        }
        for test in chiSquares {
            lines.append(
                BatteryLine(
                    name: "chi-square, \(test.name)", parameters: "section 5.2, \(test.degrees) degrees of freedom",
                    pValues: [test.pValue], measures: [.init("statistic", test.statistic)],
                    verdict: verdict(test.passed)))
        }
        if let longestRepeat {
            lines.append(
                BatteryLine(
                    name: "longest repeated substring", parameters: "section 5.2.5",
                    pValues: [longestRepeat.probability],
                    measures: [.init("length", Double(longestRepeat.longest), unit: "symbols")],
                    verdict: verdict(longestRepeat.passed)))
        }
        for (estimate, name, unit) in [
            (symbols, bitsPerSymbol > 1 ? "symbols" : "bits", bitsPerSymbol > 1 ? "bits/symbol" : "bits/bit"),
            (bits, "bits", "bits/bit"),
        ] {
            guard let estimate else { continue }
            lines.append(
                BatteryLine(
                    name: "most common value of \(name)", parameters: "section 6.3.1",
                    measures: [.init("min-entropy", estimate.minEntropy, unit: unit)] + estimate.details,
                    verdict: enough ? .estimated : wanted))
        }
        var remarks = [
            "\(permutations.shuffled) of at most \(PermutationTest.shuffles) shuffles were needed, seed \(IIDAssessment.seed)"
        ]
        if let minEntropy {
            remarks.append(
                "min-entropy at most \(shown(minEntropy)) of \(bitsPerSymbol) bits a symbol, if the samples are "
                    + "independent and identically distributed; no test can show that they are")
        }
        if chiSquares.count < 2 { remarks.append("the samples are too few or too uneven for both chi-square tests") }
        return BatteryReport(
            battery: "sp800-90b-iid", standard: "NIST SP 800-90B (2018), 3.1.2 and 5",
            bits: samples.symbols.count * bitsPerSymbol,
            rule: "more than 5 of 10 000 shuffles not above and more than 5 not below the samples; chi-square and "
                + "longest repetition at 0.001",
            lines: lines, remarks: remarks)
    }
}
