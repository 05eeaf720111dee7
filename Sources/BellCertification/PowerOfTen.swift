import Glibc

/// 10^x.
func powerOfTen(_ x: Double) -> Double { pow(10, x) }

/// log10 x; NaN for a negative number.
func log10(_ x: Double) -> Double { Glibc.log10(x) }
