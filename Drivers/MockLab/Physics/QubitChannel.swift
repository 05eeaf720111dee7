import Glibc

/// What happens to one qubit in some time: a real 4×4 matrix on (1, x, y, z) of the Bloch vector.
///
/// z = +1 is |g⟩ and gives outcome 0. The matrix form makes every step a real product, and keeps the trace exactly
/// (the first row is 1, 0, 0, 0), so what one node does cannot change the other's marginal.
/// - SeeAlso: Greenbaum, "Introduction to quantum gate set tomography", arXiv:1509.02921, section 2.
struct QubitChannel: Equatable, Sendable {
    /// Row-major, 16 entries.
    var m: [Double]

    static let identity = QubitChannel(m: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])

    /// Turns the Bloch vector by `angle` (radians) about the axis (x, y, z), which need not be normalised.
    static func rotation(angle: Double, axis: (x: Double, y: Double, z: Double)) -> QubitChannel {
        let length = (axis.x * axis.x + axis.y * axis.y + axis.z * axis.z).squareRoot()
        guard length > 0, angle != 0 else { return identity }
        let (x, y, z) = (axis.x / length, axis.y / length, axis.z / length)
        let (c, s) = (cos(angle), sin(angle))
        let k = 1 - c
        return QubitChannel(m: [
            1, 0, 0, 0,
            0, c + x * x * k, x * y * k - z * s, x * z * k + y * s,
            0, y * x * k + z * s, c + y * y * k, y * z * k - x * s,
            0, z * x * k - y * s, z * y * k + x * s, c + z * z * k,
        ])
    }

    /// Relaxation for `time` seconds: T1 towards `1 − 2·thermal`, T2 on the equator; infinite times do nothing.
    static func relaxation(time: Double, t1: Double, t2: Double, thermal: Double) -> QubitChannel {
        let stay = exp(-time / t1)
        let coherence = exp(-time / t2)
        return QubitChannel(m: [
            1, 0, 0, 0, 0, coherence, 0, 0, 0, 0, coherence, 0, (1 - stay) * (1 - 2 * thermal), 0, 0, stay,
        ])
    }

    /// Whatever the state was, it is |g⟩ with probability 1 − `excited`.
    static func prepare(excited: Double) -> QubitChannel {
        QubitChannel(m: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 - 2 * excited, 0, 0, 0])
    }

    /// Removes what is off the z axis, as a readout does.
    static let measurement = QubitChannel(m: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])

    /// This, and after it `next`.
    func followed(by next: QubitChannel) -> QubitChannel {
        var product = [Double](repeating: 0, count: 16)
        for row in 0..<4 {
            for column in 0..<4 {
                var sum = 0.0
                for k in 0..<4 { sum += next.m[row * 4 + k] * m[k * 4 + column] }
                product[row * 4 + column] = sum
            }
        }
        return QubitChannel(m: product)
    }
}
