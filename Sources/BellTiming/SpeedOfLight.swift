public import BellModel

/// The speed of light in vacuum, and the times that light needs.
public enum SpeedOfLight {
    /// Exact by the definition of the metre (SI Brochure, 9th edition, section 2.3.1).
    public static let metresPerSecond: Int64 = 299_792_458

    /// The longest distance that ``travelTime(metres:)`` takes: nanometres × 1000 then fit 64 bits.
    public static let longestMetres = 1.0e6

    /// Gives the whole picoseconds that light needs, rounded down: never more time than there is.
    ///
    /// The length is first rounded to nanometres (3.3 as), then all is integer: nm · 1000 / 299 792 458.
    /// - Parameter metres: 0 … 10^6; anything else gives nil.
    public static func travelTime(metres: Double) -> Picoseconds? {
        guard metres >= 0, metres <= longestMetres else { return nil }
        let nanometres = Int64((metres * 1e9).rounded())
        return Picoseconds(nanometres * 1000 / metresPerSecond)
    }

    /// Picoseconds that light needs for a metre: 3335.64; for uncertainties, never for a time tag.
    public static let picosecondsPerMetre = 1e12 / Double(metresPerSecond)
}
