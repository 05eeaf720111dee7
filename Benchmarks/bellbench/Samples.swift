import BellHost

/// Repeated measurements of one thing.
struct Samples {
    private(set) var values: [Double] = []

    mutating func add(_ value: Double) { values.append(value) }

    /// The value below which a fraction of all values lies; 0 without values.
    func quantile(_ fraction: Double) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        return sorted[min(sorted.count - 1, Int(fraction * Double(sorted.count)))]
    }

    var median: Double { quantile(0.5) }
    var best: Double { values.max() ?? 0 }
}

/// Seconds that `body` takes.
func seconds<E: Error>(of body: () throws(E) -> Void) throws(E) -> Double {
    let start = monotonicNanoseconds()
    try body()
    return Double(monotonicNanoseconds() - start) / 1e9
}
