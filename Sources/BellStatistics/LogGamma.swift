import Glibc

/// ½ ln 2π.
let halfLogTwoPi = 0.918_938_533_204_672_74

/// ln Γ(z) for z > 0.
///
/// - SeeAlso: glibc `lgamma_r`, which unlike `lgamma` touches no global variable.
func logGamma(_ z: Double) -> Double {
    var sign: Int32 = 0
    return lgamma_r(z, &sign)
}

/// The error of Stirling's formula, δ(z) = ln Γ(z + 1) − [½ ln 2πz + z ln z − z], for z > 0.
///
/// - SeeAlso: DLMF 5.11.1 (the next term of the series is below 1e-16 from z = 16 on); Loader, "Fast and accurate
///   computation of binomial probabilities" (2000), `stirlerr`.
func stirlingError(_ z: Double) -> Double {
    if z < 16 { return logGamma(z + 1) - (z + 0.5) * log(z) + z - halfLogTwoPi }
    let w = 1 / (z * z)
    return (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)))) / z
}

/// The deviance x ln(x / m) + m − x for x > 0, m > 0, without cancellation when x is near m.
///
/// - SeeAlso: Loader (2000), `bd0`.
public func deviance(_ x: Double, mean m: Double) -> Double {
    guard abs(x - m) < 0.1 * (x + m) else { return x * log(x / m) + m - x }
    let v = (x - m) / (x + m)
    var sum = (x - m) * v
    var term = 2 * x * v
    var j = 1.0
    while j < 1000 {
        term *= v * v
        let next = sum + term / (2 * j + 1)
        if next == sum { break }
        sum = next
        j += 1
    }
    return sum
}

/// ln(1 − eᵗ) for t ≤ 0.
///
/// - SeeAlso: Mächler, "Accurately computing log(1 − exp(−|a|))" (2012).
func logOneMinusExp(_ t: Double) -> Double {
    if t >= 0 { return -Double.infinity }
    return t > -0.693_147_180_559_945_3 ? log(-expm1(t)) : log1p(-exp(t))
}

/// ln erfc(z), finite far beyond z = 27 where erfc itself underflows.
///
/// - SeeAlso: DLMF 7.12.1; at z = 20 the first dropped term is below 1e-11.
func logErfc(_ z: Double) -> Double {
    if z < 20 { return log(erfc(z)) }
    let w = 1 / (2 * z * z)
    let series = 1 - w * (1 - 3 * w * (1 - 5 * w * (1 - 7 * w)))
    return -z * z - log(z) - 0.572_364_942_924_700_1 + log(series)  // ½ ln π
}
