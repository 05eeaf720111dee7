import BellModel

/// How a check that found nothing wrong ended.
enum CheckOutcome: Sendable {
    case passed([ConformanceCheck.Measurement] = [])
    case skipped(String)
    case note(String, [ConformanceCheck.Measurement] = [])

    /// Passed, with nothing measured.
    static var passed: CheckOutcome { .passed([]) }
}

/// One rule of docs/board-protocol.md and how it is tried on a board.
///
/// A check judges its own rule only; where it stumbles over another one, it is skipped and that one's check tells.
struct BoardCheck: Sendable {
    /// What must be there for the check to make sense.
    enum Need: Sendable {
        /// Nothing: the check opens its own connection.
        case nothing
        /// A greeted board.
        case greeting
        /// Trigger pulses.
        case trigger
        /// The reference arm's data.
        case reference
    }

    /// What it does; the board is greeted, and in whatever state the check before left it.
    typealias Run = @Sendable (inout BoardBench) async throws(BellError) -> CheckOutcome

    let id: String
    let title: String
    /// The heading in docs/board-protocol.md under which the rule stands.
    let section: String
    /// What the board has to do, for the error's fix.
    let rule: String
    let need: Need
    let run: Run

    init(
        _ id: String, _ title: String, _ section: String, rule: String, need: Need = .greeting, run: @escaping Run
    ) {
        self.id = id
        self.title = title
        self.section = section
        self.rule = rule
        self.need = need
        self.run = run
    }

    /// An error with the place of the rule and the way to keep it.
    func located(_ error: BellError, board: String) -> BellError {
        var error = error
        let document = "docs/board-protocol.md, \"\(section)\""
        error.place = error.place.map { "\(document); \($0)" } ?? "\(document); \(board)"
        if error.fix == nil { error.fix = rule }
        return error
    }
}
