import Glibc

/// Outer bounds of one trial: what the devices may do, and how the settings may be drawn.
///
/// Behaviours: no-signalling and all eight Tsirelson bounds |CHSH| ≤ 2√2, a polytope that contains the quantum set.
/// Settings: every bit in [½ − μ, ½ + μ], one of the two also given the other. Both sets are convex and what a
/// factor has to satisfy is convex in the behaviour and linear in the law, so that their vertices suffice.
enum CHSHPolytope {
    /// λ = √2 − 1, the weight of the PR box in a vertex that reaches 2√2.
    static let boxWeight = 2.0.squareRoot() - 1

    /// The 80 vertices as P(ab|xy) by 8x + 4y + 2a + b: 16 deterministic, and 64 λ·PR + (1 − λ)·deterministic.
    ///
    /// Each of the 8 PR boxes is mixed with the 8 deterministic points that agree with it on three setting pairs.
    static let vertices: [[Double]] = {
        let strategies = (0..<16).map { code in
            cells { x, y, a, b in a == code >> x & 1 && b == code >> (2 + y) & 1 ? 1 : 0 }
        }
        var all = strategies
        for box in 0..<8 {
            let pr = cells { x, y, a, b in
                a ^ b == (x & y) ^ (box & x) ^ (box >> 1 & y) ^ (box >> 2) ? 0.5 : 0
            }
            for strategy in strategies where zip(pr, strategy).filter({ $0 > 0 && $1 > 0 }).count == 3 {
                all.append(zip(pr, strategy).map { boxWeight * $0 + (1 - boxWeight) * $1 })
            }
        }
        return all
    }()

    /// The vertices of the settings laws as P(xy) by 2x + y: 12, or 4 when the two bits are independent.
    ///
    /// With μ = 0 all of them coincide and one is left.
    static func settingsLaws(_ model: LocalModel, independent: Bool = false) -> [[Double]] {
        let bias = model.settingBias
        let ends = [0.5 - bias, 0.5 + bias]
        var laws: [[Double]] = []
        for first in ends {
            for zero in ends {
                for one in ends where !independent || zero == one {
                    let law = [first * zero, first * (1 - zero), (1 - first) * one, (1 - first) * (1 - one)]
                    for candidate in [law, [law[0], law[2], law[1], law[3]]]
                    where !laws.contains(where: { isSame($0, candidate) }) { laws.append(candidate) }
                }
            }
        }
        return laws
    }

    /// The greatest E[F · P(ab|xy)^β] over vertices and laws for F = `win` or `loss` of the CHSH game.
    ///
    /// F is a probability estimation factor of power β exactly if this is at most 1. The game is that of the pattern
    /// −E11; the others are relabellings, under which both sets of vertices are invariant.
    static func greatestMean(win: Double, loss: Double, power: Double, model: LocalModel) -> Double {
        let laws = settingsLaws(model)
        var greatest = 0.0
        for vertex in vertices {
            let byPair = (0..<4).map { pair in
                (0..<4).reduce(0.0) { sum, outcome in
                    let p = vertex[4 * pair + outcome]
                    guard p > 0 else { return sum }
                    return sum + (isWin[4 * pair + outcome] ? win : loss) * pow(p, 1 + power)
                }
            }
            for law in laws {
                greatest = max(
                    greatest, law[0] * byPair[0] + law[1] * byPair[1] + law[2] * byPair[2] + law[3] * byPair[3])
            }
        }
        return greatest
    }

    /// Whether a cell 8x + 4y + 2a + b wins, a ⊕ b = xy.
    static let isWin = cells { x, y, a, b in a ^ b == x & y ? 1 : 0 }.map { $0 == 1 }

    private static func cells(_ value: (_ x: Int, _ y: Int, _ a: Int, _ b: Int) -> Double) -> [Double] {
        (0..<16).map { value($0 >> 3, $0 >> 2 & 1, $0 >> 1 & 1, $0 & 1) }
    }

    /// Rounding makes 1 − (½ − μ) differ from ½ + μ by an ulp.
    private static func isSame(_ a: [Double], _ b: [Double]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-15 } }
}
