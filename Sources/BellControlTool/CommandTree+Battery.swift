import BellCommandLine

extension CommandTree {
    static let testRandomness = command(
        "test-randomness", "Look for defects in packed bits with batteries of statistical tests.",
        """
        Bits are packed, the first one in a byte's highest place. A battery finds defects and never certifies: docs/batteries.md \
        says what each test looks for, the registered rule, and what a pass does not mean. Ends with 1 when a defect was found; \
        with 0 when none was, also when data are insufficient: read the verdict.
        """,
        [
            value("battery", "NAME", "Which battery.", default: "all", allowed: BatteryTable.names),
            value("bits", "N", "Test only the first N bits."),
            value("stream-bits", "N", "Bits a stream of sp800-22: 2^a · 5^b, at least 10^6.", default: "1000000"),
            value("symbol-bits", "N", "Bits a sample of sp800-90b-iid and sp800-90b-non-iid, 1...8.", default: "1"),
            value("level", "P", "Joint level of each battery's rule.", default: "0.001"),
            value("threads", "N", "At most N threads; else as many as there are processors."),
            value("report", "FILE", "Write everything as JSON."),
            value("html", "FILE", "Write a page with plots that stands alone."),
        ],
        positionals: [PositionalSpec(name: "FILE|-", summary: "Packed bits, or - for stdin.")])
}
