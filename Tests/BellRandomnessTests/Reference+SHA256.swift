/// SHA-256 (FIPS 180-4) written out, because the vectors' inputs are its digests and this target has no other.
func sha256(_ message: [UInt8]) -> [UInt8] {
    let primes = (2...311).filter { n in !(2..<n).contains { $0 * $0 <= n && n % $0 == 0 } }
    func fraction(_ root: Double) -> UInt32 { UInt32((root - root.rounded(.down)) * 0x1p32) }
    let k = primes.prefix(64).map { exactCubeRootFraction($0) }
    var h = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
    var bytes = message + [0x80]
    while bytes.count % 64 != 56 { bytes.append(0) }
    let length = UInt64(message.count) * 8
    bytes += (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(56 - 8 * $0)) }
    func turn(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }
    for start in stride(from: 0, to: bytes.count, by: 64) {
        var w = (0..<16).map { i in (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[start + 4 * i + $1]) } }
        for i in 16..<64 {
            let (a, b) = (w[i - 15], w[i - 2])
            let low = turn(a, 7) ^ turn(a, 18) ^ a >> 3
            let high = turn(b, 17) ^ turn(b, 19) ^ b >> 10
            w.append(w[i - 16] &+ low &+ w[i - 7] &+ high)
        }
        var v = Array(h)
        for i in 0..<64 {
            let (a, e) = (v[0], v[4])
            let choice = (e & v[5]) ^ (~e & v[6])
            let majority = (a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2])
            let one = v[7] &+ (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) &+ choice &+ k[i] &+ w[i]
            let two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) &+ majority
            v = [one &+ two, a, v[1], v[2], v[3] &+ one, e, v[5], v[6]]
        }
        for i in 0..<8 { h[i] &+= v[i] }
    }
    return h.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
}

/// The first 32 bits behind the point of a cube root: the root of n · 2^96 in whole numbers, by bisection.
private func exactCubeRootFraction(_ n: Int) -> UInt32 {
    var (low, high): (UInt64, UInt64) = (0, 8 << 32)
    while high - low > 1 {
        let middle = (low + high) / 2
        let square = middle.multipliedFullWidth(by: middle)
        // middle³ ≤ n 2^96: the upper 64 bits of middle² times middle, with the lower ones' carry.
        let lower = square.low.multipliedFullWidth(by: middle)
        let upper = square.high * middle + lower.high
        if upper < UInt64(n) << 32 || (upper == UInt64(n) << 32 && lower.low == 0) {
            low = middle
        } else {
            high = middle
        }
    }
    return UInt32(truncatingIfNeeded: low)
}
