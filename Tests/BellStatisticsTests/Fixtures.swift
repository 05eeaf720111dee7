import BellModel

@testable import BellStatistics

/// Table 1 of Pironio et al., Nature 464, 1021 (2010): N(ab|xy) by 8x + 4y + 2a + b.
let table1Counts: [UInt64] = [293, 94, 70, 295, 298, 70, 74, 309, 283, 69, 64, 291, 68, 340, 309, 89]
let table1 = TrialTally(counts: table1Counts) ?? TrialTally()

/// A model that must exist.
func model(_ bias: Double) -> LocalModel { LocalModel(settingBias: bias) ?? .uniform }

/// Whether two numbers agree to a relative (below 1: absolute) tolerance.
func close(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    if a == b { return true }
    return abs(a - b) <= tolerance * max(1, abs(a), abs(b))
}
