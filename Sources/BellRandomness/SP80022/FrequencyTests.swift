import BellStatistics
import CKernels
import Glibc

/// Sections 2.1 to 2.3: how many ones, in all and in blocks, and how many runs.
struct FrequencyTests {
    let bits: Double
    let sums: bell_sp22_sums

    /// Section 2.1.
    var frequency: Double {
        erfc(abs(2 * Double(sums.ones) - bits) / (2 * bits).squareRoot())
    }

    /// Section 2.2 with M = 128: χ² = 4 M Σ (π − ½)² = Σ (2 ones − M)² / M.
    var blockFrequency: Double {
        let blocks = (bits / 128).rounded(.down)
        return IncompleteGamma(a: blocks / 2, x: Double(sums.square) / 128 / 2).upper
    }

    /// Section 2.3; 0 where |π − ½| ≥ 2/√n, decided in whole numbers: (2 ones − n)² ≥ 16 n.
    var runs: Double {
        let (ones, zeros) = (Double(sums.ones), bits - Double(sums.ones))
        let excess = ones - zeros
        if excess * excess >= 16 * bits { return 0 }
        // V − 2nπ(1 − π) times n, exact below 2^53.
        let away = abs(Double(sums.changes + 1) * bits - 2 * ones * zeros)
        return erfc(away * bits / (2 * (2 * bits).squareRoot() * ones * zeros))
    }
}
