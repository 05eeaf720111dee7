public import BellModel
import BellStatistics

/// All bounds of entropy over one quantity, the others being kept.
public struct BoundsSweep: Equatable, Sendable {
    /// What is varied.
    public enum Quantity: String, CaseIterable, Sendable {
        case bias = "mu"
        case s
        case trials = "n"

        /// With its symbol, for axes and tables.
        public var label: String {
            switch self {
            case .bias: "μ"
            case .s: "S"
            case .trials: "n"
            }
        }
    }

    /// One bound's values.
    public struct Series: Equatable, Sendable {
        public let name: String
        public let title: String
        /// Bits, never negative; 0 where nothing can be said.
        public let bits: [Double]
    }

    public let quantity: Quantity
    /// The quantity's values, increasing.
    public let values: [Double]
    public let series: [Series]

    /// Computes the bounds at 25 places: μ from 0 to μ_max, S from 2 to 2√2, n from n/256 to 256 n.
    ///
    /// - Throws: `analysis.option` for an ε outside 0..<1.
    public init(_ data: ExpectedData, over quantity: Quantity, epsilon: Double) throws(BellError) {
        try BoundsReport.check(epsilon)
        self.quantity = quantity
        let parts = (0...24).map { Double($0) / 24 }
        var places: [ExpectedData] = []
        switch quantity {
        case .bias:
            let most = LocalModel.greatestBias(winProbability: data.count.probability) ?? 0
            for part in most > 0 ? parts : [0] {
                places.append(try ExpectedData(trials: data.trials, s: data.s, settingBias: most * part))
            }
        case .s:
            for part in parts {
                let s = 2 + part * (2 * 2.0.squareRoot() - 2)
                places.append(try ExpectedData(trials: data.trials, s: s, settingBias: data.settingBias))
            }
        case .trials:
            for part in parts {
                let n = Double(data.trials) * powerOfTen((part - 0.5) * 16 * log10(2))
                let trials = UInt64(min(Double(WinCount.mostTrials), max(1, n.rounded())))
                guard places.last?.trials != trials else { continue }
                places.append(try ExpectedData(trials: trials, s: data.s, settingBias: data.settingBias))
            }
        }
        values = places.map { place in
            switch quantity {
            case .bias: place.settingBias
            case .s: place.s
            case .trials: Double(place.trials)
            }
        }
        series = BoundMethod.all(epsilon: epsilon).filter(\.givesBits).map { method in
            Series(
                name: method.name, title: method.title,
                bits: places.map { max(0, method.value($0.count, $0.model) ?? 0) })
        }
    }

    /// The binary logarithms of the values.
    public var log2Values: [Double] { values.map { log2($0) } }

    public var json: JSON {
        [
            "over": .string(quantity.rawValue), "values": .array(values.map { .double($0) }),
            "bits": .object(
                Dictionary(uniqueKeysWithValues: series.map { ($0.name, .array($0.bits.map { .double($0) })) })),
        ]
    }

    /// The sweep as a table for people.
    public var text: String {
        var page = TextPage()
        page.heading("Bits over \(quantity.label)")
        var rows = [[quantity.label] + series.map(\.title)]
        for (i, value) in values.enumerated() {
            let shown = quantity == .trials ? NumberText.count(UInt64(value)) : NumberText.fixed(value, 5)
            rows.append(
                [shown]
                    + series.map { $0.bits[i] > 0 ? NumberText.lowerBound($0.bits[i], $0.bits[i] < 100 ? 1 : 0) : "—" })
        }
        page.table(rows)
        return page.text
    }
}
