import BellModel
import BellSequence
import BellTiming
import Foundation
import Testing

@Suite("The shipped sequence")
struct CompilerTests {
    static let rabi = PerNode(alice: 55e6, bob: 52e6)
    static let linkPhase = 0.83

    static func s(_ e: [Double], _ pattern: CHSHPattern) -> Double {
        (0..<4).reduce(0) { $0 + Double(pattern.sign(x: $1 >> 1, y: $1 & 1)) * e[$1] }
    }

    @Test("reaches 2√2 in an ideal laboratory, with the minus sign on 11 and on no other pair")
    func tsirelson() throws {
        let compiled = try Shipped().compile()
        let e = TwoQubits.correlations(compiled.programs, rabi: Self.rabi, linkPhase: Self.linkPhase)
        #expect(abs(Self.s(e, .minusOn11) - 2 * 2.0.squareRoot()) < 1e-4)
        for pattern in CHSHPattern.allCases where pattern != .minusOn11 {
            #expect(abs(Self.s(e, pattern)) < 0.01)
        }
    }

    @Test("loses S with a wrong π/2 amplitude", arguments: [0.8, 0.9, 1.1])
    func wrongAmplitude(factor: Double) throws {
        let compiled = try Shipped().compile()
        let rabi = Self.rabi.map { $0 * factor }
        let e = TwoQubits.correlations(compiled.programs, rabi: rabi, linkPhase: Self.linkPhase)
        #expect(Self.s(e, .minusOn11) < 2 * 2.0.squareRoot() - 0.02)
    }

    @Test("loses S with a wrong link phase: the calibration's phase turns bob's axes")
    func wrongPhase() throws {
        let compiled = try Shipped().compile()
        let e = TwoQubits.correlations(compiled.programs, rabi: Self.rabi, linkPhase: Self.linkPhase + .pi / 4)
        #expect(abs(Self.s(e, .minusOn11) - 2) < 0.01)
    }

    @Test("plays π/2 at both nodes, half the photon at alice and all of it at bob")
    func angles() throws {
        let programs = try Shipped().compile().programs
        func turns(_ node: Node, _ kind: ProgramEvent.Kind, _ rate: Double) throws -> Double {
            let event = try #require(programs[node].events.first { $0.kind == kind })
            let waveform = programs[node].waveforms[Int(try #require(event.waveform))]
            let area = waveform.i.reduce(0.0) { $0 + Double($1) / 32_767 } * 0.5e-9
            return rate * area * Double(event.amplitude) / 65_535
        }
        #expect(abs(try turns(.alice, .drive, 55e6) - 0.25) < 2e-5)
        #expect(abs(try turns(.alice, .gatedDrive, 55e6) - 0.25) < 2e-5)
        #expect(abs(try turns(.bob, .drive, 52e6) - 0.25) < 2e-5)
        #expect(abs(try turns(.bob, .gatedDrive, 52e6) - 0.25) < 2e-5)
        #expect(abs(try turns(.alice, .emit, 4e6) - 0.25) < 2e-5)
        #expect(abs(try turns(.bob, .absorb, 3.5e6) - 0.5) < 2e-5)
    }

    @Test("has the ticks that its nanoseconds say")
    func ticks() throws {
        let program = try Shipped().compile().programs.alice
        #expect(program.trialPeriod == 640_000)
        #expect(program.ticksPerSample == 4)
        #expect(program.clockEvery == 64)
        #expect(program.inputBits == .board)
        let ticks = program.events.map { "\($0.kind) \($0.tick)+\($0.duration)" }
        #expect(
            ticks == [
                "reset 0+16000", "emit 16800+1280", "inputBit 20800+136", "drive 20852+96", "gate 20936+0",
                "gatedDrive 20952+96", "readout 21052+400", "stop 21452+0",
            ])
        // The π/2 pulse is stored once.
        #expect(program.waveforms.map(\.i.count).sorted() == [24, 100, 320])
    }

    @Test("turns axes by the sequence's angle, and bob's by the link's phase, too")
    func phases() throws {
        let programs = try Shipped().compile().programs
        func turns(_ node: Node, _ kind: ProgramEvent.Kind) throws -> Double {
            Double(try #require(programs[node].events.first { $0.kind == kind }).phase) / 4_294_967_296
        }
        #expect(try turns(.alice, .drive) == 0)
        #expect(try turns(.alice, .gatedDrive) == 0.75)
        let frame = 0.83 / (2 * Double.pi)
        #expect(abs(try turns(.bob, .drive) + 0.125 - frame) < 1e-9)
        #expect(abs(try turns(.bob, .gatedDrive) - 0.125 - frame) < 1e-9)
    }

    @Test("decides between the calibrated clouds")
    func discriminator() throws {
        let programs = try Shipped().compile().programs
        for (node, angle) in [(Node.alice, 0.31), (.bob, -0.47)] {
            let discriminator = programs[node].discriminator
            let (i, q) = (Int16(5200 * cos(angle)), Int16(5200 * sin(angle)))
            #expect(discriminator.outcome(i: i, q: q) == 1)
            #expect(discriminator.outcome(i: -i, q: -q) == 0)
            #expect(discriminator.threshold == 0)
        }
    }

    @Test("spends at most 107.4 ns a node, and its terms add up to that exactly")
    func budget() throws {
        let compiled = try Shipped().compile()
        for node in Node.allCases {
            let budget = compiled.budgets[node]
            #expect(budget.total <= Picoseconds(107_400))
            #expect(budget.terms.reduce(0) { $0 + $1.cost.count } == budget.total.count)
            #expect(budget.terms.allSatisfy { $0.cost >= .zero })
        }
        #expect(compiled.budgets.alice.total == Picoseconds(106_900))
        #expect(compiled.budgets.bob.total == Picoseconds(107_200))
    }

    @Test("has margins above 5 u, from 32.824 m and the budgets")
    func margins() throws {
        let margins = try Shipped().compile().nominalMargins
        // 32.824 m / 299 792 458 m/s = 109.48907… ns, rounded down.
        #expect(margins.lightAB == Picoseconds(109_489))
        // Bob's pulse comes 100 ps later: 109 489 − (106 800 − 100 + 150) and 109 489 − (107 050 + 100 + 100).
        #expect(margins.ab == Picoseconds(2_639))
        #expect(margins.ba == Picoseconds(2_239))
        #expect(margins.sum == Picoseconds(4_878))
        #expect(margins.k == 5)
        // √(2 · (80² + 30² + 60² + 50² + 50² + 2 · 125²/12)) + 2 · 50 + 5 mm / c, in ps.
        #expect(abs(margins.u - 309.06) < 0.01)
        #expect(Double(try #require(margins.ba).count) > margins.required)
    }

    @Test("gives the audit the offsets from ticks to physical events")
    func survey() throws {
        let stations = try Shipped().compile().survey.stations
        #expect(stations.alice.startOffset == Picoseconds(-100))
        #expect(stations.alice.stopOffset == Picoseconds(25_300))
        #expect(stations.alice.pulseDelay == Picoseconds(152_400))
        #expect(stations.bob.startOffset == Picoseconds(-150))
        #expect(stations.bob.stopOffset == Picoseconds(25_550))
        #expect(stations.bob.pulseDelay == Picoseconds(152_500))
    }

    @Test("begins entanglement before the input bits, and says how long")
    func entanglement() throws {
        let after = try #require(try Shipped().compile().nominalMargins.afterEntanglement)
        // Emission acts at 2114.1 + 152.4 ns; r_A = 2599.9 + 152.4, r_B = 2599.85 + 152.5.
        #expect(after.alice == Picoseconds(485_800))
        #expect(after.bob == Picoseconds(485_850))
    }

    @Test("compiles to equal programs twice")
    func deterministic() throws {
        let first = try Shipped().compile()
        let second = try Shipped().compile()
        #expect(second == first)
        #expect(second.table.json.text == first.table.json.text)
    }

    @Test("plays later where the shared pulse arrives earlier")
    func triggerDelay() throws {
        let path = "\(Shipped.folder)/timing.yaml"
        let compiled = try Shipped().editing(path, "value: 152.5", "value: 162.6").compile()
        // 10.2 ns later, so alice plays 20 samples of 0.5 ns later.
        #expect(compiled.programs.alice.events.first?.tick == 80)
        #expect(compiled.programs.bob.events.first?.tick == 0)
        #expect(compiled.nominalMargins.ab == Picoseconds(2_639 + 100))
    }

    @Test("has unknown margins when a trigger delay was never surveyed, and still checks their sum")
    func unsurveyed() throws {
        let path = "\(Shipped.folder)/timing.yaml"
        let old = "  trigger_delay:   {value: 152.5"
        let shipped = Shipped().editing(path, old, "  #")
        let compiled = try shipped.compile()
        #expect(compiled.nominalMargins.ab == nil)
        #expect(compiled.nominalMargins.sum == Picoseconds(4_878))
        #expect(compiled.survey.hasClockOffset == false)
        #expect(compiled.table.text.contains("margins are unknown"))
        let failures = shipped.sequence("window_ns: 50", "window_ns: 60").failures
        #expect(failures.map(\.code) == [.sequenceLocality])
        #expect(failures.first?.what.contains("whatever the clocks' offset") == true)
    }
}
