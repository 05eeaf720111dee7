import BellModel

/// How a number is written in the table.
enum Unit: String {
    case trialsPerSecond = "trials/s"
    case microseconds = "us"
    case seconds = "s"
    case mebibytes = "MiB"
    case bytes = "bytes"
    case bitsPerSecond = "bits/s"
    case bytesPerSecond = "bytes/s"
    case samplesPerSecond = "samples/s"
    case perSecond = "1/s"
    case fraction = "1"

    /// For example `152 M trials/s`.
    func text(_ value: Double) -> String {
        switch self {
        case .trialsPerSecond:
            value >= 1e6 ? "\(rounded(value / 1e6)) M/s" : "\(rounded(value / 1e3)) k/s"
        case .microseconds: "\(rounded(value)) µs"
        case .seconds: "\(rounded(value)) s"
        case .mebibytes: "\(rounded(value)) MiB"
        case .bytes: "\(rounded(value)) B"
        case .bitsPerSecond:
            value >= 1e9 ? "\(rounded(value / 1e9)) Gbit/s" : "\(rounded(value / 1e6)) Mbit/s"
        case .bytesPerSecond: "\(rounded(value / 1e6)) MB/s"
        case .samplesPerSecond: "\(rounded(value / 1e6)) Msample/s"
        case .perSecond: value >= 1e6 ? "\(rounded(value / 1e6)) M/s" : "\(rounded(value / 1e3)) k/s"
        case .fraction: "\(rounded(value * 100)) %"
        }
    }

    private func rounded(_ value: Double) -> String { Unit.digits(value) }

    /// Three digits, as far as there are any.
    static func digits(_ value: Double) -> String {
        guard value.isFinite else { return "—" }
        if value.magnitude >= 100 { return String(Int64(clamping: Int(value.rounded()))) }
        let scale: Double = value.magnitude >= 10 ? 10 : 100
        let scaled = Int64((value * scale).rounded())
        let (whole, rest) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
        let fraction = String(rest.magnitude)
        return "\(whole)." + String(repeating: "0", count: scale == 10 ? 0 : max(0, 2 - fraction.count)) + fraction
    }
}

/// One thing measured, with what was measured beside it in the same run.
struct BenchRow {
    /// A peer or a limit, in the same unit.
    struct Comparison {
        var name: String
        var value: Double
    }

    /// For programs that read the JSON.
    var id: String
    var what: String
    var value: Double
    var unit: Unit
    var beside: [Comparison] = []
    /// The goal in words; nil for a row that only informs.
    var goal: String?
    var isMet: Bool?
    /// Further numbers, one line each, below the table.
    var notes: [String] = []

    var json: JSON {
        [
            "id": .string(id), "what": .string(what), "value": .double(value), "unit": .string(unit.rawValue),
            "beside": .array(
                beside.map {
                    [
                        "name": .string($0.name), "value": .double($0.value),
                        "ratio": .double($0.value == 0 ? .nan : value / $0.value),
                    ]
                }),
            "goal": JSON(goal), "met": isMet.map { .bool($0) } ?? .null, "notes": .array(notes.map { .string($0) }),
        ]
    }
}
