/// log2 x of a normal x > 0 by sums, products and one division only: the same bits on every machine.
///
/// A C library's `log2` may differ in its last bit from version to version; an e-process that is recomputed elsewhere
/// must not. Within 4e-16 absolute plus 4e-16 relative: ln m = 2 artanh((m − 1)/(m + 1)) for m in 1/√2...√2, whose
/// series falls by t² ≤ 0.0295 a term, so that what follows the twelfth is below 1e-17.
func portableLog2(_ x: Double) -> Double {
    var (m, e) = (x.significand, Double(x.exponent))
    if m > 1.414_213_562_373_095 { (m, e) = (m / 2, e + 1) }
    let t = (m - 1) / (m + 1)
    let square = t * t
    var sum = 0.0
    for coefficient in artanhSeries { sum = sum * square + coefficient }
    return e + 2 * t * sum * log2OfE
}

/// artanh t = t Σ t^2k / (2k + 1); the last term first.
private let artanhSeries: [Double] = (0..<12).reversed().map { 1 / Double(2 * $0 + 1) }

/// 1 / ln 2.
private let log2OfE = 1.442_695_040_888_963_4
