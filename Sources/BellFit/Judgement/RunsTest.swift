/// Whether residuals change their sign as often as noise does.
public enum RunsTest {
    /// Standard score of the number of runs of one sign; 0 with fewer than 8 residuals of each sign.
    ///
    /// - Parameter residuals: In the order of x; zeros are left out.
    /// - SeeAlso: Wald and Wolfowitz, Ann. Math. Statist. 11, 147 (1940).
    public static func score(_ residuals: [Double]) -> Double {
        let signs = residuals.filter { $0 != 0 && $0.isFinite }.map { $0 > 0 }
        let above = Double(signs.count { $0 })
        let below = Double(signs.count) - above
        // The normal approximation needs about as many.
        guard above >= 8, below >= 8 else { return 0 }
        let runs = Double(zip(signs, signs.dropFirst()).count { $0 != $1 }) + 1
        let count = above + below
        let mean = 2 * above * below / count + 1
        let variance = (mean - 1) * (mean - 2) / (count - 1)
        return (runs - mean) / variance.squareRoot()
    }
}
