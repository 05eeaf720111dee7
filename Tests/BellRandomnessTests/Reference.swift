import BellRandomness
import TestSupport

extension SplitMix {
    /// In 0..<1.
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// The pseudocode of SP 800-90B, sections 4.4.1 and 4.4.2, sample by sample, each test for itself over all samples: the
/// first failure of both, the repetition count first when both fail at one sample.
func naiveFailure(_ samples: [UInt8], _ cutoffs: HealthCutoffs) -> HealthFailure? {
    let failures = [repetitionFailure(samples, cutoffs.repetition), proportionFailure(samples, cutoffs)]
    return failures.compactMap(\.self).min { $0.position < $1.position }
}

private func repetitionFailure(_ samples: [UInt8], _ cutoff: Int) -> HealthFailure? {
    guard var a = samples.first else { return nil }
    var b = 1
    for (place, x) in samples.enumerated().dropFirst() {
        if x == a {
            b += 1
            if b >= cutoff { return HealthFailure(test: .repetitionCount, position: UInt64(place), count: b) }
        } else {
            a = x
            b = 1
        }
    }
    return nil
}

private func proportionFailure(_ samples: [UInt8], _ cutoffs: HealthCutoffs) -> HealthFailure? {
    for start in stride(from: 0, to: samples.count, by: cutoffs.window) {
        let a = samples[start]
        var b = 1
        for place in start + 1..<max(start + 1, min(samples.count, start + cutoffs.window)) {
            if samples[place] == a { b += 1 }
            if b >= cutoffs.proportion {
                return HealthFailure(test: .adaptiveProportion, position: UInt64(place), count: b)
            }
        }
    }
    return nil
}

/// Bits, one a byte, as packed bytes, most significant first; a multiple of eight.
func packed(_ bits: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bits.count - bits.count % 8, by: 8).map { start in
        bits[start..<start + 8].reduce(0) { $0 << 1 | $1 }
    }
}

func unpacked(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    bytes.flatMap { byte in (0..<8).map { byte >> UInt8(7 - $0) & 1 } }
}

/// Bits that tend to stay as they are.
///
/// - Parameters:
///   - ones: Probability of a one where the bit is drawn anew.
///   - stay: Probability that the bit before is repeated instead.
func biasedBits(_ count: Int, ones: Double, stay: Double, _ dice: inout SplitMix) -> [UInt8] {
    var bit: UInt8 = 0
    return (0..<count).map { _ in
        if dice.uniform() >= stay { bit = dice.uniform() < ones ? 1 : 0 }
        return bit
    }
}
