import BellHost
import BellModel
import BellRandomness

/// Extraction from packed bits to packed bits, one thread, beside cryptomite on the same bits.
struct ExtractionBench {
    private struct Row {
        var id: String
        var what: String
        var shape: ExtractorShape
        /// Times faster than cryptomite; nil for a row that only informs.
        var goal: Double?
        /// Whether cryptomite is asked; it takes a minute for the longest.
        var hasPeer = true
    }

    /// Lengths are the largest primes below 2^20 and 2^24 that the definitions allow; 2^k − 1 for Toeplitz, whose length
    /// cryptomite doubles only once then; twice the exponent of a known trinomial for Raz, with cryptomite's number of terms.
    private static let rows = [
        Row(
            id: "deor.2^20", what: "DEOR, n = 1048573, m = n/2",
            shape: .init(kind: .deor, sourceBits: 1_048_573, secondBits: 1_048_573, outputBits: 524_286), goal: 300),
        Row(
            id: "deor.2^24", what: "DEOR, n = 16776989, m = n/2",
            shape: .init(kind: .deor, sourceBits: 16_776_989, secondBits: 16_776_989, outputBits: 8_388_494), goal: 400),
        Row(
            id: "circulant.2^20", what: "circulant, n = 1048572, m = n/2",
            shape: .init(kind: .circulant, sourceBits: 1_048_572, secondBits: 1_048_573, outputBits: 524_286), goal: 300
        ),
        Row(
            id: "toeplitz.2^20", what: "Toeplitz, n = 2^20 − 1, m = n/2",
            shape: .init(kind: .toeplitz, sourceBits: 1_048_575, secondBits: 1_572_861, outputBits: 524_287), goal: 300),
        Row(
            id: "toeplitz.unbalanced", what: "Toeplitz, n = 2^24 − 1, m = 2^12",
            shape: .init(kind: .toeplitz, sourceBits: 16_777_215, secondBits: 16_781_310, outputBits: 4096), goal: nil,
            hasPeer: false),
        Row(
            id: "raz", what: "Raz, n1 = 1513678, m = n1/8",
            shape: .init(
                kind: .raz, sourceBits: 1_513_678, secondBits: 756_839, outputBits: 189_209, parameter: 21), goal: 100),
    ]

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        var rows: [BenchRow] = []
        for row in ExtractionBench.rows { rows.append(try measure(row)) }
        return rows
    }

    private func measure(_ row: Row) throws(BellError) -> BenchRow {
        var dice = Dice(seed: 20)
        let shape = row.shape
        let (source, second) = (packed(shape.sourceBits, &dice), packed(shape.secondBits, &dice))
        let extractor = try Extractor(shape)
        var (output, samples, total) = ([UInt8](), Samples(), 0.0)
        repeat {
            try bench.interruption.check()
            let time = try cpuSeconds { () throws(BellError) in
                let x = try Bits(packed: source, count: shape.sourceBits)
                let y = try Bits(packed: second, count: shape.secondBits)
                output = try extractor.extract(x, y).packed
            }
            samples.add(time)
            total += time
        } while total < 1 || samples.values.count < 3
        let fastest = samples.quantile(0) * 1e6
        var result = BenchRow(
            id: "extract.\(row.id)", what: row.what, value: fastest, unit: .microseconds,
            notes: ["from packed bits to packed bits; CPU time, fastest of \(samples.values.count)"])
        guard row.hasPeer else { return result }
        guard let python = bench.folders.cryptomite else {
            result.notes.append("cryptomite is not measured: it is not installed, or not wanted (see its licence)")
            return result
        }
        let peer = try ask(python, shape, source, second, output)
        result.beside = [.init(name: "cryptomite, same bits", value: peer * 1e6)]
        if let goal = row.goal {
            result.goal = "≥ \(Int(goal)) × faster"
            result.isMet = peer * 1e6 >= goal * fastest
        }
        result.notes.append("cryptomite: \(Unit.digits(peer * 1e6 / fastest)) times as long, the same bits come out")
        return result
    }

    /// cryptomite's seconds; its output must be ours.
    private func ask(
        _ python: String, _ shape: ExtractorShape, _ source: [UInt8], _ second: [UInt8], _ output: [UInt8]
    ) throws(BellError) -> Double {
        let files = ["first", "second", "out"].map { "\(bench.folder)/\($0).bits" }
        try writeFileAtomically(files[0], source)
        try writeFileAtomically(files[1], second)
        defer { for file in files { try? removeFile(file) } }
        let answer = try bench.ask(
            python,
            ["\(bench.folders.peers)/cryptomite_extract.py", shape.kind.rawValue, files[0], files[1]]
                + [shape.sourceBits, shape.secondBits, shape.outputBits].map(String.init) + [files[2]])
        guard let seconds = answer["seconds"]?.doubleValue, try readFile(files[2]) == output else {
            throw BellError(
                .benchDisagreement, "cryptomite and belld extract different bits.",
                at: "\(shape.kind.rawValue) extractor",
                cause: answer.text)
        }
        return seconds
    }

    /// Random bits; the last byte ends with zeros.
    private func packed(_ bits: Int, _ dice: inout Dice) -> [UInt8] {
        var bytes = (0..<(bits + 7) / 8).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        if bits % 8 != 0 { bytes[bits / 8] &= 0xff << UInt8(8 - bits % 8) }
        return bytes
    }
}
