import Glibc

/// A complex number; just what a density matrix and a resonator need.
struct Complex: Equatable, Sendable {
    var re: Double
    var im: Double

    init(_ re: Double, _ im: Double = 0) {
        self.re = re
        self.im = im
    }

    /// e^{i angle}, angle in radians.
    static func phase(_ angle: Double) -> Complex { Complex(cos(angle), sin(angle)) }
    /// e^z.
    static func exponential(_ z: Complex) -> Complex { exp(z.re) * phase(z.im) }

    var conjugate: Complex { Complex(re, -im) }
    var squared: Double { re * re + im * im }

    static func + (a: Complex, b: Complex) -> Complex { Complex(a.re + b.re, a.im + b.im) }
    static func - (a: Complex, b: Complex) -> Complex { Complex(a.re - b.re, a.im - b.im) }
    static func * (a: Complex, b: Complex) -> Complex {
        Complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
    }
    static func * (a: Double, b: Complex) -> Complex { Complex(a * b.re, a * b.im) }
    static func / (a: Complex, b: Complex) -> Complex { 1 / b.squared * (a * b.conjugate) }
    static func += (a: inout Complex, b: Complex) { a = a + b }
}
