/// A quantity that a calibration file can hold: its name, its unit and what values are possible.
///
/// The tables below are the calibration files' whole vocabulary; another key is an error.
public struct Quantity: Hashable, Sendable {
    /// The key in the file.
    public let name: String
    /// SI spelling; `1` for a plain number, `LSB` for converter codes.
    public let unit: String
    public let range: ClosedRange<Double>
    /// What it is, for the documents and for errors.
    public let meaning: String
    /// Whether a file may leave it out.
    public let isOptional: Bool

    private init(
        _ name: String, _ unit: String, _ range: ClosedRange<Double>, _ meaning: String, optional: Bool = false
    ) {
        self.name = name
        self.unit = unit
        self.range = range
        self.meaning = meaning
        isOptional = optional
    }

    // Of a node: alice.yaml, bob.yaml.

    public static let halfPiAmplitude = Quantity(
        "half_pi_amplitude", "1", 0...1, "amplitude of the π/2 pulse, as a fraction of the channel's full scale")
    public static let halfPiDrag = Quantity(
        "half_pi_drag", "ns", -10...10, "DRAG coefficient β of the π/2 pulse: Q = β dI/dt")
    public static let driveDetuning = Quantity(
        "drive_detuning", "Hz", -1e9...1e9, "carrier offset of the π/2 pulses from the node's frame")
    public static let piAmplitude = Quantity(
        "pi_amplitude", "1", 0...1, "amplitude of the π pulse, as a fraction of the channel's full scale",
        optional: true)
    public static let piDrag = Quantity(
        "pi_drag", "ns", -10...10, "DRAG coefficient β of the π pulse: Q = β dI/dt", optional: true)
    public static let anharmonicity = Quantity(
        "anharmonicity", "Hz", -1e9...1e9, "frequency of |e⟩–|f⟩ minus that of |g⟩–|e⟩", optional: true)
    public static let gatedAmplitudeRatio = Quantity(
        "gated_amplitude_ratio", "1", 0.1...10,
        "amplitude at the qubit through the setting switch over that of the fixed path; the compiler divides by it",
        optional: true)
    public static let gatedPhase = Quantity(
        "gated_phase", "rad", -7...7,
        "phase at the qubit through the setting switch minus that of the fixed path; the compiler subtracts it",
        optional: true)
    public static let emissionAmplitude = Quantity(
        "emission_amplitude", "1", 0...1, "amplitude of the pulse that emits half of the excitation", optional: true)
    public static let absorptionAmplitude = Quantity(
        "absorption_amplitude", "1", 0...1, "amplitude of the pulse that absorbs a photon", optional: true)
    public static let readoutAmplitude = Quantity("readout_amplitude", "1", 0...1, "amplitude of the readout tone")
    public static let readoutAngle = Quantity(
        "readout_angle", "rad", -7...7, "direction in the IQ plane from the cloud of |g⟩ to that of |e⟩")
    public static let readoutThreshold = Quantity(
        "readout_threshold", "LSB", -32_768...32_767, "where on that direction an outcome changes from 0 to 1")
    public static let readoutSeparation = Quantity(
        "readout_separation", "LSB", 0...32_767, "half the distance of the two clouds' centres; a diagnostic")
    public static let readoutFrequency = Quantity(
        "readout_frequency", "Hz", -1e9...1e9, "offset of the readout tone from the readout frame", optional: true)
    public static let readoutWindow = Quantity(
        "readout_window", "ns", 1...1e6, "how long the readout tone is integrated", optional: true)
    public static let readoutErrorGround = Quantity(
        "readout_error_ground", "1", 0...1, "assignment error P(1|g)", optional: true)
    public static let readoutErrorExcited = Quantity(
        "readout_error_excited", "1", 0...1, "assignment error P(0|e)", optional: true)
    public static let readoutNoise = Quantity(
        "readout_noise", "LSB", 0...32_767, "standard deviation of one quadrature of one shot", optional: true)
    public static let t1 = Quantity("t1", "ns", 1...1e9, "decay time of |e⟩", optional: true)
    public static let t2Star = Quantity("t2_star", "ns", 1...1e9, "coherence time seen by Ramsey", optional: true)
    public static let t2Echo = Quantity("t2_echo", "ns", 1...1e9, "coherence time seen by an echo", optional: true)
    public static let halfPiError = Quantity(
        "half_pi_error", "1", 0...1, "error of one π/2 pulse, from randomized benchmarking", optional: true)
    public static let thermalPopulation = Quantity(
        "thermal_population", "1", 0...1, "population of |e⟩ in the undriven qubit", optional: true)
    public static let switchIsolation = Quantity(
        "switch_isolation", "dB", 0...200, "how much the blocking setting switch weakens a drive pulse", optional: true)

    // Of the link: link.yaml.

    public static let linkDelay = Quantity(
        "link_delay", "ns", 0...1e6,
        "from the middle of the emission pulse to the middle of the photon at the far qubit")
    public static let linkPhase = Quantity(
        "link_phase", "rad", -7...7, "phase φ of the state (|eg⟩ + e^{iφ}|ge⟩)/√2 that the link makes")
    public static let linkEfficiency = Quantity(
        "link_efficiency", "1", 0...1, "share of the emitted excitation that the far qubit absorbs", optional: true)
    public static let bellFidelity = Quantity(
        "bell_fidelity", "1", 0...1, "fidelity of the link's state with the Bell state, from tomography", optional: true
    )

    // Of a node's timing: timing.yaml.

    public static let triggerDelay = Quantity(
        "trigger_delay", "ns", 0...1e6, "from the shared pulse's source to the board; without it margins are unknown",
        optional: true)
    public static let triggerJitter = Quantity(
        "trigger_jitter", "ns", 0...1000, "standard deviation of the pulse's arrival at the board")
    public static let rngStart = Quantity(
        "rng_start", "ns", -1000...1000, "from the start tick to the moment the generator begins to sample its noise")
    public static let rngCorrelation = Quantity(
        "rng_correlation", "ns", 0...1000,
        "how far back the sampled noise remembers: the start event is earlier by this")
    public static let rngLatency = Quantity(
        "rng_latency", "ns", 0...10_000, "from the start tick until the bit may be latched")
    public static let switchDelay = Quantity(
        "switch_delay", "ns", 0...10_000, "from the latch tick until the setting switch has moved")
    public static let switchRise = Quantity(
        "switch_rise", "ns", 0...1000, "how fast the setting switch opens: its amplitude follows 1 − e^{−t/rise}",
        optional: true)
    public static let switchLine = Quantity(
        "switch_line", "ns", 0...10_000, "from a drive pulse's tick until its front is at the setting switch")
    public static let driveLine = Quantity(
        "drive_line", "ns", 0...10_000, "from a drive pulse's tick until its front is at the qubit")
    public static let readoutIn = Quantity(
        "readout_in", "ns", 0...10_000, "from the readout's tick until the tone's front is at the resonator")
    public static let readoutOut = Quantity(
        "readout_out", "ns", 0...10_000, "from the resonator to the moment the converter takes the sample")

    // Of the geometry: lab.yaml.

    public static let pathAB = Quantity(
        "bob_bit_to_alice_outcome", "m", 0...1e6,
        "straight line from where bob's bit is born to where alice's outcome is fixed: d_AB")
    public static let pathBA = Quantity(
        "alice_bit_to_bob_outcome", "m", 0...1e6,
        "straight line from where alice's bit is born to where bob's outcome is fixed: d_BA")

    /// What alice.yaml and bob.yaml hold under `values`.
    public static let ofNode = [
        halfPiAmplitude, halfPiDrag, driveDetuning, piAmplitude, piDrag, anharmonicity, gatedAmplitudeRatio, gatedPhase,
        emissionAmplitude, absorptionAmplitude, readoutAmplitude, readoutFrequency, readoutWindow, readoutAngle,
        readoutThreshold, readoutSeparation, readoutNoise, readoutErrorGround, readoutErrorExcited, t1, t2Star, t2Echo,
        halfPiError, thermalPopulation, switchIsolation,
    ]
    /// What link.yaml holds under `values`.
    public static let ofLink = [linkDelay, linkPhase, linkEfficiency, bellFidelity]
    /// What timing.yaml holds under each node's name.
    public static let ofTiming = [
        triggerDelay, triggerJitter, rngStart, rngCorrelation, rngLatency, switchDelay, switchRise, switchLine,
        driveLine, readoutIn, readoutOut,
    ]
    /// What lab.yaml holds under `geometry`.
    public static let ofGeometry = [pathAB, pathBA]
}
