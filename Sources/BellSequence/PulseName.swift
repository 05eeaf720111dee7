/// The pulses whose shapes a node's calibration file holds.
public enum PulseName: String, CaseIterable, Sendable {
    /// The π/2 rotation that the amplitude `half_pi_amplitude` belongs to; other angles scale it.
    case halfPi = "half_pi"
    /// Emits half of the excitation into the link.
    case emission
    /// Absorbs a photon from the link.
    case absorption
}
