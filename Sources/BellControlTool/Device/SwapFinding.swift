import BellModel

/// One thing that a swap of a device was compared by.
struct SwapFinding: Equatable {
    enum Verdict: String {
        case ok
        /// Worth knowing; nothing stands against the swap.
        case note
        /// The device cannot do what is needed.
        case refused
    }

    /// What was compared, for example `tick rate` or a sequence's path.
    var subject: String
    var text: String
    var verdict: Verdict

    var json: JSON {
        ["subject": .string(subject), "text": .string(text), "verdict": .string(verdict.rawValue)]
    }
}
