import BellModel
import DriverKit
import Testing
import TestSupport

@Suite("Programs as bytes")
struct NodeProgramCodecTests {
    @Test("programs made at random come back equal, and equal programs have equal bytes")
    func roundTrip() throws {
        var random = SplitMix(seed: 7)
        for _ in 0..<200 {
            var program = try Fixture.program()
            program.node = Bool.random(using: &random) ? .alice : .bob
            program.inputBits = Bool.random(using: &random) ? .board : .host
            program.waveforms = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                let samples = Int.random(in: 0...40, using: &random)
                return Waveform(
                    i: (0..<samples).map { _ in Int16.random(in: .min ... .max, using: &random) },
                    q: (0..<samples).map { _ in Int16.random(in: .min ... .max, using: &random) })
            }
            var tick: UInt32 = 0
            program.events = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                tick += UInt32.random(in: 0...1000, using: &random)
                let waveform = program.waveforms.indices.randomElement(using: &random).map { UInt16($0) }
                return ProgramEvent(
                    kind: ProgramEvent.Kind.allCases.randomElement(using: &random) ?? .reset, tick: tick,
                    duration: UInt32.random(in: 0...1000, using: &random), waveform: waveform,
                    amplitude: UInt16.random(in: 0 ... .max, using: &random),
                    phase: UInt32.random(in: 0 ... .max, using: &random),
                    detuning: Int64.random(in: .min ... .max, using: &random))
            }
            let bytes = program.encoded()
            #expect(try NodeProgram(decoding: bytes) == program)
            #expect(program.encoded() == bytes)
        }
    }

    @Test("a program cut anywhere, or with a byte more, is refused")
    func cut() throws {
        let bytes = try Fixture.program().encoded()
        for count in 0..<bytes.count {
            #expect(throws: FrameError.self, "\(count) bytes") { try NodeProgram(decoding: bytes.prefix(count)) }
        }
        #expect(throws: FrameError.self) { try NodeProgram(decoding: bytes + [0]) }
    }

    static let broken: [(String, @Sendable (inout NodeProgram) -> Void)] = [
        ("order of the events", { $0.events.swapAt(0, 2) }),
        ("waveform", { $0.events[1].waveform = 1 }),
        ("event duration", { $0.events[2].duration = .max }),
        ("trial period", { $0.trialPeriod = 0 }),
        ("clock interval", { $0.clockEvery = 0 }),
        ("ticks per sample", { $0.ticksPerSample = 0 }),
    ]

    @Test("what no board could play is refused, naming the field", arguments: broken.indices)
    func refused(place: Int) throws {
        let (field, change) = NodeProgramCodecTests.broken[place]
        var program = try Fixture.program()
        change(&program)
        #expect(throws: FrameError.badPayload(type: 2, field: field)) { try NodeProgram(decoding: program.encoded()) }
    }

    @Test("a waveform that claims 4 billion samples is refused without being made")
    func hugeWaveform() throws {
        var bytes = try Fixture.program().encoded()
        bytes.replaceSubrange(56..<60, with: [255, 255, 255, 255])
        #expect(throws: FrameError.badPayload(type: 2, field: "waveform size")) { try NodeProgram(decoding: bytes) }
    }

    static let limits: [(String, @Sendable (inout Capabilities) -> Void)] = [
        ("it is for alice, the board is bob's", { $0.node = .bob }),
        ("it is for 4 ticks a sample, the board has 8", { $0.ticksPerSample = 8 }),
        ("its waveforms have 2 samples, the board's memory 1", { $0.waveformMemory = 1 }),
        ("it has 3 events, the board takes 2", { $0.maxEvents = 2 }),
        ("it takes the board's input bits, the board has no generator", { $0.hasRNG = false }),
        ("it has 164 bytes, the board takes 163", { $0.maxFrame = 163 }),
    ]

    @Test("a program over a board's limit says which, with both numbers", arguments: limits.indices)
    func limit(place: Int) throws {
        let (text, change) = NodeProgramCodecTests.limits[place]
        var board = try Fixture.capabilities()
        board.node = .alice
        #expect(try Fixture.program().problem(for: board) == nil)
        change(&board)
        #expect(try Fixture.program().problem(for: board) == text)
    }
}
