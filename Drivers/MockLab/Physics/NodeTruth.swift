public import BellModel

/// What is true of one node's qubit and electronics; the calibration only estimates it.
///
/// All members have the unit in their comment. The initial value is a perfect node: infinite coherence, no error.
public struct NodeTruth: Equatable, Sendable {
    /// Energy relaxation time in seconds.
    public var t1 = Double.infinity
    /// Decoherence time in seconds, ≤ 2 T1.
    public var t2 = Double.infinity
    /// Excited population after a reset and in equilibrium, 0…½.
    public var thermal = 0.0
    /// Rabi frequency in Hz at full scale of the drive channel.
    public var rabi = 55e6
    /// Qubit frequency minus the node's frame, in Hz.
    public var detuning = 0.0
    /// Frequency of the |e⟩–|f⟩ transition minus that of |g⟩–|e⟩, in Hz; nil: a two-level system.
    public var anharmonicity: Double?
    /// Standard deviation in Hz of the frequency's quasi-static noise: it stays for a trial and differs in the next.
    public var slowDetuning = 0.0
    /// Gain of the mixer's I port over that of its Q port, minus 1.
    public var mixerGainError = 0.0
    /// How far the mixer's I and Q axes are from 90° apart, in radians.
    public var mixerSkew = 0.0
    /// Amplitude at the qubit of the switched path relative to the fixed one.
    public var gatedGain = 1.0
    /// Phase of the switched path relative to the fixed one, in radians.
    public var gatedPhase = 0.0
    /// Time constant of the switch's opening, in seconds: the amplitude follows 1 − e^{−t/τ}.
    public var switchRise = 0.0
    /// How much the blocked setting switch attenuates, in dB of power.
    public var gateIsolation = Double.infinity
    /// Seconds from the gate event until the switch has moved; before that it blocks.
    public var switchDelay = 0.0
    /// Seconds from a pulse's tick until it is at the setting switch.
    public var switchLine = 0.0
    /// Seconds from a pulse's tick until it is at the qubit.
    public var driveLine = 0.0
    /// Seconds from the readout's tick until its tone is at the qubit.
    public var readoutIn = 0.0
    /// Turns a second of the exchange angle between qubit and photon at full scale, when emitting.
    public var emitRate = 5e6
    /// The same when absorbing.
    public var absorbRate = 5e6
    public var readout = ReadoutTruth()

    public init() {}
}

/// What is true of one node's readout chain.
public struct ReadoutTruth: Equatable, Sendable {
    /// Half the distance between the two IQ clouds' centres at full amplitude, in codes.
    public var separation = 6000.0
    /// Direction from the cloud of |g⟩ to that of |e⟩, in radians.
    public var angle = 0.0
    /// Standard deviation of each quadrature, in codes, for a window of `window` seconds; falls with its square root.
    public var noise = 0.0
    /// Seconds.
    public var window = 50e-9
    /// Attenuation and gain drift: scales the signal, not the noise.
    public var gain = 1.0
    /// Offset of the best tone from the readout frame in Hz: in the middle of the resonator's frequencies for |g⟩ and |e⟩.
    public var frequency = 0.0
    /// Full width κ/2π of the resonator in Hz; infinite: no resonator, the clouds are there at once at any frequency.
    public var linewidth = Double.infinity
    /// Dispersive shift χ/2π in Hz: the resonator is at `frequency` − χ, + χ and + 3χ for |g⟩, |e⟩ and |f⟩.
    public var shift = 0.0
    /// Tone amplitude at which the clouds stop growing, of full scale.
    public var saturation = Double.infinity
    /// Rate in 1/s at which a tone of full scale makes the transmon change its level, up and down each; it grows with the
    /// tone's fourth power.
    public var excitationRate = 0.0

    public init() {}
}

/// What is true of the link between the nodes.
public struct LinkTruth: Equatable, Sendable {
    /// Probability that an emitted photon is absorbed when everything else is perfect, 0…1.
    public var efficiency = 1.0
    /// Phase of the photon's way, in turns.
    public var phase = 0.0
    /// Fluctuation of that phase from trial to trial: standard deviation in radians.
    public var phaseNoise = 0.0
    /// Seconds from the middle of the emission to the middle of the photon's arrival.
    public var delay = 0.0
    /// How late or early (seconds) the absorption may be until its efficiency falls to 1/e; infinite: never. With
    /// ``isShaped`` the standard deviation of the response by which the transfer resonators widen the photon; infinite: none.
    public var modeWidth = Double.infinity
    /// Whether the efficiency follows the overlap of the photon's mode with the absorption's waveform.
    public var isShaped = false

    public init() {}
}

/// Everything that the simulated cryostat's physics needs.
public struct PhysicsTruth: Equatable, Sendable {
    public var nodes: PerNode<NodeTruth>
    public var link: LinkTruth
    /// Seconds that the shared trigger pulse needs to each board.
    public var pulseDelay: PerNode<Double>

    /// A perfect laboratory.
    public init() {
        nodes = PerNode(alice: NodeTruth(), bob: NodeTruth())
        link = LinkTruth()
        pulseDelay = PerNode(alice: 0, bob: 0)
    }
}
