import BellStatistics
import Glibc

/// Tests that sort blocks into classes and compare with the classes' probabilities.
extension SP80022 {
    /// Section 2.4 with M = 10000, section 3.4's table.
    static func longestRun(_ classes: [UInt64], streamBits: Int) -> Double {
        let probabilities = [0.0882, 0.2092, 0.2483, 0.1933, 0.1208, 0.0675, 0.0727]
        return pValue(classes, probabilities, blocks: streamBits / 10_000)
    }

    /// Section 2.5: e^{−χ²/2}, with the probabilities of section 3.5 to all digits.
    static func rank(_ classes: [UInt64], streamBits: Int) -> Double {
        let matrices = Double(streamBits / 1024)
        let probabilities = [rankProbability(32), rankProbability(31)]
        let all = probabilities + [1 - probabilities[0] - probabilities[1]]
        return exp(-halfChiSquare(classes, all, total: matrices))
    }

    /// The probability that a 32 × 32 matrix has this rank.
    private static func rankProbability(_ rank: Int) -> Double {
        var product = exp2(Double(rank * (64 - rank) - 1024))
        for i in 0..<rank {
            let own = 1 - exp2(Double(i - 32))
            product *= own * own / (1 - exp2(Double(i - rank)))
        }
        return product
    }

    /// Which class probabilities the overlapping template test compares with.
    enum OverlappingClasses {
        /// The corrected table of section 3.8 in rev. 1a (Hamano and Kaneko, IEICE Trans. A 90, 1788 (2007)).
        case revision1a
        /// The older approximation by η = λ/2 = 1, with which the values of appendix B are computed.
        case older
    }

    /// Section 2.8: m = 9, M = 1032.
    static func overlapping(_ classes: [UInt64], streamBits: Int, _ table: OverlappingClasses = .revision1a) -> Double {
        switch table {
        case .revision1a:
            pValue(
                classes, [0.364091, 0.185659, 0.139381, 0.100571, 0.0704323, 0.139865], blocks: streamBits / 1032)
        case .older: pValue(classes, olderOverlapping, blocks: streamBits / 1032)
        }
    }

    /// P(U = u) = e^{−η} 2^{−u} Σ C(u − 1, l − 1) ηˡ/l!, and the rest (section 3.8).
    private static let olderOverlapping: [Double] = {
        // η = (M − m + 1)/2^m/2 = 1, so the sums are 1, 1 + 1/2, 1 + 2/2 + 1/6, 1 + 3/2 + 3/6 + 1/24.
        let sums: [Double] = [1, 3.0 / 2, 13.0 / 6, 73.0 / 24]
        var classes: [Double] = [exp(-1)]
        var power: Double = exp(-1)
        for sum in sums {
            power /= 2
            classes.append(power * sum)
        }
        return classes + [1 - classes.reduce(0, +)]
    }()

    /// Section 2.10 with M = 500, section 3.10's table.
    static func linearComplexity(_ classes: [UInt64], streamBits: Int) -> Double {
        pValue(classes, [0.01047, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833], blocks: streamBits / 500)
    }

    private static func pValue(_ classes: [UInt64], _ probabilities: [Double], blocks: Int) -> Double {
        let half = halfChiSquare(classes, probabilities, total: Double(blocks))
        return IncompleteGamma(a: Double(classes.count - 1) / 2, x: half).upper
    }
}
