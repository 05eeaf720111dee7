import BellModel
import BellSequence
import Testing

@Suite("The compiler refuses")
struct RefusalTests {
    /// A change to the shipped sequence and what must be said about it.
    struct Case: Sendable, CustomTestStringConvertible {
        let old: String
        let new: String
        let code: BellError.Code
        /// Parts of the error's text.
        let says: [String]
        var testDescription: String { "\(old) → \(new)" }
    }

    static let cases = [
        Case(
            old: "gap_ns: 6.5, axis_deg: 0", new: "gap_ns: 6.6, axis_deg: 0", code: .sequenceGrid,
            says: [
                "bell-chsh.yaml:20 alice/rotation", "2606.6 ns", "0.1 ns after the nearest sample", "write 2606.5 ns",
            ]),
        Case(
            old: "{at_ns: 2600, duration_ns: 17}", new: "{at_ns: 2600.05, duration_ns: 17}", code: .sequenceGrid,
            says: ["2600.05 ns", "0.05 ns after the nearest tick", "write 2600.0 ns"]),
        Case(
            old: "trial_period_ns: 80000 ", new: "trial_period_ns: 80000.3 ", code: .sequenceGrid,
            says: ["bell-chsh.yaml:11 trial_period_ns", "The trial period", "0.2 ns before the nearest sample"]),
        Case(
            old: "window_ns: 50}", new: "window_ns: 50.2}", code: .sequenceGrid,
            says: ["The duration of alice/readout", "50.2 ns", "0.2 ns after the nearest sample"]),
        Case(
            old: "latch:          {after: input_bit}", new: "latch:          {after: input_bit, gap_ns: -1}",
            code: .sequenceOrder, says: ["latches the bit 0.9 ns before", "rng_latency is 16.9 ns", "≥ 1.0 ns later"]),
        Case(
            old: "gap_ns: 2, axis_deg: -90", new: "gap_ns: 0, axis_deg: -90", code: .sequenceOrder,
            says: [
                "alice/gated_rotation reaches the setting switch 1.6 ns before it has moved", "switch_delay is 3.2 ns",
                "≥ 2.0 ns later",
            ]),
        Case(
            old: "gap_ns: 0.5, window_ns: 50}", new: "gap_ns: 0, window_ns: 50}", code: .sequenceOrder,
            says: ["alice/readout has its tone at the resonator 0.4 ns before alice/gated_rotation", "≥ 0.5 ns later"]),
        Case(
            old: "gap_ns: 6.5, axis_deg: 0", new: "gap_ns: 8, axis_deg: 0", code: .sequenceOrder,
            says: ["alice/gated_rotation begins 1.0 ns before alice/rotation (line 20)", "lasts 12.0 ns"]),
        Case(
            old: "- stop:           {after: readout}", new: "- stop:           {after: readout, gap_ns: -4}",
            code: .sequenceOrder, says: ["tags the stop event 4.0 ns before the readout window ends"]),
        Case(
            old: "alice.emit.start, gap_ns: 70", new: "alice.emit.start, gap_ns: 200", code: .sequenceOrder,
            says: ["bob/absorb begins 50.3 ns after the photon's front has arrived", "link_delay 150.0 ns"]),
        Case(
            old: "alice.emit.start, gap_ns: 70", new: "alice.emit.start, gap_ns: -20", code: .sequenceOrder,
            says: ["bob/absorb ends 9.7 ns before the photon's tail arrives"]),
        Case(
            old: "    - absorb:         {after: alice.emit.start, gap_ns: 70}\n", new: "", code: .sequenceOperations,
            says: ["alice/emit has no counterpart: bob has no absorb"]),
        Case(
            old: "    - stop:           {after: readout}\n", new: "", code: .sequenceOperations,
            says: ["alice has no stop", "bob has no stop"]),
        Case(
            old: "trial_period_ns: 80000", new: "trial_period_ns: 2500", code: .sequenceLimits,
            says: ["past the trial period of 2500.0 ns", "bell-chsh.yaml:11"]),
        Case(
            old: "axis_deg: -90}", new: "axis_deg: -90, angle_deg: 180}", code: .sequenceAmplitude,
            says: ["alice/gated_rotation needs 1.515 of the channel's full scale", "half_pi_amplitude is 0.757576"]),
        Case(
            old: "latch:          {after: input_bit}", new: "latch:          {after: input_bits}",
            code: .sequenceReference, says: ["alice has no operation \"input_bits\"", "did you mean \"input_bit\"?"]),
        Case(
            old: "{at_ns: 2600, duration_ns: 17}", new: "{after: stop.start, gap_ns: -81.5, duration_ns: 17}",
            code: .sequenceReference, says: ["in a circle", "alice/input_bit → "]),
        Case(
            old: "gap_ns: 0.5, window_ns: 50}", new: "gap_ns: -5000, window_ns: 50}", code: .sequenceReference,
            says: ["would start at -", "check gap_ns"]),
    ]

    @Test("what cannot be played, with place and remedy", arguments: cases)
    func refuses(_ test: Case) {
        let failures = Shipped().sequence(test.old, test.new).failures
        #expect(failures.contains { $0.code == test.code }, "\(failures)")
        let text = failures.map(\.description).joined(separator: "\n")
        for part in test.says { #expect(text.contains(part), "\(part) is not in\n\(text)") }
        #expect(failures.allSatisfy { $0.code.exit == .usage && $0.place != nil })
    }

    @Test("a readout that light overtakes, in these words")
    func golden() {
        let failures = Shipped().sequence("window_ns: 50}", "window_ns: 51}").failures
        let text = failures.map(\.description).joined(separator: "\n")
        #expect(
            text == """
                error: The margin m_BA = 1.239 ns does not exceed k·u = 1.55 ns: bob's outcome is fixed too late for \
                light from alice's input bit (109.489 ns).
                  where: Sequences/bell-chsh.yaml:33 bob/readout
                  cause: bob spends 108.2 ns from start event to stop event: generator start and correlation 0.15 ns \
                (line 29) + random bit until the latch 17.0 ns (line 29) + setting switch moves 3.1 ns (line 30) + wait \
                at the switch 0.4 ns (line 32) + line, switch to qubit 12.8 ns (line 32) + gated rotation 12.0 ns \
                (line 32) + wait before the tone 0.0 ns (line 33) + readout window 51.0 ns (line 33) + line, resonator \
                to converter 11.75 ns (line 33) + wait before the stop tag 0.0 ns (line 34); u = 0.309 ns, k = 5
                  fix:   readout window costs 51.0 ns; shorten by ≥ 0.5 ns
                """)
    }

    @Test("both directions at once")
    func bothDirections() {
        let failures = Shipped().sequence("window_ns: 50}", "window_ns: 60}").failures
        #expect(failures.map(\.code) == [.sequenceLocality, .sequenceLocality])
        #expect(failures.map { $0.fix ?? "" }.allSatisfy { $0.contains("readout window costs 60.0 ns; shorten by ≥ ") })
        #expect(failures.first?.place == "Sequences/bell-chsh.yaml:22 alice/readout")
    }

    @Test("a larger k than the margins have, and accepts the largest that they have", arguments: [7.2, 7.3])
    func largerK(k: Double) {
        var shipped = Shipped()
        shipped.k = k
        // 2239 ps / 309.06 ps = 7.24.
        #expect(shipped.failures.isEmpty == (k < 7.24))
    }

    @Test("nothing for locality when the host feeds the bits, and says that locality is assumed")
    func hostBits() throws {
        var shipped = Shipped().sequence("window_ns: 50}", "window_ns: 500}")
        shipped.inputBits = .host
        let compiled = try shipped.compile()
        #expect(compiled.assumesLocality)
        #expect(compiled.programs.bob.inputBits == .host)
        #expect(compiled.table.text.contains("locality is assumed"))
    }

    @Test("every failure in one pass")
    func everything() {
        let failures = Shipped().sequence("window_ns: 50}", "window_ns: 50.2}")
            .sequence("gap_ns: 2, axis_deg: -90", "gap_ns: 0, axis_deg: -90").failures
        #expect(failures.filter { $0.code == .sequenceGrid }.count == 2)
        #expect(failures.filter { $0.code == .sequenceOrder }.count >= 1)
    }

    @Test("what a board cannot hold")
    func limits() throws {
        var shipped = Shipped()
        let typical = BoardLimits.typical
        var small = typical
        small.waveformMemory = 400
        shipped.limits = PerNode(alice: small, bob: typical)
        #expect(shipped.failures.map(\.code) == [.sequenceLimits])
        #expect(shipped.failures.first?.what == "alice's waveforms have 444 samples; its board holds 400.")
        #expect(shipped.failures.first?.cause?.contains("alice/emit (line 17): 160.0 ns") == true)
        small = typical
        small.maxEvents = 7
        shipped.limits = PerNode(alice: typical, bob: small)
        #expect(shipped.failures.first?.what == "bob has 8 operations; its board holds 7 events.")
        small = typical
        small.waveformMemory = 50
        shipped.limits = PerNode(alice: small, bob: typical)
        #expect(shipped.failures.contains { $0.what == "alice/readout has 100 samples; the board's memory holds 50." })
        shipped.limits = PerNode(alice: typical, bob: typical)
        #expect(shipped.failures.isEmpty)
    }

    @Test("another sample rate that the times do not fit, and says how far off each is")
    func otherRate() throws {
        var shipped = Shipped()
        var odd = BoardLimits.typical
        odd.tickRate = try #require(TickRate(numerator: 2_400_000_000))
        odd.ticksPerSample = 1
        shipped.limits = PerNode(alice: odd, bob: .typical)
        let failures = shipped.failures
        #expect(failures.allSatisfy { $0.code == .sequenceGrid || $0.code == .sequenceOrder })
        // 17 ns are 40.8 ticks of 0.41667 ns: 0.0833 ns short of 41.
        #expect(
            failures.contains {
                $0.what == "The duration of alice/input_bit, 17.0 ns, is 0.0833 ns before the nearest tick of "
                    + "alice's board."
            })
    }
}
