import BellModel
import BellRandomness

/// What a battery is given.
struct BatteryRun {
    var source: BitSource
    /// Of batteries that cut their input into streams.
    var length: SP80022Length
    /// The registered joint level.
    var level: Double
    /// At most so many.
    var threads: Int
    /// Told now and then: the share that is done, and in words.
    var progress: (Double, [String]) -> Void
}

/// The batteries that `bellctl test-randomness` knows.
struct BatteryTable {
    struct Entry: Sendable {
        /// As `--battery` takes it.
        let name: String
        let run: @Sendable (BatteryRun) throws(BellError) -> BatteryReport
    }

    /// In the order of `--battery all`; one line each.
    static let entries: [Entry] = [
        Entry(name: "sp800-22", run: StreamWorkers.report)
    ]

    static let names = entries.map(\.name) + ["all"]
}
