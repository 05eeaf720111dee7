import BellCommandLine
import BellHost
import BellModel
import BellRandomness

/// Reads the inputs of an extraction.
enum ExtractInputs {
    /// The bits of a file, `-` being the standard input.
    ///
    /// - Parameter count: As many as are declared; 8 a byte when nothing is.
    static func read(_ path: String, count: Int?) throws(BellError) -> Bits {
        try Bits(packed: try bytes(path), count: count, at: path)
    }

    /// The first `count` bits of a file that may be longer.
    static func prefix(_ path: String, count: Int) throws(BellError) -> Bits {
        let bits = try Bits(packed: try bytes(path), at: path)
        guard bits.count >= count else {
            throw BellError(
                .bitsLength, "\(count) bits are needed, and there are \(bits.count).", at: path,
                cause: "the file is cut short, or another one", fix: "give the file that was extracted from")
        }
        return bits.slice(from: 0, length: count)
    }

    private static func bytes(_ path: String) throws(BellError) -> [UInt8] {
        try readFile(path == "-" ? "/dev/stdin" : path, limit: Bits.longest / 8)
    }

    /// Refuses bits that a source of the claimed entropy does not give.
    ///
    /// The continuous health tests of SP 800-90B with a false alarm probability of 2^-60 a sample: of 2^30 sound bits one in
    /// 2^30 inputs is refused. Bits of an unfinished last byte are not tested.
    static func checkHealth(_ bits: Bits, entropy: Double, at place: String) throws(BellError) {
        let rate = min(1, max(0.001, entropy / Double(max(1, bits.count))))
        var tests = HealthTests(try HealthCutoffs(.bits, minEntropy: rate, falseAlarmExponent: 60))
        let packed = bits.packed
        guard let failure = tests.test(packed.prefix(bits.count / 8)) else { return }
        throw BellError(
            .extractHealth, "The bits fail the \(failure.test.rawValue) test at bit \(failure.position).", at: place,
            cause: "SP 800-90B, section 4.4: \(failure.count) equal bits are not to be expected of a source with "
                + "\(NumberText.fixed(rate, 4)) bits of min-entropy a bit",
            state: "nothing was written",
            fix: "look at the source; for a test vector add --test-vector")
    }
}

/// Shows how far an extraction is, and ends it at Ctrl-C.
struct ExtractProgress {
    private let console: Console
    private let signals: SignalCount
    private let isShown: Bool

    init(_ console: Console, isShown: Bool) throws(BellError) {
        self.console = console
        signals = try SignalCount()
        self.isShown = isShown && console.isTerminal && !console.isJSON
    }

    /// - Throws: `extract.interrupted` after a signal.
    func update(_ part: Double) throws(BellError) {
        guard signals.count == 0 else {
            clear()
            throw BellError(.extractInterrupted, "The extraction was interrupted.", state: "nothing was written")
        }
        guard isShown else { return }
        console.write("\r" + ProgressBar(fraction: part, fields: ["extracting"], width: console.width()).text)
    }

    func clear() {
        if isShown { console.write("\r\u{1b}[K") }
    }
}
