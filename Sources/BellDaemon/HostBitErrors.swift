import BellModel
import BellRandomness

extension BellError.Code {
    /// A host source of input bits is wrong, empty or silent.
    static let hostBits = BellError.Code("host-bits.source", exit: .hardware)
    /// The bits of a host source failed a health test.
    static let hostBitsHealth = BellError.Code("host-bits.health", exit: .hardware)
    /// A plan names a host source that does not exist.
    static let hostBitsAddress = BellError.Code("host-bits.address", exit: .usage)
}

extension BellError {
    /// Too few bits came.
    static func hostBits(_ name: String, cause: String, fix: String? = nil) -> BellError {
        BellError(
            .hostBits, "The host's source of input bits gave too few bits.", at: name, cause: cause,
            state: "no trial was started with missing bits",
            fix: fix ?? "check the source; the campaign goes on by itself")
    }

    /// A tty that was there has gone.
    static func hostBitsUnplugged(_ name: String, cause: String) -> BellError {
        BellError(
            .hostBits, "The host's source of input bits is unplugged.", at: name, cause: cause,
            state: "no trial was started with missing bits",
            fix: "plug it in again; it is opened by the same path and the campaign goes on by itself")
    }

    /// A stream failed a health test.
    static func hostBitsHealth(
        _ name: String, _ failure: HealthFailure, _ monitor: HealthMonitor, isPersistent: Bool
    ) -> BellError {
        let policy = monitor.policy
        return BellError(
            .hostBitsHealth, "The host's source of input bits failed the \(failure.test.rawValue) test.", at: name,
            cause: "bit \(failure.position) since it was opened: \(failure.text(monitor.cutoffs))",
            state: isPersistent
                ? "\(policy.alarms) alarms within \(policy.span) bits: the source is out of use; no trial was started with those bits"
                : "alarm \(monitor.alarms): the bits not handed out yet are dropped; no trial was started with them",
            fix: isPersistent
                ? "repair or replace the source, then run `bellctl campaign resume`"
                : "check the source; the campaign goes on by itself after \(HealthMonitor.Policy.startupSamples) fresh bits that pass"
        )
    }

    /// A file failed a health test.
    static func hostBitsHealth(file name: String, _ failure: HealthFailure, _ cutoffs: HealthCutoffs) -> BellError {
        BellError(
            .hostBitsHealth, "The host's source of input bits failed the \(failure.test.rawValue) test.", at: name,
            cause: "bit \(failure.position) of the file: \(failure.text(cutoffs))",
            state: "no trial was started with those bits",
            fix: "find out what wrote them; stop the campaign and start one with new files")
    }
}

extension HealthFailure {
    /// The count beside its cutoff and where that comes from; never a bit's value.
    fileprivate func text(_ cutoffs: HealthCutoffs) -> String {
        let counted =
            switch test {
            case .repetitionCount: "\(count) equal bits in a row, \(cutoffs.repetition) are too many"
            case .adaptiveProportion:
                "\(count) of \(cutoffs.window) bits equal the window's first, \(cutoffs.proportion) are too many"
            }
        let h = (cutoffs.minEntropy * 1e4).rounded() / 1e4
        return "\(counted) (SP 800-90B, H = \(h) a bit, alpha = 2^-\(Int(cutoffs.falseAlarmExponent)))"
    }
}
