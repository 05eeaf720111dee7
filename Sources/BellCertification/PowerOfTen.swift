import Glibc

/// 10^x.
func powerOfTen(_ x: Double) -> Double { pow(10, x) }

/// log10 x; NaN for a negative number.
func log10(_ x: Double) -> Double { Glibc.log10(x) }

/// log2 x; NaN for a negative number.
func log2(_ x: Double) -> Double { Glibc.log2(x) }

/// P[X ≤ z] of a standard normal X.
func normalProbability(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }
