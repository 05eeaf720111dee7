import BellModel

/// Whether what is left of a campaign fits on the disk.
extension GateWatch {
    /// Room that must be left beside what the campaign needs: other programs write, too. 256 MiB.
    static let reserve = 256.0 * 1024 * 1024

    /// Whether the rest of a campaign fits on the disk.
    ///
    /// - Parameters:
    ///   - free: Bytes.
    ///   - left: Trials that are still to come.
    ///   - bytesPerTrial: As stored so far in this campaign; nil before the first trial.
    public static func disk(free: UInt64, left: UInt64, bytesPerTrial: Double?) -> GateFinding? {
        let each = bytesPerTrial ?? usualBytesPerTrial
        let needed = Double(left) * each
        guard Double(free) < needed + reserve else { return nil }
        return GateFinding(
            gate: "disk", action: .suspend,
            reason: "the disk has \(megabytes(Double(free))) free; the \(left) trials that are left need "
                + "\(megabytes(needed)), and \(megabytes(reserve)) must stay free")
    }

    /// Two nodes' records of 32 bytes and a status byte; compression only makes it less.
    static let usualBytesPerTrial = 65.0

    private static func megabytes(_ bytes: Double) -> String {
        bytes < 1e15 ? "\(Int(bytes / 1_048_576)) MiB" : "\(bytes) B"
    }
}
