/// The threshold at which P(1|0) + P(0|1) of two sets of numbers is least.
struct LeastErrorThreshold {
    let threshold: Double
    /// Of the first set above the threshold.
    let wrongZeros: Int
    /// Of the second set at or below it.
    let wrongOnes: Int

    /// Around the least error the sum is flat and noisy: the middle of all thresholds that are as good to a quarter of
    /// its statistical uncertainty. O(n log n).
    ///
    /// - Parameters:
    ///   - zeros: Not empty.
    ///   - ones: Not empty; larger in the mean.
    init(zeros: [Double], ones: [Double]) {
        let (a, b) = (zeros.sorted(), ones.sorted())
        var (i, j) = (0, 0)
        var steps: [(at: Double, error: Double)] = []
        steps.reserveCapacity(a.count + b.count + 1)
        var before = -Double.infinity
        while true {
            // All up to `before` are at or below the threshold, which stands halfway to the next.
            let next = min(i < a.count ? a[i] : .infinity, j < b.count ? b[j] : .infinity)
            let error = Double(a.count - i) / Double(a.count) + Double(j) / Double(b.count)
            let at = before.isFinite ? (next.isFinite ? before + (next - before) / 2 : before) : next
            steps.append((at, error))
            guard next.isFinite else { break }
            while i < a.count, a[i] == next { i += 1 }
            while j < b.count, b[j] == next { j += 1 }
            before = next
        }
        let least = steps.map(\.error).min() ?? 1
        let spread = (least * (1 / Double(a.count) + 1 / Double(b.count)) / 2).squareRoot()
        let good = steps.filter { $0.error <= least + spread / 4 }
        let threshold = ((good.first?.at ?? 0) + (good.last?.at ?? 0)) / 2
        self.threshold = threshold
        wrongZeros = a.count { $0 > threshold }
        wrongOnes = b.count { $0 <= threshold }
    }
}
