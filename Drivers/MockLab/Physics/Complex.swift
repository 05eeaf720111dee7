import Glibc

/// A complex number; just what a density matrix needs.
struct Complex: Equatable, Sendable {
    var re: Double
    var im: Double

    init(_ re: Double, _ im: Double = 0) {
        self.re = re
        self.im = im
    }

    /// e^{i angle}, angle in radians.
    static func phase(_ angle: Double) -> Complex { Complex(cos(angle), sin(angle)) }

    var conjugate: Complex { Complex(re, -im) }

    static func + (a: Complex, b: Complex) -> Complex { Complex(a.re + b.re, a.im + b.im) }
    static func - (a: Complex, b: Complex) -> Complex { Complex(a.re - b.re, a.im - b.im) }
    static func * (a: Complex, b: Complex) -> Complex {
        Complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
    }
    static func * (a: Double, b: Complex) -> Complex { Complex(a * b.re, a * b.im) }
    static func += (a: inout Complex, b: Complex) { a = a + b }
}
