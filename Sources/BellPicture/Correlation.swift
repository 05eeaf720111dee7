/// Pearson's correlation of pairs of bytes, from exact sums.
struct Correlation {
    private(set) var count = 0
    private var (x, y, xx, yy, xy) = (0, 0, 0, 0, 0)

    init() {}

    /// Each sample with the one `right` and `down` of it, of the same colour; all colours together.
    init(neighboursOf picture: Picture, right: Int, down: Int) {
        let line = picture.width * picture.channels
        let step = right * picture.channels + down * line
        let last = line - right * picture.channels
        for row in 0..<max(0, picture.height - down) {
            for column in 0..<max(0, last) {
                let at = row * line + column
                add(picture.samples[at], picture.samples[at + step])
            }
        }
    }

    mutating func add(_ a: UInt8, _ b: UInt8) {
        let (a, b) = (Int(a), Int(b))
        count += 1
        x += a
        y += b
        xx += a * a
        yy += b * b
        xy += a * b
    }

    /// In −1...1; nil when one side is constant.
    var value: Double? {
        // 2^26 samples: the sums stay below 2^43, their products need more than 64 bits.
        func product(_ a: Int, _ b: Int) -> Int128 { Int128(a) * Int128(b) }
        let covariance = product(count, xy) - product(x, y)
        let (first, second) = (product(count, xx) - product(x, x), product(count, yy) - product(y, y))
        guard first > 0, second > 0 else { return nil }
        return Double(covariance) / (Double(first).squareRoot() * Double(second).squareRoot())
    }
}
