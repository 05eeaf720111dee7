import BellModel

/// Table 1 of Pironio et al., Nature 464, 1021 (2010): N(ab|xy) by 8x + 4y + 2a + b.
let table1Counts: [UInt64] = [293, 94, 70, 295, 298, 70, 74, 309, 283, 69, 64, 291, 68, 340, 309, 89]
let table1 = TrialTally(counts: table1Counts) ?? TrialTally()

/// Deterministic generator for tests; the seed stands in the test.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

func close(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(a), abs(b))
}
