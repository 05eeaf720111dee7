/// Random Clifford gates of one qubit as π/2 pulses, with the gate that undoes them: randomized benchmarking.
///
/// Each of the 24 Clifford gates is at most two π/2 pulses about equatorial axes at whole quarter turns, followed by a
/// turn of the frame, which costs nothing (the axes of later pulses turn instead):
/// - numbers 0…3: no pulse, frame turned by k·90°;
/// - 4…19: one pulse about j·90°, then the frame by k·90°;
/// - 20…23: two pulses about 0° (together π), then the frame by k·90°.
///
/// That is (16·1 + 4·2)/24 = 1 pulse a gate on average, so the error per Clifford gate is the error per π/2 pulse.
/// The last gate is the inverse of all others, and made of at most two pulses, too; without errors |g⟩ is |g⟩ again.
/// - SeeAlso: Magesan, Gambetta and Emerson, PRL 106, 180504 (2011); McKay et al., PRA 96, 022330 (2017) for the frame.
public struct CliffordSequence: Equatable, Sendable {
    /// Axes of the pulses in quarter turns, 0…3, in the order of time; the inverse included.
    public let quarterTurns: [UInt8]

    /// - Parameters:
    ///   - seed: Equal seeds give equal gates, on every machine.
    ///   - length: Gates before the inverse.
    ///   - limit: Where to stop counting: a list that is longer than this is given up as nil.
    public init?(seed: UInt64, length: Int, limit: Int = .max) {
        var random = SplitMix(state: seed)
        var axes: [UInt8] = []
        var frame: UInt8 = 0
        // The Bloch vector that began as |g⟩, at z.
        var vector = (x: 0, y: 0, z: 1)
        func play(_ axis: UInt8) {
            axes.append(axis)
            vector = Self.turned(vector, axis)
        }
        for _ in 0..<max(length, 0) {
            let gate = random.below24()
            if gate >= 20 {
                play((4 - frame) & 3)
                play((4 - frame) & 3)
            } else if gate >= 4 {
                play(((gate - 4) / 4 + 4 - frame) & 3)
            }
            frame = (frame + gate) & 3
            if axes.count > limit { return nil }
        }
        if vector.z < 0 {
            play(0)
            play(0)
        } else if vector.z == 0, let back = (0..<4).first(where: { Self.turned(vector, $0).z == 1 }) {
            play(back)
        }
        if axes.count > limit { return nil }
        quarterTurns = axes
    }

    /// A Bloch vector after +90° about the equatorial axis at a number of quarter turns.
    static func turned(_ v: (x: Int, y: Int, z: Int), _ axis: UInt8) -> (x: Int, y: Int, z: Int) {
        switch axis & 3 {
        case 0: (v.x, -v.z, v.y)
        case 1: (v.z, v.y, -v.x)
        case 2: (v.x, v.z, -v.y)
        default: (-v.z, v.y, v.x)
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): small, and the same everywhere.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// 0…23; the bias of 24/2^64 is nothing.
    mutating func below24() -> UInt8 { UInt8(truncatingIfNeeded: next().multipliedFullWidth(by: 24).high) }
}
