import BellModel
import BellRandomness

/// The batteries that look at one string of bits and not at streams: SP 800-90B and AIS 20/31.
enum EntropyBatteries {
    static func nonIID(_ run: BatteryRun) throws(BellError) -> BatteryReport {
        let samples = try samples(run)
        let found = NonIIDAssessment.run(samples, progress: try steps(run, "sp800-90b-non-iid"))
        return try finished(found).report(samples)
    }

    static func iid(_ run: BatteryRun) throws(BellError) -> BatteryReport {
        let samples = try samples(run)
        return try finished(IIDAssessment.run(samples, progress: try steps(run, "sp800-90b-iid"))).report(samples)
    }

    /// Two runs' bits at most; what comes after them is not read.
    static func procedureA(_ run: BatteryRun) throws(BellError) -> BatteryReport {
        let bytes = try run.source.prefix(bytes: 2 * AIS31ProcedureA.bitsNeeded / 8)
        let found = AIS31ProcedureA.run(packed: bytes, bits: run.source.bits, progress: try steps(run, "ais31-a"))
        return try finished(found).report(bits: run.source.bits)
    }

    /// How many bits the steps of procedure B take depends on the bits; good ones leave most of this unread.
    private static let mostOfB = 1 << 23

    static func procedureB(_ run: BatteryRun) throws(BellError) -> BatteryReport {
        let bytes = try run.source.prefix(bytes: mostOfB)
        let bits = min(run.source.bits, 8 * bytes.count)
        let found = AIS31ProcedureB.run(packed: bytes, bits: bits, progress: try steps(run, "ais31-b"))
        return try finished(found).report(bits: bits)
    }

    private static func samples(_ run: BatteryRun) throws(BellError) -> NoiseSamples {
        // One byte more than is taken, so that too many are refused and not cut.
        let bytes = try run.source.prefix(bytes: NoiseSamples.mostBits / 8 + 1)
        return try NoiseSamples(
            packed: bytes, bits: min(run.source.bits, 8 * bytes.count), bitsPerSymbol: run.symbolBits)
    }

    /// Draws progress, and lets a battery go on until Ctrl-C.
    private static func steps(
        _ run: BatteryRun, _ battery: String
    ) throws(BellError) -> (Double, String) -> Bool {
        let signals = try SignalCount()
        return { done, doing in
            run.progress(done, [battery, doing])
            return signals.count == 0
        }
    }

    private static func finished<T>(_ found: T?) throws(BellError) -> T {
        guard let found else { throw interrupted }
        return found
    }

    /// Ctrl-C has come.
    static let interrupted = BellError(
        BellError.Code("tool.interrupted", exit: .interrupted), "The tests were interrupted.",
        state: "nothing was written", fix: "run them again")
}
