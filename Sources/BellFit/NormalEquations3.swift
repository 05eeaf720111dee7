/// Three columns' normal equations, for starts alone: quick, and exact enough there.
struct NormalEquations3 {
    private var aa = 0.0, ab = 0.0, ac = 0.0, bb = 0.0, bc = 0.0, cc = 0.0
    private var ay = 0.0, by = 0.0, cy = 0.0, yy = 0.0

    /// One point with its three columns.
    mutating func add(_ a: Double, _ b: Double, _ c: Double, _ y: Double) {
        aa += a * a
        ab += a * b
        ac += a * c
        bb += b * b
        bc += b * c
        cc += c * c
        ay += a * y
        by += b * y
        cy += c * y
        yy += y * y
    }

    /// The parameters and what is left of Σy²; nil when columns depend on each other.
    var solution: (parameters: [Double], rest: Double)? {
        // Elimination without pivots: the matrix is positive definite or there is no solution.
        guard aa > 0 else { return nil }
        let (l1, l2) = (ab / aa, ac / aa)
        let (b2, m, c2) = (bb - l1 * ab, bc - l1 * ac, cc - l2 * ac)
        let (y2, y3) = (by - l1 * ay, cy - l2 * ay)
        guard b2 > 1e-10 * bb else { return nil }
        let l3 = m / b2
        let c3 = c2 - l3 * m
        guard c3 > 1e-10 * cc else { return nil }
        let p2 = (y3 - l3 * y2) / c3
        let p1 = (y2 - m * p2) / b2
        let p0 = (ay - ab * p1 - ac * p2) / aa
        let rest = yy - p0 * ay - p1 * by - p2 * cy
        guard rest.isFinite, (p0 + p1 + p2).isFinite else { return nil }
        return ([p0, p1, p2], rest)
    }
}
