import BellModel
import DriverKit

/// The board's generator, crudely. Health tests proper are BellRandomness's.
enum RandomChecks {
    /// RAW_RNG brings as many bits as were asked for, other ones each time, with clean padding.
    static func count(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        guard try bench.board.hasRNG else {
            let reply = try await bench.probe.ask(.rawRandomRequest(RawRandomRequest(count: 64)))
            guard reply.errorCode == .unsupported else {
                throw BellError(
                    .conformanceViolation,
                    "Without a generator, RAW_RNG_REQUEST is answered with \(reply.summary), not ERROR unsupported.")
            }
            return .passed
        }
        var findings = Findings()
        for wanted: UInt32 in [1, 12, 4_096, 4_001] {
            let payload = try await raw(bench, wanted)
            let size = 8 + (Int(wanted) + 7) / 8
            guard payload.count == size, payload.littleEndian(at: 0) == wanted else {
                findings.add(
                    "RAW_RNG of \(wanted) bits names \(payload.littleEndian(at: 0)) in \(payload.count) bytes.")
                continue
            }
            let unused = (8 - Int(wanted) % 8) % 8
            findings.expect(
                payload[size - 1] & ((1 << unused) - 1) == 0,
                "RAW_RNG of \(wanted) bits has ones in the unused bits of its last byte.")
        }
        let same = try await raw(bench, 4_096) == raw(bench, 4_096)
        findings.expect(!same, "Two requests for 4096 bits bring the same bits.")
        try findings.done()
        return .passed
    }

    /// 65 536 bits are not obviously unhealthy.
    static func health(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        guard try bench.board.hasRNG else { return .skipped("the board has no generator") }
        let count = 65_536
        let payload = try await raw(bench, UInt32(count))
        guard payload.count >= 8 + count / 8 else { return .skipped("the bits did not come, see random.count") }
        let bytes = payload[8..<8 + count / 8]
        var (longest, run, last) = (0, 0, UInt8(2))
        for byte in bytes {
            for place: UInt8 in 0..<8 {
                let bit = byte >> (7 - place) & 1
                run = bit == last ? run + 1 : 1
                last = bit
                longest = max(longest, run)
            }
        }
        // Repetition count test of SP 800-90B, 4.4.1, for a full bit a sample and a false alarm of 2^-40: 41 in a row.
        guard longest <= 41 else {
            throw BellError(.conformanceViolation, "\(longest) equal bits come in a row among \(count).")
        }
        return try judge(ones: bytes.reduce(0) { $0 + $1.nonzeroBitCount }, of: count, what: "bits")
    }

    /// Judges a share of ones: further than eight standard deviations from half is no accident (p < 10^-14).
    static func judge(ones: Int, of count: Int, what: String) throws(BellError) -> CheckOutcome {
        guard count > 0 else { return .skipped("there are no \(what)") }
        let share = Double(ones) / Double(count)
        let limit = 4 / Double(count).squareRoot()
        guard abs(share - 0.5) <= limit else {
            throw BellError(
                .conformanceViolation, "\(ones) of \(count) \(what) are ones.",
                fix: "check the generator and its health tests; a fair one is within "
                    + "\((limit * 100).text(decimals: 1)) % of a half")
        }
        return .passed([.init("ones", 100 * share, "%"), .init("of", Double(count), what)])
    }

    private static func raw(_ bench: BoardBench, _ count: UInt32) async throws(BellError) -> [UInt8] {
        let number = try await bench.probe.post(.rawRandomRequest(RawRandomRequest(count: count)))
        let arrival = try await bench.probe.answer(to: number, for: .rawRandomRequest)
        guard arrival.type == MessageType.rawRandom.rawValue, arrival.payload.count >= 8 else {
            throw BellError(
                .conformanceViolation,
                "RAW_RNG_REQUEST is answered with \(arrival.message?.summary ?? "an unreadable message").")
        }
        return arrival.payload
    }
}

extension [UInt8] {
    /// A u32; 0 past the end.
    func littleEndian(at offset: Int) -> UInt32 {
        guard offset + 4 <= count else { return 0 }
        return (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << UInt32(8 * $1) }
    }
}
