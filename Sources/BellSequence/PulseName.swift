/// The pulses whose shapes a node's calibration file holds.
public enum PulseName: String, CaseIterable, Sendable {
    /// The π/2 rotation that the amplitude `half_pi_amplitude` belongs to; other angles scale it.
    case halfPi = "half_pi"
    /// The π rotation that the amplitude `pi_amplitude` belongs to; a file without it uses the shape of the π/2 rotation.
    case pi
    /// Emits half of the excitation into the link.
    case emission
    /// Absorbs a photon from the link.
    case absorption
}
