public import BellModel

extension BellError.Code {
    /// A device breaks a rule of its protocol.
    public static let conformanceViolation = BellError.Code("conformance.violation", exit: .hardware)
    /// A device did not answer, or the way to it ended, within a check.
    public static let conformanceNoAnswer = BellError.Code("conformance.no-answer", exit: .hardware)
    /// A board runs somebody's arm; nothing was done to it.
    public static let conformanceBusy = BellError.Code("conformance.busy", exit: .hardware)
    /// A check needs something that an earlier one did not find.
    public static let conformanceBlocked = BellError.Code("conformance.blocked", exit: .hardware)
}

/// Collects what a check finds wrong, so that one run tells all of it.
struct Findings {
    private var problems: [BellError] = []

    /// Notes a broken rule unless `holds`.
    mutating func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds { add(what()) }
    }

    /// Notes a broken rule; at most eight are kept.
    mutating func add(_ what: String) {
        guard problems.count < 8 else { return }
        problems.append(BellError(.conformanceViolation, what))
    }

    /// Throws everything that was found as one error.
    func done() throws(BellError) {
        if let error = BellError.all(problems) { throw error }
    }

    var isEmpty: Bool { problems.isEmpty }
}
