public import BellModel

extension TimingSurvey {
    /// The largest delay or offset: 1 ms. With it no sum of times in an audit can leave 64 bits.
    public static let largestDelay = Picoseconds(1_000_000_000)
    /// The largest uncertainty term, in picoseconds: 1 ms.
    public static let largestTerm = 1e9

    /// Checks every number, and reports all that are wrong.
    ///
    /// - Throws: `timing.survey`, one error a number, for a length outside 0 … 10^6 m, a delay over 1 ms or an
    ///   uncertainty that is negative, not finite or over 1 ms.
    public func validate() throws(BellError) {
        var errors: [BellError] = []
        func check(_ fine: Bool, _ key: String, _ value: String, _ range: String) {
            if fine { return }
            errors.append(
                BellError(
                    .timingSurvey, "The surveyed value \(key) = \(value) cannot be used.", at: "survey.\(key)",
                    fix: "give a value in \(range)"))
        }
        for (path, name) in [(pathAB, "d_ab"), (pathBA, "d_ba")] {
            let longest = SpeedOfLight.longestMetres
            check(path.metres >= 0 && path.metres <= longest, "\(name)_m", "\(path.metres)", "0 … 1e6 m")
            check(
                path.uncertainty >= 0 && path.uncertainty <= longest, "\(name)_uncertainty_m", "\(path.uncertainty)",
                "0 … 1e6 m")
        }
        for node in Node.allCases {
            let station = stations[node]
            for (key, delay) in [
                ("start_offset_ps", station.startOffset), ("stop_offset_ps", station.stopOffset),
                ("pulse_delay_ps", station.pulseDelay ?? .zero),
            ] {
                let largest = TimingSurvey.largestDelay.count
                check(
                    delay.count >= -largest && delay.count <= largest, "\(node.name).\(key)", "\(delay.count)",
                    "−1e9 … 1e9 ps")
            }
        }
        for (i, term) in terms.enumerated() {
            check(
                term.picoseconds >= 0 && term.picoseconds <= TimingSurvey.largestTerm,
                "terms[\(i)] (\(term.name))", "\(term.picoseconds)", "0 … 1e9 ps")
        }
        if terms.count > 1000 { check(false, "terms", "\(terms.count) terms", "at most 1000 terms") }
        if let error = BellError.all(errors) { throw error }
    }
}
