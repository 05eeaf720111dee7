import Glibc

/// What the mixer, the setting switch and the line make of a node's waveforms before they reach the qubit.
struct DriveChain: Sendable {
    /// The mixer's output is direct·d + image·d*.
    let direct: Complex
    let image: Complex
    /// Amplitude of the switched path relative to the fixed one, phase included.
    let gated: Complex
    /// What part of a gated amplitude passes the blocked switch.
    let leak: Double
    /// Time constant of the switch's opening in seconds; 0: at once.
    let rise: Double
    /// When the switch begins to open if the input bit is 1.
    let opens: Double

    /// How a waveform meets the switch.
    enum Path: Hashable, Sendable {
        case fixed
        case blocked
        case open
        /// The switch moves; seconds from its beginning to the waveform's start.
        case moving(Double)
    }

    init(truth: NodeTruth, switchOpens: Double) {
        // I passes a gain of 1 + ε/2, Q one of 1 − ε/2, and their axes are 90° + skew apart.
        let (gain, half) = (0.5 * truth.mixerGainError, 0.5 * truth.mixerSkew)
        let (i, q) = ((1 + gain) * Complex.phase(-half), (1 - gain) * Complex.phase(half))
        direct = 0.5 * (i + q)
        image = 0.5 * (i - q)
        gated = truth.gatedGain * Complex.phase(truth.gatedPhase)
        leak = pow(10, -truth.gateIsolation / 20)
        rise = truth.switchRise
        opens = switchOpens
    }

    /// After this time e^{−t/τ} is below 1e-17.
    private static let settled = 40.0

    /// The way of a waveform that is at the qubit from `start` to `end`.
    func path(gated: Bool, bit: UInt8, start: Double, end: Double) -> Path {
        guard gated else { return .fixed }
        if bit == 0 || end <= opens { return .blocked }
        return start >= opens + DriveChain.settled * rise ? .open : .moving(start - opens)
    }

    /// The steps of a waveform after its path, without the mixer; steps in which the switch moves are cut.
    func steps(_ steps: [DriveStep], path: Path, sample: Double) -> [DriveStep] {
        switch path {
        case .fixed: return steps
        case .blocked: return steps.map { DriveStep(amplitude: leak * (gated * $0.amplitude), length: $0.length) }
        case .open: return steps.map { DriveStep(amplitude: gated * $0.amplitude, length: $0.length) }
        case .moving(let start): return moving(steps, from: start, sample: sample)
        }
    }

    private func moving(_ steps: [DriveStep], from start: Double, sample: Double) -> [DriveStep] {
        var result: [DriveStep] = []
        var at = start
        let still = DriveChain.settled * rise
        for step in steps {
            let end = at + step.length
            while at < end {
                // Cut where the switch begins to move, and into samples while it does.
                var next = end
                if at < 0 {
                    next = min(end, 0)
                } else if at < still {
                    next = min(end, at + max(min(sample, 0.5 * rise), still / 1000))
                }
                // A rounding error of the last cut is no step.
                if end - next < 1e-6 * sample { next = end }
                let passed = at < 0 ? leak : leak - (1 - leak) * expm1(-0.5 * (at + next) / rise)
                let part = at >= 0 && rise == 0 ? 1 : passed
                result.append(DriveStep(amplitude: part * (gated * step.amplitude), length: next - at))
                at = next
            }
        }
        return result
    }

    /// What leaves the mixer for a baseband value, phase included.
    @inline(__always)
    func mixed(_ value: Complex) -> Complex { direct * value + image * value.conjugate }
}

/// A stretch of constant amplitude.
struct DriveStep: Equatable, Sendable {
    /// In units of the channel's full scale.
    var amplitude: Complex
    /// Seconds.
    var length: Double
}
