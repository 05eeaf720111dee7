import Glibc

/// Two round Gaussians of one size, mixed in each of two sets of points by weights of its own.
struct CloudMixture {
    private(set) var ground: SIMD2<Double>
    private(set) var excited: SIMD2<Double>
    private(set) var sigma: Double
    /// Weight of the excited Gaussian in each set.
    private(set) var excitedPart = [0.02, 0.9]

    /// From the sets' means; nil when these do not differ by five standard errors.
    init?(_ clouds: [IQCloud]) {
        let means = clouds.map(\.mean)
        ground = SIMD2(means[0].i, means[0].q)
        excited = SIMD2(means[1].i, means[1].q)
        // Of the ground set alone: the excited one is wider by its decayed part.
        var square = 0.0
        for (i, q) in zip(clouds[0].i, clouds[0].q) {
            let d = SIMD2(i, q) - ground
            square += (d * d).sum()
        }
        sigma = (square / Double(2 * clouds[0].count)).squareRoot()
        let axis = excited - ground
        let distance = (axis * axis).sum().squareRoot()
        let error = sigma * clouds.map { 1 / Double($0.count) }.reduce(0, +).squareRoot()
        guard distance.isFinite, distance > 0, distance > 5 * error else { return nil }
        sigma = max(sigma, distance * 1e-6)
    }

    /// The mixture after at most 200 rounds of expectation and maximisation.
    ///
    /// The means of clouds that overlap almost wholly are not determined by the mixture; they are then left at those of
    /// the sets.
    func settled(_ clouds: [IQCloud]) -> CloudMixture {
        let axis = excited - ground
        guard (axis * axis).sum().squareRoot() > 1.5 * sigma else {
            var result = self
            result.excitedPart = [0, 1]
            return result
        }
        var mixture = self
        for _ in 0..<200 {
            guard let next = mixture.next(clouds) else { return self }
            let moved = next.excited - mixture.excited
            let grown = abs(next.sigma - mixture.sigma)
            mixture = next
            if (moved * moved).sum().squareRoot() + grown < 1e-4 * mixture.sigma { break }
        }
        // Only a mixture that still tells the preparations apart, the right way round, is one.
        return mixture.excitedPart[0] < mixture.excitedPart[1] ? mixture : self
    }

    private func next(_ clouds: [IQCloud]) -> CloudMixture? {
        var sums = [SIMD2<Double>.zero, .zero]
        var (weights, square, total) = ([0.0, 0.0], 0.0, 0.0)
        var result = self
        // ln of the ratio of both densities is linear in the point.
        let slope = (excited - ground) / (sigma * sigma)
        let middle = (excited + ground) / 2
        for (set, cloud) in clouds.enumerated() {
            let part = min(max(excitedPart[set], 1e-9), 1 - 1e-9)
            let bias = log(part / (1 - part))
            var inExcited = 0.0
            for (i, q) in zip(cloud.i, cloud.q) {
                let point = SIMD2(i, q)
                let belongs = 1 / (1 + exp(-((point - middle) * slope).sum() - bias))
                inExcited += belongs
                sums[1] += belongs * point
                sums[0] += (1 - belongs) * point
                square += (point * point).sum()
            }
            weights[1] += inExcited
            weights[0] += Double(cloud.count) - inExcited
            total += Double(cloud.count)
            result.excitedPart[set] = inExcited / Double(cloud.count)
        }
        guard weights[0] > 1, weights[1] > 1 else { return nil }
        result.ground = sums[0] / weights[0]
        result.excited = sums[1] / weights[1]
        let explained = zip([result.ground, result.excited], weights).reduce(0) { $0 + ($1.0 * $1.0).sum() * $1.1 }
        let variance = (square - explained) / (2 * total)
        guard variance > 0, variance.isFinite else { return nil }
        result.sigma = variance.squareRoot()
        return result
    }
}
