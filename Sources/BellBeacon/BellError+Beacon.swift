public import BellModel

extension BellError.Code {
    /// A pulse that is not in the form of docs/beacon.md.
    public static let beaconForm = BellError.Code("beacon.form", exit: .dataIntegrity)
    /// A pulse that contradicts itself, its signature or the pulses before it.
    public static let beaconMismatch = BellError.Code("beacon.mismatch", exit: .dataIntegrity)
    /// A beacon's answer without what was asked for.
    public static let beaconMissing = BellError.Code("beacon.missing", exit: .usage)
    /// The beacon's database contradicts itself.
    public static let beaconCorrupt = BellError.Code("beacon.corrupt", exit: .dataIntegrity)
    /// The beacon's database was written by a newer bellbeacon.
    public static let beaconNewerVersion = BellError.Code("beacon.newer-version", exit: .dataIntegrity)
    /// An option that a beacon cannot have.
    public static let beaconOption = BellError.Code("beacon.option", exit: .usage)
}
