import BellModel
import Glibc

/// How a node's rotations become tones: the carrier's offset, the frame's phase, and what the switched path changes.
struct DriveFrame {
    /// Hz from the node's frame.
    let detuning: Double
    /// Added to every axis, in turns.
    let turns: Double
    /// Amplitude at the qubit through the setting switch over that of the fixed path; > 0.
    let gatedRatio: Double
    /// Extra phase of the switched path, in turns.
    let gatedTurns: Double

    /// - Parameter absorbs: Whether the node absorbs a photon: its |e⟩ then carries the link's phase e^{iφ}, and its axes
    ///   turn by φ.
    /// - Throws: `calibration.missing`.
    init(_ node: Node, _ calibration: CalibrationSet, absorbs: Bool) throws(BellError) {
        let values = calibration.nodes[node].values
        detuning = try values.required(.driveDetuning).value
        turns = absorbs ? try calibration.link.required(.linkPhase).value / (2 * .pi) : 0
        gatedRatio = values[.gatedAmplitudeRatio]?.value ?? 1
        gatedTurns = (values[.gatedPhase]?.value ?? 0) / (2 * .pi)
    }

    /// The event's phase for an axis in turns.
    @inline(__always)
    func phase(axis: Double, gated: Bool) -> UInt32 {
        ProgramWriter.phase(axis + turns - (gated ? gatedTurns : 0))
    }

    /// The event's detuning in millihertz, with something added in Hz.
    @inline(__always)
    func millihertz(adding offset: Double = 0) -> Int64 { Int64(((detuning + offset) * 1000).rounded()) }
}

extension CalibrationSet {
    /// The line in the IQ plane that decides a node's outcomes.
    ///
    /// - Throws: `calibration.missing`.
    func discriminator(_ node: Node) throws(BellError) -> Discriminator {
        let values = nodes[node].values
        let angle = try values.required(.readoutAngle).value
        let threshold = try values.required(.readoutThreshold).value
        // Weights are Q15, so the weighted sum is the projection on the direction times 32767.
        return Discriminator(
            weightI: Int16((cos(angle) * 32_767).rounded()), weightQ: Int16((sin(angle) * 32_767).rounded()),
            threshold: Int32((threshold * 32_767).rounded()))
    }

    /// Offset of a node's readout tone from its frame, in millihertz.
    func readoutDetuning(_ node: Node) -> Int64 {
        Int64(((nodes[node].values[.readoutFrequency]?.value ?? 0) * 1000).rounded())
    }
}
