import Glibc

/// One number's way through the night: its own random streams, so that no other number changes it.
///
/// The wandering part begins at 0: the number has its profile's value at the laboratory's start.
struct DriftWalk: Sendable {
    private let law: DriftLaw
    /// Seconds of a step.
    private let step: Double
    /// What one step leaves of the wandering part, and the standard deviation of what it adds.
    private let keeps: Double
    private let adds: Double
    private var steps: UInt64 = 0
    private var wandered = 0.0
    private var jumped = 0.0
    /// Seconds at which the next jump comes; infinite: never.
    private var nextJump = Double.infinity
    private var noise: Xoshiro256
    private var jumpNoise: Xoshiro256

    /// - Parameters:
    ///   - step: Seconds; > 0.
    ///   - seed: The laboratory's.
    ///   - name: What tells the streams of different numbers apart.
    init(law: DriftLaw, step: Double, seed: UInt64, name: String) {
        self.law = law
        self.step = step
        // Exact for any step: x' = x e^{−dt/τ} + σ √(1 − e^{−2dt/τ}) ξ. Gillespie, Phys. Rev. E 54, 2084 (1996), eq. 1.9.
        (keeps, adds) = DriftWalk.update(law.wander, over: step)
        noise = Xoshiro256(seed: seed, stream: Stream.number(of: "wander \(name)"))
        jumpNoise = Xoshiro256(seed: seed, stream: Stream.number(of: "jump \(name)"))
        nextJump = wait()
    }

    private static func update(_ wander: DriftLaw.Wander?, over seconds: Double) -> (keeps: Double, adds: Double) {
        guard let wander else { return (0, 0) }
        let ratio = seconds / wander.correlation
        return (exp(-ratio), wander.deviation * (-expm1(-2 * ratio)).squareRoot())
    }

    /// What the number is off its value at the start.
    var offset: Double {
        let seconds = Double(steps) * step
        return wandered + jumped + law.perHour * (seconds / 3600) + (law.fault?.offset(at: seconds) ?? 0)
    }

    /// Goes on to a step, counted from the start; never back.
    ///
    /// The value at a step depends on the seed and on the step alone, not on how often this was called. After a pause of
    /// more than 2^20 steps the surplus is made in one, which is as exact but is other noise.
    mutating func advance(to target: UInt64, gaussian: GaussianTable) {
        guard target > steps else { return }
        if target - steps > DriftWalk.mostSteps {
            let surplus = target - steps - DriftWalk.mostSteps
            let (keeps, adds) = DriftWalk.update(law.wander, over: Double(surplus) * step)
            wandered = keeps * wandered + adds * gaussian.draw(&noise)
            steps += surplus
        }
        if law.wander != nil {
            for _ in steps..<target { wandered = keeps * wandered + adds * gaussian.draw(&noise) }
        }
        steps = target
        jump(until: Double(target) * step, gaussian)
    }

    private mutating func jump(until time: Double, _ gaussian: GaussianTable) {
        guard let jumps = law.jumps else { return }
        var count: UInt64 = 0
        while nextJump <= time {
            count += 1
            guard count <= DriftWalk.mostSteps else {
                nextJump = time
                break
            }
            jumped += jumps.deviation * gaussian.draw(&jumpNoise)
            nextJump += wait()
        }
    }

    /// Seconds to the next jump: exponentially distributed.
    private mutating func wait() -> Double {
        guard let jumps = law.jumps, jumps.perHour > 0 else { return .infinity }
        return -log(1 - jumpNoise.unit()) * 3600 / jumps.perHour
    }

    /// At most so many steps or jumps in one call.
    private static let mostSteps: UInt64 = 1 << 20
}
