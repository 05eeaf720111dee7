public import BellModel
public import BellYAML

/// The truth of a simulated laboratory, as a file says it: what a calibration would like to know.
///
/// - SeeAlso: Calibration/mocklab/profile.yaml.
public struct MockProfile: Equatable, Sendable {
    public var name: String
    public var physics: PhysicsTruth
    public var boards: PerNode<BoardTruth>
    /// The board whose trigger starts the trials; it alone takes START.
    public var triggerMaster: Node
    /// Simulated instruments beside the boards; nothing that they are set to changes the physics yet.
    public var instruments: [MockInstrument] = []
    /// Monitored values beside the physics.
    public var gauges: [GaugeTruth] = []
    /// Which of these numbers change, and how.
    public var drift = DriftPlan()
    /// How the laboratory cheats; nil: not at all.
    public var adversary: Adversary?

    public init(name: String, physics: PhysicsTruth, boards: PerNode<BoardTruth>, triggerMaster: Node = .alice) {
        self.name = name
        self.physics = physics
        self.boards = boards
        self.triggerMaster = triggerMaster
    }

    /// Reads a profile.
    ///
    /// - Throws: Every missing, unknown or impossible key at once, with line and column.
    public init(yaml: YAMLNode) throws(BellError) {
        var reader = YAMLReader(yaml)
        var physics = PhysicsTruth()
        let name = reader.string("name")
        _ = reader.optionalString("description")
        let master = reader.choice("trigger_master", of: Node.allCases.map(\.name))
        physics.link = LinkTruth(reading: reader.mapping("link"))
        var nodes = reader.mapping("nodes")
        let read = PerNode<(NodeTruth, BoardTruth?)> { node in
            let part = nodes.mapping(node.name)
            return (NodeTruth(reading: part), BoardTruth(reading: part))
        }
        var instruments: [MockInstrument] = []
        if var section = reader.optionalMapping("instruments") {
            for (name, entry) in section.mappingEntries() {
                var entry = entry
                instruments.append(
                    MockInstrument(name: name, model: entry.string("model"), serial: entry.string("serial")))
            }
        }
        let gauges = GaugeTruth.all(reading: &reader, instruments: instruments.map(\.name))
        let drift = DriftPlan(reading: &reader)
        let adversary = Adversary.optional(reading: &reader)
        try reader.finish()
        guard let alice = read.alice.1, let bob = read.bob.1 else {
            throw BellError(.yamlValue, "A board's tick rate is not between 1 kHz and 1 THz.", at: yaml.source)
        }
        physics.nodes = read.map { $0.0 }
        physics.pulseDelay = PerNode(alice: 1e-12 * Double(alice.triggerDelay), bob: 1e-12 * Double(bob.triggerDelay))
        self.init(
            name: name, physics: physics, boards: PerNode(alice: alice, bob: bob),
            triggerMaster: Node(name: master) ?? .alice)
        self.instruments = instruments
        self.gauges = gauges
        self.drift = drift
        self.adversary = adversary
    }
}

extension LinkTruth {
    init(reading source: YAMLReader) {
        var reader = source
        self.init()
        efficiency = reader.double("efficiency", in: 0...1)
        phase = reader.double("phase_deg", in: -360...360) / 360
        phaseNoise = reader.double("phase_noise_deg", in: 0...360) * .pi / 180
        delay = reader.double("delay_ns", in: 0...100_000) * 1e-9
        modeWidth = reader.double("mode_width_ns", in: 0.001...1e6) * 1e-9
        isShaped = reader.optionalBool("shaped") ?? false
    }
}

extension NodeTruth {
    init(reading source: YAMLReader) {
        var reader = source
        self.init()
        t1 = reader.double("t1_us", in: 0.001...1e6) * 1e-6
        t2 = reader.double("t2_us", in: 0.001...1e6) * 1e-6
        if t2 > 2 * t1 { reader.fail("t2_us", "T2 cannot be longer than twice T1.") }
        thermal = reader.double("thermal_population", in: 0...0.5)
        rabi = reader.double("rabi_mhz", in: 0...10_000) * 1e6
        detuning = reader.double("detuning_khz", in: -1e6...1e6) * 1e3
        anharmonicity = reader.optionalDouble("anharmonicity_mhz", in: -2000...2000).map { $0 * 1e6 }
        slowDetuning = (reader.optionalDouble("slow_detuning_khz", in: 0...10_000) ?? 0) * 1e3
        mixerGainError = reader.optionalDouble("mixer_gain_error", in: -0.5...0.5) ?? 0
        mixerSkew = (reader.optionalDouble("mixer_skew_deg", in: -45...45) ?? 0) * .pi / 180
        gatedGain = reader.optionalDouble("gated_gain", in: 0...10) ?? 1
        gatedPhase = (reader.optionalDouble("gated_phase_deg", in: -360...360) ?? 0) * .pi / 180
        switchRise = (reader.optionalDouble("switch_rise_ns", in: 0...1000) ?? 0) * 1e-9
        gateIsolation = reader.double("switch_isolation_db", in: 0...200)
        switchDelay = reader.double("switch_delay_ns", in: 0...1000) * 1e-9
        switchLine = reader.double("switch_line_ns", in: 0...1000) * 1e-9
        driveLine = reader.double("drive_line_ns", in: 0...1000) * 1e-9
        readoutIn = reader.double("readout_in_ns", in: 0...1000) * 1e-9
        emitRate = reader.double("emit_rate_mhz", in: 0...1000) * 1e6
        absorbRate = reader.double("absorb_rate_mhz", in: 0...1000) * 1e6
        readout = ReadoutTruth(reading: reader.mapping("readout"))
    }
}

extension ReadoutTruth {
    init(reading source: YAMLReader) {
        var reader = source
        self.init()
        separation = reader.double("separation_codes", in: 0...32_767)
        angle = reader.double("angle_deg", in: -360...360) * .pi / 180
        noise = reader.double("noise_codes", in: 0...32_767)
        window = reader.double("window_ns", in: 0.1...1e6) * 1e-9
        gain = reader.optionalDouble("gain", in: 0...10) ?? 1
        frequency = (reader.optionalDouble("frequency_khz", in: -1e6...1e6) ?? 0) * 1e3
        linewidth = reader.optionalDouble("linewidth_mhz", in: 0.001...1000).map { $0 * 1e6 } ?? .infinity
        shift = (reader.optionalDouble("shift_mhz", in: -1000...1000) ?? 0) * 1e6
        saturation = reader.optionalDouble("saturation", in: 0.001...1000) ?? .infinity
        excitationRate = (reader.optionalDouble("excitation_rate", in: 0...1000) ?? 0) * 1e6
        if linewidth.isFinite && shift == 0 {
            reader.fail("linewidth_mhz", "A resonator tells the levels apart by its shift: shift_mhz is missing or 0.")
        }
    }
}

extension BoardTruth {
    /// Nil when the tick rate is impossible.
    init?(reading source: YAMLReader) {
        var node = source
        var reader = node.mapping("board")
        let hertz = reader.count("tick_rate_hz", in: 1_000...1_000_000_000_000)
        guard let rate = TickRate(numerator: hertz) else { return nil }
        self.init(tickRate: rate)
        ticksPerSample = UInt32(reader.int("ticks_per_sample", in: 1...65_535))
        waveformMemory = UInt32(reader.int("waveform_memory", in: 1...(1 << 20)))
        maxEvents = UInt32(reader.int("max_events", in: 1...65_536))
        spoolTrials = UInt32(reader.int("spool_trials", in: 1...(1 << 20)))
        signs = reader.bool("signs_chunks")
        drift = reader.double("drift_ppb", in: -100_000...100_000) * 1e-9
        startTick = reader.optionalCount("start_tick")
        triggerDelay = UInt64((reader.double("trigger_delay_ns", in: 0...1_000_000) * 1000).rounded())
        triggerJitter = UInt32(reader.int("trigger_jitter_ps", in: 0...100_000))
        rngBias = reader.double("rng_bias", in: 0...0.5)
        let rule = reader.optionalChoice("rng_bias_rule", of: NodeRandomness.Rule.allCases.map(\.rawValue))
        rngRule = rule.flatMap(NodeRandomness.Rule.init) ?? .history
    }
}
