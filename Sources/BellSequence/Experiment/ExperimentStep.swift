/// One item of an experiment's list of operations.
struct ExperimentStep: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case reset(ExperimentNumber)
        case wait(ExperimentNumber)
        case pulse(ExperimentPulse)
        case inputBit(ExperimentNumber)
        case latch
        case readout(ExperimentReadout)
        case stop
        case repeated(times: ExperimentNumber, [ExperimentStep])
        /// Random Clifford gates and the one that undoes them; see ``CliffordSequence``.
        case cliffords(seed: ExperimentNumber, length: ExperimentNumber, gap: ExperimentNumber?)
    }

    /// When an operation begins.
    enum Start: Equatable, Sendable {
        /// At the end of the one above it in the file, or at 0.
        case next
        case at(ExperimentNumber)
        case after(Target)
    }

    /// Another operation of the outermost lists.
    struct Target: Equatable, Sendable {
        /// Nil for the node that plays.
        var node: UInt8?
        var index: Int
        /// Its start instead of its end.
        var isStart: Bool
    }

    var kind: Kind
    /// The kind's word unless the file says otherwise.
    var name: String
    var start: Start
    /// Added to the start.
    var gap: ExperimentNumber?
    var line: Int
}

/// Something that is played on the drive line; what is left out comes from the calibration.
struct ExperimentPulse: Equatable, Sendable {
    enum Form: Equatable, Sendable {
        /// A calibrated rotation by an angle in degrees.
        case rotation(ExperimentNumber?)
        /// A shape of the calibration.
        case named(PulseName)
        /// An envelope of the file's own; the duration is given.
        case own(PulseShape.Envelope)
        case emit
        case absorb
    }

    var form: Form
    var amplitude: ExperimentNumber?
    var scale: ExperimentNumber?
    /// Axis or, for a photon, phase; in degrees.
    var axis: ExperimentNumber?
    /// Added to the axis.
    var turn: ExperimentNumber?
    var detuning: ExperimentNumber?
    var drag: ExperimentNumber?
    var duration: ExperimentNumber?
    var sigma: ExperimentNumber?
    /// Through the setting switch.
    var gated = false
}

/// The tone and its window; what is left out comes from the calibration.
struct ExperimentReadout: Equatable, Sendable {
    var amplitude: ExperimentNumber?
    var frequency: ExperimentNumber?
    var window: ExperimentNumber?
}
