import BellStatistics
import Glibc

/// The p-values of many streams, and what the registered rule says about them.
public struct SP80022Results: Sendable {
    public let length: SP80022Length
    /// For each stream in order the values of ``SP80022Examiner/pValues(of:)``.
    public private(set) var streams: [[Double?]] = []

    public init(_ length: SP80022Length) { self.length = length }

    public mutating func add(_ pValues: [Double?]) { streams.append(pValues) }

    /// The report: a line for each of the 188 p-values.
    ///
    /// - Parameter bits: How many there were, with those that fill no stream.
    public func report(bits: Int, rule: SP80022Rule = SP80022Rule()) -> BatteryReport {
        let tests = SP80022.tests(length)
        let values = tests.indices.map { place in streams.compactMap { $0[place] } }
        let judged = values.map { $0.count >= rule.leastStreams }
        let uniformity = uniformities(values, judged)
        let proportions = zip(values, judged).map { values, isJudged in
            isJudged ? SP80022Results.proportionPValue(values, rule) : 1
        }
        // A test without its data is in the family with p = 1, so that the family is always the same.
        let adjusted = holmAdjusted(log10P: (proportions + uniformity).map { log10(max($0, 1e-300)) })
        let limit = log10(rule.level)
        // What the binomial test alone accepts at Holm's first, strictest step; for plots.
        let leastAccepted = Dictionary(
            Set(values.map(\.count)).map { ($0, SP80022Results.leastAcceptedProportion($0, rule)) },
            uniquingKeysWith: { first, _ in first })
        let lines = tests.indices.map { place in
            let least = min(adjusted[place], adjusted[place + tests.count])
            var measures: [BatteryLine.Measure] = [.init("streams", Double(values[place].count))]
            if !values[place].isEmpty {
                let passing = values[place].count { $0 >= rule.significance }
                measures.append(.init("proportion", Double(passing) / Double(values[place].count)))
            }
            if judged[place] {
                measures += [
                    .init("proportion p", proportions[place]), .init("uniformity p", uniformity[place]),
                    .init("adjusted p", pow(10, least)),
                    .init("least accepted proportion", leastAccepted[values[place].count] ?? 0),
                ]
            }
            let isExcursion = tests[place].family.hasPrefix("random excursions")
            return BatteryLine(
                name: tests[place].name, family: tests[place].family, parameters: tests[place].parameters,
                pValues: values[place], measures: measures,
                verdict: !judged[place]
                    ? .insufficientData(wantedBits: wanted(isExcursion, rule)) : least <= limit ? .defect : .passed,
                note: isExcursion && values[place].count < streams.count
                    ? "\(streams.count - values[place].count) streams with fewer than 500 cycles are not counted" : "")
        }
        return BatteryReport(
            battery: "sp800-22", standard: "NIST SP 800-22 rev. 1a (2010)", bits: streams.count * length.bits,
            streams: streams.count, rule: rule.words, lines: lines,
            remarks: remarks(bits: bits, values: values, rule: rule))
    }

    private static func proportionPValue(_ values: [Double], _ rule: SP80022Rule) -> Double {
        proportionPValue(failing: UInt64(values.count { $0 < rule.significance }), of: UInt64(values.count), rule)
    }

    private static func leastAcceptedProportion(_ count: Int, _ rule: SP80022Rule) -> Double {
        guard count > 0 else { return 0 }
        let n = UInt64(count)
        let middle = n / 100 + 1
        let accepted = (middle...max(middle, n)).prefix {
            proportionPValue(failing: $0, of: n, rule) > rule.level / 376
        }.last
        return 1 - Double(accepted ?? 0) / Double(count)
    }

    /// Two-sided, exact.
    private static func proportionPValue(failing: UInt64, of n: UInt64, _ rule: SP80022Rule) -> Double {
        let p = rule.significance
        let many = Binomial.logUpperTail(successes: failing, trials: n, p: p, q: 1 - p)
        let few = Binomial.logUpperTail(successes: n - failing, trials: n, p: 1 - p, q: p)
        return min(1, 2 * exp(min(many, few)))
    }

    /// Tests with as many values share a table.
    private func uniformities(_ values: [[Double]], _ judged: [Bool]) -> [Double] {
        var result = [Double](repeating: 1, count: values.count)
        let places = Dictionary(grouping: values.indices.filter { judged[$0] }) { values[$0].count }
        for (total, places) in places {
            let p = UniformityTest.pValues(places.map { UniformityTest.histogram(values[$0]) }, total: total)
            for (place, p) in zip(places, p) { result[place] = p }
        }
        return result
    }

    private func wanted(_ isExcursion: Bool, _ rule: SP80022Rule) -> Int {
        let wanted = isExcursion ? rule.streamsForExcursions(length) : rule.leastStreams
        return max(wanted, streams.count + 1) * length.bits
    }

    private func remarks(bits: Int, values: [[Double]], rule: SP80022Rule) -> [String] {
        var remarks: [String] = []
        // Bonferroni over every p-value of every stream; said, not decided, as the rule wants its streams.
        let all = values.flatMap(\.self)
        if streams.count < rule.leastStreams, let least = all.min(), least * Double(all.count) < rule.level {
            remarks.append(
                "a p-value of \(least) is there already, which good bits hardly give: expect a defect once there are "
                    + "\(rule.leastStreams) streams")
        }
        let rest = bits - streams.count * length.bits
        if rest > 0 { remarks.append("\(rest) bits after the last whole stream of \(length.bits) were not looked at") }
        if streams.count > SP80022Results.manyStreams {
            remarks.append(
                "the standard's own approximations (class probabilities of a few digits, the spectral test's variance) show "
                    + "with more than \(SP80022Results.manyStreams) streams of good bits: compare with a good generator"
            )
        }
        return remarks
    }

    /// See docs/batteries.md, "How much data".
    static let manyStreams = 3000
}
