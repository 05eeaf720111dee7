import Glibc

/// 10^x.
func powerOfTen(_ x: Double) -> Double { pow(10, x) }
