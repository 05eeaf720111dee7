public import BellModel
import Glibc

extension GroundTruth {
    /// The largest S that the truth allows for the sequence of compiled programs, and programs that reach it.
    ///
    /// Everything that a calibration decides is set to its true value and then improved by search: amplitudes, DRAG
    /// coefficients and carriers of the drive pulses, the switched path's amplitude and phase, the exchange pulses'
    /// amplitudes, the absorption's moment, the link's phase, tone, direction and threshold of the readout. The order of
    /// operations, their times and their envelopes stay. All drive pulses are taken to be π/2 rotations or, by their
    /// amplitudes, multiples of the first one. About two seconds.
    public func largestS(
        of programs: PerNode<NodeProgram>, minusOn: Int = 3
    ) -> (s: Double, programs: PerNode<NodeProgram>) {
        let tuning = BellTuning(programs: programs, truth: physics)
        let start = tuning.start
        let s = { (knobs: [Double]) -> Double in
            let played = tuning.programs(knobs)
            return BellPhysics(programs: PerNode(alice: played.alice, bob: played.bob), truth: physics)
                .sValue(minusOn: minusOn)
        }
        // S over the link's phase is a sinusoid: the search begins at its best eighth.
        let eighths = (0..<8).map { eighth in
            var knobs = start
            knobs[tuning.linkPhase] = 2 * .pi * Double(eighth) / 8
            return (knobs, s(knobs))
        }
        let best = eighths.reduce((start, -4.0)) { $1.1 > $0.1 ? $1 : $0 }
        // Losses put the best exchange pulses several reaches beside a quarter and a half turn.
        let near = ParabolaSearch(reach: tuning.reach.map { 5 * $0 }, rounds: 5).maximum(from: best.0, of: s)
        let found = ParabolaSearch(reach: tuning.reach, rounds: 5).maximum(from: near.point, of: s)
        return (found.value, tuning.programs(found.point))
    }
}

/// Programs as a function of what a calibration decides.
struct BellTuning {
    private let given: PerNode<NodeProgram>
    private let truth: PhysicsTruth

    /// Of each node, from here: amplitude, DRAG β in ns, carrier in Hz, and amplitude and phase of the switched path.
    private static func place(_ node: Node) -> Int { node == .alice ? 0 : 5 }
    let linkPhase = 10
    private static let exchange = 11

    /// Factors on the given programs begin with 1 when the truth has no say.
    let start: [Double]
    let reach: [Double]

    init(programs: PerNode<NodeProgram>, truth: PhysicsTruth) {
        self.truth = truth
        var programs = programs
        var start: [Double] = []
        var reach: [Double] = []
        for node in Node.allCases {
            let own = truth.nodes[node]
            BellTuning.tuneReadout(&programs[node], truth: truth, node: node)
            let first = programs[node].first(.drive) ?? programs[node].first(.gatedDrive)
            var amplitude = 1.0
            if let first, let area = BellTuning.area(first, programs[node]), own.rabi > 0 {
                amplitude = 0.25 / (own.rabi * area)
            }
            start += [
                amplitude, own.anharmonicity.map { -0.5e9 / (2 * .pi * $0) } ?? 0, own.detuning,
                1 / max(own.gatedGain, 1e-3),
                -own.gatedPhase,
            ]
            reach += [0.01 * amplitude, own.anharmonicity == nil ? 0 : 0.1, 20e3, 0.01, 0.02]
        }
        start.append(0)
        reach.append(0.05)
        // Emission of half the excitation is a quarter turn, absorption of a photon half a turn.
        for kind in [ProgramEvent.Kind.emit, .absorb] {
            for node in Node.allCases {
                let rate = kind == .emit ? truth.nodes[node].emitRate : truth.nodes[node].absorbRate
                let event = programs[node].first(kind)
                let area = event.flatMap { BellTuning.area($0, programs[node]) } ?? 0
                let turns = kind == .emit ? 0.25 : 0.5
                start.append(rate * area > 0 ? turns / (rate * area) : 1)
                reach.append(event == nil ? 0 : 0.02)
            }
        }
        BellTuning.tuneDelay(&programs, truth: truth)
        given = programs
        self.start = start
        self.reach = reach
    }

    /// Seconds of full scale that an event's envelope has at full amplitude.
    private static func area(_ event: ProgramEvent, _ program: NodeProgram) -> Double? {
        var event = event
        event.amplitude = .max
        let tick = 1 / program.tickRate.hertz
        let size = Envelope(
            event: event, program: program, sample: tick * Double(program.ticksPerSample), tick: tick
        ).integral.size
        return size > 0 ? size : nil
    }

    private static func tuneReadout(_ program: inout NodeProgram, truth: PhysicsTruth, node: Node) {
        guard let place = program.events.firstIndex(where: { $0.kind == .readout }) else { return }
        let window = Double(program.events[place].duration) / program.tickRate.hertz
        let best = GroundTruth(truth).readout(node, window: window)
        program.discriminator = Discriminator(angle: best.angle, threshold: best.threshold)
        program.events[place].detuning = Int64((1000 * best.frequency).rounded())
        program.events[place].amplitude = UInt16((65_535 * best.amplitude).rounded())
    }

    /// Puts the absorption's middle where the photon's is.
    private static func tuneDelay(_ programs: inout PerNode<NodeProgram>, truth: PhysicsTruth) {
        let given = programs
        let moment = { (event: ProgramEvent, node: Node) -> Double in
            let middle = Double(event.tick) + 0.5 * Double(event.duration)
            return truth.pulseDelay[node] + truth.nodes[node].driveLine + middle / given[node].tickRate.hertz
        }
        for node in Node.allCases {
            guard let sent = programs[node].first(.emit),
                let place = programs[node.other].events.firstIndex(where: { $0.kind == .absorb })
            else { continue }
            let late = moment(programs[node.other].events[place], node.other) - moment(sent, node) - truth.link.delay
            let ticks = Int64((late * programs[node.other].tickRate.hertz).rounded())
            let tick = Int64(programs[node.other].events[place].tick) - ticks
            programs[node.other].events[place].tick = UInt32(clamping: tick)
        }
    }

    func programs(_ knobs: [Double]) -> PerNode<NodeProgram> {
        PerNode { node in
            var program = given[node]
            let own = Array(knobs[BellTuning.place(node)..<BellTuning.place(node) + 5])
            let absorbs = program.first(.absorb) != nil
            let reference = (program.first(.drive) ?? program.first(.gatedDrive))?.amplitude ?? 1
            var shaped: [UInt16: UInt16] = [:]
            for place in program.events.indices {
                var event = program.events[place]
                switch event.kind {
                case .drive, .gatedDrive:
                    let isGated = event.kind == .gatedDrive
                    let ratio = Double(event.amplitude) / Double(max(reference, 1))
                    let amplitude = own[0] * ratio * (isGated ? own[3] : 1)
                    event.amplitude = BellTuning.code(amplitude)
                    let turn = (isGated ? own[4] : 0) + (absorbs ? knobs[linkPhase] : 0)
                    event.phase = event.phase &+ BellTuning.turn(turn)
                    event.detuning = Int64((1000 * own[2]).rounded())
                    event.waveform = event.waveform.map { old in
                        if let known = shaped[old] { return known }
                        let made = UInt16(clamping: program.waveforms.count)
                        program.waveforms.append(BellTuning.shaped(program.waveforms[Int(old)], drag: own[1], program))
                        shaped[old] = made
                        return made
                    }
                case .emit: event.amplitude = BellTuning.code(knobs[BellTuning.exchange + (node == .alice ? 0 : 1)])
                case .absorb: event.amplitude = BellTuning.code(knobs[BellTuning.exchange + (node == .alice ? 2 : 3)])
                default: break
                }
                program.events[place] = event
            }
            return program
        }
    }

    private static func code(_ amplitude: Double) -> UInt16 { UInt16(min(max(amplitude, 0), 1) * 65_535 + 0.5) }

    private static func turn(_ angle: Double) -> UInt32 {
        UInt32(truncatingIfNeeded: Int64((angle / (2 * .pi) * 4_294_967_296).rounded()))
    }

    /// I as it was, and Q = β dI/dt from differences of I.
    private static func shaped(_ waveform: Waveform, drag: Double, _ program: NodeProgram) -> Waveform {
        let sample = 1e9 * Double(program.ticksPerSample) / program.tickRate.hertz
        let i = waveform.i.map(Double.init)
        let q = i.indices.map { place -> Int16 in
            let (low, high) = (max(place - 1, 0), min(place + 1, i.count - 1))
            let slope = high > low ? (i[high] - i[low]) / (Double(high - low) * sample) : 0
            return Int16(min(max(drag * slope, -32_767), 32_767).rounded())
        }
        return Waveform(i: waveform.i, q: q)
    }
}
