import BellModel
import BellRandomness

/// What a battery is given.
struct BatteryRun {
    var source: BitSource
    /// Of batteries that cut their input into streams.
    var length: SP80022Length
    /// 1...8; of batteries that look at samples.
    var symbolBits: Int
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
        /// Whether it is one of `all`; those for raw samples and outside judges are named one by one.
        var isForFinishedBits = true
        let run: @Sendable (BatteryRun) throws(BellError) -> BatteryReport
    }

    /// In the order of `--battery all`; one line each.
    static let entries: [Entry] = [
        Entry(name: "sp800-22", run: StreamWorkers.report),
        Entry(name: "ais31-a", run: EntropyBatteries.procedureA),
        Entry(name: "ais31-b", run: EntropyBatteries.procedureB),
        Entry(name: "sp800-90b-non-iid", isForFinishedBits: false, run: EntropyBatteries.nonIID),
        Entry(name: "sp800-90b-iid", isForFinishedBits: false, run: EntropyBatteries.iid),
        Entry(name: "dieharder", isForFinishedBits: false, run: DieharderBattery.report),
    ]

    static let names = entries.map(\.name) + ["all"]
}
