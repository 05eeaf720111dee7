import BellModel

extension RoutineStep {
    /// A check's end: what would be proposed is compared with what is in force, and nothing is proposed.
    ///
    /// - Parameters:
    ///   - tolerance: How far a value may be, besides three standard uncertainties of both.
    ///   - mayExceed: A value better than the one in force lets it stand.
    /// - Throws: `calibration.missing` for a value that was never measured.
    func compared(
        with context: RoutineContext, tolerance: Double, mayExceed: Bool = false, for routine: String
    ) throws(BellError) -> RoutineStep {
        guard case .finish(var report) = self, report.verdict == .good else { return self }
        var moved: [String] = []
        for found in report.proposals {
            let before = try context.needed(found.path.place, found.path.quantity, for: routine)
            let sigma = (found.uncertainty * found.uncertainty + before.sigma * before.sigma).squareRoot()
            let distance = mayExceed ? before.value - found.value : (found.value - before.value).magnitude
            guard distance > tolerance + 3 * sigma else { continue }
            moved.append(
                "\(found.path) is \(ReportText.digits(before.value)), and the check finds "
                    + ReportText.plusMinus(found.value, found.uncertainty))
        }
        report.proposals = []
        if !moved.isEmpty {
            report.verdict = .outOfSpec
            report.reason = moved.joined(separator: "; ") + ": calibrate anew."
        }
        return .finish(report)
    }
}
