import BellFit
import Foundation
import Testing

@Suite struct CloudTests {
    /// Shots of both preparations; a part of the excited ones decays at a random moment of the readout.
    static func shots(
        seed: Int, count: Int, ground: SIMD2<Double>, excited: SIMD2<Double>, sigma: Double, thermal: Double = 0,
        decay: Double = 0
    ) -> (ground: IQCloud, excited: IQCloud) {
        var dice = Dice(seed: seed)
        func cloud(_ isExcited: Bool) -> IQCloud {
            var (i, q) = ([Double](), [Double]())
            for _ in 0..<count {
                var part = isExcited ? 1.0 : (dice.uniform() < thermal ? 1 : 0)
                if isExcited {
                    // Exponential in units of the window: the mean over the time before it.
                    let moment = decay > 0 ? -log(1 - dice.uniform()) / decay : .infinity
                    part = min(1, moment)
                }
                let centre = ground + (excited - ground) * part
                i.append(centre.x + sigma * dice.normal())
                q.append(centre.y + sigma * dice.normal())
            }
            return IQCloud(i: i, q: q)
        }
        return (cloud(false), cloud(true))
    }

    @Test("Means, σ, direction and threshold of clouds in any direction", arguments: 0..<12)
    func clean(_ place: Int) throws {
        let angle = Double(place) / 12 * 2 * .pi - 3
        let ground = SIMD2(500.0, -300)
        let excited = ground + 1000 * SIMD2(cos(angle), sin(angle))
        let shots = CloudTests.shots(seed: place, count: 5000, ground: ground, excited: excited, sigma: 200)
        let found = try #require(TwoGaussians(ground: shots.ground, excited: shots.excited))
        let errors = [found.ground - ground, found.excited - excited].map { ($0 * $0).sum().squareRoot() }
        // Five standard errors of a mean, 200/√5000 each way.
        #expect(errors.allSatisfy { $0 < 20 })
        #expect(abs(found.sigma / 200 - 1) < 0.03)
        #expect(abs(remainder(found.angle - angle, 2 * .pi)) < 0.02)
        #expect(abs(found.separation - 500) < 10)
        let middle = ((ground + excited) / 2 * SIMD2(cos(angle), sin(angle))).sum()
        #expect(abs(found.threshold - middle) < 60)
        // Φ(−2.5)
        #expect(abs(found.overlapError - 0.00621) < 0.0015)
        #expect(abs(found.errorGround.value - 0.00621) < 5 * found.errorGround.uncertainty)
        #expect(abs(found.errorExcited.value - 0.00621) < 5 * found.errorExcited.uncertainty)
        let sums = found.assignment.map { $0.reduce(0, +) }
        #expect(sums.allSatisfy { abs($0 - 1) < 1e-12 })
        #expect(abs(found.contrast - (1 - found.errorGround.value - found.errorExcited.value)) < 1e-12)
    }

    @Test("Thermal excitation and decay draw neither means nor σ, and the threshold goes to the ground cloud")
    func tails() throws {
        let (ground, excited) = (SIMD2(-600.0, 0), SIMD2(600.0, 0))
        let shots = CloudTests.shots(
            seed: 4, count: 20_000, ground: ground, excited: excited, sigma: 200, thermal: 0.03, decay: 0.12)
        let found = try #require(TwoGaussians(ground: shots.ground, excited: shots.excited))
        #expect(abs(found.ground.x + 600) < 30)
        #expect(abs(found.excited.x - 600) < 40)
        #expect(abs(found.excitedPart.ground - 0.03) < 0.01)
        #expect(found.threshold < 0)
        // No threshold does better than this one by more than the counting error.
        let least = stride(from: -500.0, to: 500, by: 10).map { threshold in
            Double(shots.ground.i.count { $0 > threshold } + shots.excited.i.count { $0 <= threshold }) / 20_000
        }.min()
        let error = found.errorGround.value + found.errorExcited.value
        #expect(error < (least ?? 0) + 2 * found.errorGround.uncertainty)
    }

    @Test("Clouds that overlap keep the means of the preparations")
    func overlapping() throws {
        let shots = CloudTests.shots(
            seed: 9, count: 5000, ground: SIMD2(0, 0), excited: SIMD2(0, 200), sigma: 200)
        let found = try #require(TwoGaussians(ground: shots.ground, excited: shots.excited))
        #expect(abs(found.signalToNoise - 1) < 0.1)
        #expect(abs(found.errorGround.value + found.errorExcited.value - 2 * 0.3085) < 0.03)
    }

    @Test("Uncertainties are binomial, and not 0 where no error was seen")
    func uncertainty() throws {
        let shots = CloudTests.shots(seed: 2, count: 400, ground: SIMD2(0, 0), excited: SIMD2(9000, 0), sigma: 100)
        let found = try #require(TwoGaussians(ground: shots.ground, excited: shots.excited))
        #expect(found.errorGround.value == 0)
        // (0 + 2)/(400 + 4)
        #expect(abs(found.errorGround.uncertainty - (2.0 / 404 * (402.0 / 404) / 404).squareRoot()) < 1e-12)
        #expect(found.threshold > 1000 && found.threshold < 8000)
    }

    @Test("Preparations that do not differ, too few shots and numbers that are none have no direction")
    func hostile() {
        let same = CloudTests.shots(seed: 1, count: 2000, ground: .zero, excited: .zero, sigma: 100)
        #expect(TwoGaussians(ground: same.ground, excited: same.excited) == nil)
        let some = CloudTests.shots(seed: 1, count: 100, ground: .zero, excited: SIMD2(900, 0), sigma: 100)
        #expect(TwoGaussians(ground: IQCloud(i: [Double](), q: []), excited: some.excited) == nil)
        var broken = some.excited
        broken.q[3] = .nan
        #expect(TwoGaussians(ground: some.ground, excited: broken) == nil)
        broken.q[3] = 1e300
        #expect(TwoGaussians(ground: some.ground, excited: broken) == nil)
        broken.q.removeLast()
        #expect(TwoGaussians(ground: some.ground, excited: broken) == nil)
        // Shots without any noise are two points.
        let (low, high) = ([Int16](repeating: 3, count: 50), [Int16](repeating: 900, count: 50))
        let points = TwoGaussians(ground: IQCloud(i: low, q: low), excited: IQCloud(i: high, q: low))
        #expect(points?.errorGround.value == 0 && points?.errorExcited.value == 0)
        #expect(points.map { $0.threshold > 3 && $0.threshold < 900 } ?? false)
        let constant = IQCloud(i: low, q: low)
        #expect(TwoGaussians(ground: constant, excited: constant) == nil)
    }
}
