/// The pseudo-random generator of the virtual laboratory: xoshiro256++, seeded through splitmix64.
///
/// PRNG, so everything it drives is *simulated*; a seed makes a run repeatable. About 1 ns a number.
/// - SeeAlso: Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47, 36 (2021).
public struct Xoshiro256: RandomNumberGenerator, Sendable {
    @usableFromInline var a: UInt64
    @usableFromInline var b: UInt64
    @usableFromInline var c: UInt64
    @usableFromInline var d: UInt64

    /// Fills the 256-bit state from `seed`; generators of one laboratory differ by `stream`.
    public init(seed: UInt64, stream: UInt64 = 0) {
        var mix = SplitMix64(state: seed)
        let base = mix.next()
        mix = SplitMix64(state: base ^ (stream &* 0xD1B5_4A32_D192_ED03))
        a = mix.next()
        b = mix.next()
        c = mix.next()
        d = mix.next() | 1  // the all-zero state is the only bad one
    }

    /// Starts from a whole state; for test vectors.
    init(state: (UInt64, UInt64, UInt64, UInt64)) {
        (a, b, c, d) = state
    }

    @inlinable
    public mutating func next() -> UInt64 {
        let sum = a &+ d
        let result = (sum << 23 | sum >> 41) &+ a
        let t = b << 17
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= t
        d = d << 45 | d >> 19
        return result
    }

    /// A number in 0..<1 with 53 random bits.
    @inlinable
    public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// Spreads a seed over a larger state.
///
/// - SeeAlso: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct SplitMix64: Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
