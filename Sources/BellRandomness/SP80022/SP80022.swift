/// The statistical tests of NIST SP 800-22 rev. 1a (2010): 15 tests, 188 p-values a stream.
///
/// A detector of defects: bits that pass may come from any generator, a deterministic one too, and say nothing about what
/// an adversary knows of them.
public enum SP80022 {
    /// Where one p-value comes from.
    public struct Test: Equatable, Sendable {
        /// Unique: `non-overlapping template 000000001`.
        public let name: String
        /// One of the 15 tests.
        public let family: String
        public let parameters: String
        /// Section of the standard.
        public let section: String
    }

    /// The tests in the order of the p-values of ``SP80022Examiner/pValues(of:)``.
    ///
    /// - Parameter length: What the parameters depend on.
    public static func tests(_ length: SP80022Length) -> [Test] {
        var tests: [Test] = []
        func add(_ family: String, _ section: String, _ parameters: String = "", _ parts: [String] = [""]) {
            for part in parts {
                tests.append(
                    Test(
                        name: part.isEmpty ? family : "\(family) \(part)", family: family, parameters: parameters,
                        section: section))
            }
        }
        add("frequency", "2.1")
        add("block frequency", "2.2", "M = 128")
        add("cumulative sums", "2.13", "", ["forward", "backward"])
        add("runs", "2.3")
        add("longest run", "2.4", "M = 10000")
        add("rank", "2.5", "32 × 32")
        add("spectral", "2.6", "0.95 quantile")
        add(
            "non-overlapping template", "2.7", "m = 9, N = 8, M = \(length.bits / 8)",
            aperiodicTemplates.map { template in
                String((0..<9).map { template >> (8 - $0) & 1 == 1 ? "1" : "0" })
            })
        add("overlapping template", "2.8", "m = 9, M = 1032, classes of rev. 1a")
        let universal = UniversalParameters(streamBits: length.bits)
        add("universal", "2.9", "L = \(universal.width), Q = \(universal.first)")
        add("approximate entropy", "2.12", "m = 10")
        add("random excursions", "2.14", "J ≥ 500", excursionStates(4).map { "x = \($0)" })
        add("random excursions variant", "2.15", "J ≥ 500", excursionStates(9).map { "x = \($0)" })
        add("serial", "2.11", "m = 16", ["∇ψ²", "∇²ψ²"])
        add("linear complexity", "2.10", "M = 500")
        return tests
    }

    /// −n, …, −1, 1, …, n.
    static func excursionStates(_ n: Int) -> [Int] { (-n...n).filter { $0 != 0 } }

    /// χ² of counts against probabilities, halved: what igamc takes.
    static func halfChiSquare(_ counts: [UInt64], _ probabilities: [Double], total: Double) -> Double {
        zip(counts, probabilities).reduce(0) { sum, class_ in
            let expected = total * class_.1
            let away = Double(class_.0) - expected
            return sum + away * away / expected
        } / 2
    }
}
