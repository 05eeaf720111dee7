/// The places where something was measured: extent and spacing, whatever their order.
struct Sweep {
    let lower: Double
    let upper: Double
    /// Median distance of neighbours that differ.
    let spacing: Double

    /// Nil without two different finite places.
    init?(_ x: [Double]) {
        guard x.allSatisfy(\.isFinite) else { return nil }
        let sorted = x.sorted()
        guard let lower = sorted.first, let upper = sorted.last, upper > lower, (upper - lower).isFinite else {
            return nil
        }
        let steps = zip(sorted.dropFirst(), sorted).map { $0 - $1 }.filter { $0 > (upper - lower) * 1e-9 }.sorted()
        (self.lower, self.upper) = (lower, upper)
        spacing = steps.isEmpty ? upper - lower : steps[steps.count / 2]
    }

    var span: Double { upper - lower }

    /// At most `count` different places of the data, evenly chosen by rank.
    static func places(_ x: [Double], _ count: Int) -> [Double] {
        let sorted = x.sorted()
        guard sorted.count > count, count > 1 else { return sorted }
        return (0..<count).map { sorted[$0 * (sorted.count - 1) / (count - 1)] }
    }

    /// `count` numbers from `first` to `last` in equal ratios.
    static func ratios(_ first: Double, _ last: Double, _ count: Int) -> [Double] {
        guard count > 1, first > 0, last > 0 else { return [first] }
        let factor = Power.of(last / first, 1 / Double(count - 1))
        return (0..<count).reduce(into: [Double]()) { result, _ in
            result.append((result.last ?? first / factor) * factor)
        }
    }
}
