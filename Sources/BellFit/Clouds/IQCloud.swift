/// Integrated IQ points of shots, in codes.
public struct IQCloud: Equatable, Sendable {
    public var i: [Double]
    /// As many as `i`.
    public var q: [Double]

    public init(i: [Double], q: [Double]) { (self.i, self.q) = (i, q) }

    public init(i: [Int16], q: [Int16]) { (self.i, self.q) = (i.map(Double.init), q.map(Double.init)) }

    public var count: Int { min(i.count, q.count) }

    /// Mean point; nan without points.
    public var mean: (i: Double, q: Double) {
        let n = Double(count)
        return (i.reduce(0, +) / n, q.reduce(0, +) / n)
    }
}
