import Glibc

/// Sines, cosines and exponentials of four numbers side by side: a sweep's points wait for each other in libm.
///
/// Taylor's series after a reduction of the argument, to 2e-16 of the largest value (BellFitTests compare with libm).
/// Where the reduction would not be exact, and for numbers that are none, libm is asked number by number.
enum Lanes {
    typealias Vector = SIMD4<Double>

    /// Added and taken away, it leaves the nearest whole number, which stands in the sum's last bits.
    private static var rounder: Double { 0x1.8p52 }

    /// Leading 33 bits of π/2, the rest of its double, and what the double lacks: cos(Double.pi / 2).
    ///
    /// A multiple up to 2^20 of the first and the second part is exact.
    private static var quarter: (Double, Double, Double) {
        let whole = Double.pi / 2
        let lead = Double(bitPattern: whole.bitPattern & ~0xf_ffff)
        return (lead, whole - lead, 6.123233995736766e-17)
    }
    private static var mostAngle: Double { 0x1p20 }

    /// sin and cos of angles in rad.
    @inline(__always)
    static func sineCosine(_ angle: Vector) -> (sine: Vector, cosine: Vector) {
        guard magnitudes(angle, areAtMost: mostAngle) else { return exactly(angle) }
        let shifted = angle * (2 / Double.pi) + rounder
        let turns = shifted - rounder
        let bits = unsafeBitCast(shifted, to: SIMD4<UInt64>.self)
        let (p1, p2, p3) = quarter
        let r = ((angle - turns * p1) - turns * p2) - turns * p3
        let square = r * r
        // r − r³/3! ... + r¹⁷/17!; the next term is 8e-20 at π/4.
        var s = square * (1 / 355_687_428_096_000) - 1 / 1_307_674_368_000
        s = s * square + 1 / 6_227_020_800
        s = s * square - 1 / 39_916_800
        s = s * square + 1 / 362_880
        s = s * square - 1 / 5040
        s = s * square + 1 / 120
        s = s * square - 1 / 6
        s = s * square * r + r
        // 1 − r²/2! ... + r¹⁶/16!; the next term is 2e-18 at π/4.
        var c = square * (1 / 20_922_789_888_000) - 1 / 87_178_291_200
        c = c * square + 1 / 479_001_600
        c = c * square - 1 / 3_628_800
        c = c * square + 1 / 40_320
        c = c * square - 1 / 720
        c = c * square + 1 / 24
        c = c * square * square + (1 - 0.5 * square)
        // After an odd number of quarter turns they change places; signs are those of the quadrant.
        let odd = SIMD4<UInt64>.zero &- (bits & 1)
        let (sineBits, cosineBits) = (
            unsafeBitCast(s, to: SIMD4<UInt64>.self), unsafeBitCast(c, to: SIMD4<UInt64>.self)
        )
        let difference = (sineBits ^ cosineBits) & odd
        let sine = sineBits ^ difference ^ ((bits & 2) &<< 62)
        let cosine = cosineBits ^ difference ^ (((bits &+ 1) & 2) &<< 62)
        return (unsafeBitCast(sine, to: Vector.self), unsafeBitCast(cosine, to: Vector.self))
    }

    /// Leading bits of ln 2 and the rest: a multiple up to 2^11 of the first is exact.
    private static var ln2: (Double, Double) {
        let lead = Double(bitPattern: 0.693147180559945309.bitPattern & ~0xf_ffff)
        // ln 2 to 33 digits, less its leading bits.
        return (lead, (0.693147180559945309 - lead) + 2.3190468138462996e-17)
    }
    /// e to this is far from the ends of a double.
    private static var mostExponent: Double { 700 }

    /// e to the power of each.
    @inline(__always)
    static func exponential(_ x: Vector) -> Vector {
        guard magnitudes(x, areAtMost: mostExponent) else { return Vector(exp(x[0]), exp(x[1]), exp(x[2]), exp(x[3])) }
        let shifted = x * 1.442695040888963407 + rounder
        let halvings = shifted - rounder
        let (lead, rest) = ln2
        let r = (x - halvings * lead) - halvings * rest
        // 1 + r ... + r¹³/13!; the next term is 4e-18 at ln 2 / 2.
        var y = r * (1 / 6_227_020_800) + 1 / 479_001_600
        y = y * r + 1 / 39_916_800
        y = y * r + 1 / 3_628_800
        y = y * r + 1 / 362_880
        y = y * r + 1 / 40_320
        y = y * r + 1 / 5040
        y = y * r + 1 / 720
        y = y * r + 1 / 120
        y = y * r + 1 / 24
        y = y * r + 1 / 6
        y = y * r * r * r + (0.5 * r * r + r) + 1
        // 2 to the power of the whole number in the last bits, by the exponent's place.
        let scale = (unsafeBitCast(shifted, to: SIMD4<UInt64>.self) &+ 1023) &<< 52
        return y * unsafeBitCast(scale, to: Vector.self)
    }

    @inline(__always)
    private static func magnitudes(_ x: Vector, areAtMost limit: Double) -> Bool {
        // False for a number that is none.
        x[0].magnitude <= limit && x[1].magnitude <= limit && x[2].magnitude <= limit && x[3].magnitude <= limit
    }

    private static func exactly(_ x: Vector) -> (sine: Vector, cosine: Vector) {
        (Vector(sin(x[0]), sin(x[1]), sin(x[2]), sin(x[3])), Vector(cos(x[0]), cos(x[1]), cos(x[2]), cos(x[3])))
    }

    /// Whether all are numbers.
    static func areFinite(_ numbers: UnsafeBufferPointer<Double>) -> Bool {
        var sum = Vector.zero
        // 0 unless one is none.
        forEach(numbers) { _, x in sum += x * 0 }
        return sum.sum() == 0
    }

    /// Multiplies numbers by factors, as many as they; false when a product is no number.
    static func multiply(
        _ numbers: UnsafeMutableBufferPointer<Double>, by factors: UnsafeBufferPointer<Double>
    ) -> Bool {
        var sum = Vector.zero
        forEach(UnsafeBufferPointer(numbers), factors) { first, number, factor in
            let product = number * factor
            store(product, first, into: numbers)
            sum += product * 0
        }
        return sum.sum() == 0
    }

    /// Four numbers at a time; the last ones are filled up with the last number.
    @inline(__always)
    static func forEach(_ x: UnsafeBufferPointer<Double>, _ body: (_ first: Int, _ x: Vector) -> Void) {
        for first in stride(from: 0, to: x.count, by: 4) { body(first, load(x, first)) }
    }

    /// A function of each.
    @inline(__always)
    static func map(_ x: [Double], _ function: (Vector) -> Vector) -> [Double] {
        [Double](unsafeUninitializedCapacity: x.count) { place, count in
            let column = UnsafeMutableBufferPointer(rebasing: place[..<x.count])
            x.withUnsafeBufferPointer { forEach($0) { first, x in store(function(x), first, into: column) } }
            count = x.count
        }
    }

    /// Four numbers of two columns of one length at a time.
    @inline(__always)
    private static func forEach(
        _ x: UnsafeBufferPointer<Double>, _ y: UnsafeBufferPointer<Double>,
        _ body: (_ first: Int, _ x: Vector, _ y: Vector) -> Void
    ) {
        for first in stride(from: 0, to: min(x.count, y.count), by: 4) { body(first, load(x, first), load(y, first)) }
    }

    /// Four numbers from a place on; the last ones are filled up with the last number.
    @inline(__always)
    private static func load(_ x: UnsafeBufferPointer<Double>, _ first: Int) -> Vector {
        if first + 4 <= x.count, let base = x.baseAddress {
            return UnsafeRawPointer(base + first).loadUnaligned(as: Vector.self)
        }
        var rest = Vector(repeating: x[x.count - 1])
        for lane in 0..<x.count - first { rest[lane] = x[first + lane] }
        return rest
    }

    /// Writes as many of four numbers as there is place for.
    @inline(__always)
    static func store(_ vector: Vector, _ first: Int, into column: UnsafeMutableBufferPointer<Double>) {
        guard let base = column.baseAddress else { return }
        if first + 4 <= column.count {
            UnsafeMutableRawPointer(base + first).storeBytes(of: vector, as: Vector.self)
        } else {
            for lane in 0..<column.count - first { column[first + lane] = vector[lane] }
        }
    }
}
