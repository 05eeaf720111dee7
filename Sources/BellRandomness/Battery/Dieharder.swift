/// dieharder (R. G. Brown), a program of its own that reads a file: which of its tests a file suffices for, and what they said.
///
/// It begins a file again when it comes to its end, and then finds defects that are its own doing; so a test is only run on
/// a file with enough bits, and one that has begun it again all the same does not count.
public enum Dieharder {
    /// One of its tests with default parameters.
    public struct Test: Equatable, Sendable {
        /// As `dieharder -d` takes it.
        public let number: Int
        public let name: String
        /// Measured on version 3.31.1 with a counting pipe, and a tenth more: some tests read a varying number.
        public let bits: Int
    }

    /// What is called good in `dieharder -l`; tests it calls suspect or not to be used, and those with many variants of one
    /// test (200 to 202), are left out.
    public static let tests: [Test] = [
        .init(number: 0, name: "diehard birthdays", bits: 490_000_000),
        .init(number: 1, name: "diehard OPERM5", bits: 3_900_000_000),
        .init(number: 2, name: "diehard 32x32 rank", bits: 4_900_000_000),
        .init(number: 3, name: "diehard 6x8 rank", bits: 2_500_000_000),
        .init(number: 4, name: "diehard bitstream", bits: 1_300_000_000),
        .init(number: 8, name: "diehard count the ones, stream", bits: 580_000_000),
        .init(number: 9, name: "diehard count the ones, bytes", bits: 4_900_000_000),
        .init(number: 10, name: "diehard parking lot", bits: 440_000_000),
        .init(number: 11, name: "diehard minimum distance 2d", bits: 410_000_000),
        .init(number: 12, name: "diehard minimum distance 3d", bits: 400_000_000),
        .init(number: 13, name: "diehard squeeze", bits: 8_500_000_000),
        .init(number: 15, name: "diehard runs", bits: 710_000_000),
        .init(number: 16, name: "diehard craps", bits: 5_200_000_000),
        .init(number: 17, name: "Marsaglia and Tsang GCD", bits: 71_000_000_000),
        .init(number: 100, name: "STS monobit", bits: 710_000_000),
        .init(number: 101, name: "STS runs", bits: 710_000_000),
        .init(number: 102, name: "STS serial", bits: 710_000_000),
        .init(number: 204, name: "RGB Kolmogorov-Smirnov", bits: 710_000_000),
        .init(number: 205, name: "byte distribution", bits: 5_800_000_000),
        .init(number: 206, name: "DAB DCT", bits: 810_000_000),
        .init(number: 207, name: "DAB fill tree", bits: 4_400_000_000),
        .init(number: 208, name: "DAB fill tree 2", bits: 1_400_000_000),
        .init(number: 209, name: "DAB monobit 2", bits: 2_700_000_000),
    ]

    /// The level at which dieharder says FAILED: below it, or above its complement.
    public static let level = 1e-6

    /// What is to be given to the program.
    public static func arguments(_ test: Test, file: String) -> [String] {
        ["-d", String(test.number), "-g", "201", "-f", file]
    }

    /// A line for a test that the bits are too few for.
    public static func missing(_ test: Test) -> BatteryLine {
        BatteryLine(
            name: test.name, parameters: "-d \(test.number)", verdict: .insufficientData(wantedBits: test.bits))
    }

    /// A line from what the program printed: one p-value or more, smallest and largest decide.
    ///
    /// - Parameter output: Standard output and error together; bounded by the caller.
    /// - Returns: nil when there is no p-value in it.
    public static func line(_ test: Test, output: String) -> BatteryLine? {
        var pValues: [Double] = []
        var rewound = false
        for row in output.split(separator: "\n") {
            if row.hasPrefix("#") {
                if row.contains("rewound") { rewound = true }
                continue
            }
            let cells = row.split(separator: "|").map { $0.drop(while: \.isWhitespace).prefix { !$0.isWhitespace } }
            guard cells.count == 6, let value = Double(cells[4]), (0...1).contains(value),
                ["PASSED", "WEAK", "FAILED"].contains(cells[5])
            else { continue }
            pValues.append(value)
        }
        guard !pValues.isEmpty else { return nil }
        if rewound { return missing(test) }
        let failed = pValues.contains { $0 < level || $0 > 1 - level }
        let weak = pValues.count { $0 < 0.005 || $0 > 0.995 }
        return BatteryLine(
            name: test.name, parameters: "-d \(test.number)", pValues: pValues, verdict: failed ? .defect : .passed,
            note: weak > 0 && !failed ? "\(weak) of \(pValues.count) p-values are called weak" : "")
    }

    /// The battery `dieharder`.
    public static func report(bits: Int, lines: [BatteryLine]) -> BatteryReport {
        BatteryReport(
            battery: "dieharder", standard: "dieharder 3.31.1, default parameters", bits: bits,
            rule: "a defect is what dieharder calls failed: a p-value below 10^-6 or above 1 - 10^-6", lines: lines,
            remarks: ["an outside judge: a program of its own, which reads the file itself"])
    }
}
