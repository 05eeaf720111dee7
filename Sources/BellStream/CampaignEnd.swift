public import BellModel

/// How a campaign ended; an interrupted campaign has no end, because it can go on.
public struct CampaignEnd: Equatable, Sendable {
    /// The states that are final.
    public enum State: String, CaseIterable, Sendable {
        /// All n trials were run.
        case completed
        /// The sealed stop rule was met at the end of the last block, before n.
        case stoppedByRule = "stopped-by-rule"
        /// A person stopped it before n.
        case stopped
    }

    public var state: State
    /// One past the last trial that was run; the last block ends here.
    public var nextIndex: UInt64
    /// Trials of the sealed n that were not run: losses, unless the stop rule was met.
    public var notRun: UInt64
    /// Why it was stopped, in words.
    public var reason: String?

    public init(state: State, nextIndex: UInt64, notRun: UInt64, reason: String? = nil) {
        self.state = state
        self.nextIndex = nextIndex
        self.notRun = notRun
        self.reason = reason
    }

    public var json: JSON {
        [
            "state": .string(state.rawValue), "next_index": JSON(count: nextIndex),
            "losses": ["not_run": JSON(count: notRun)], "reason": JSON(reason),
        ]
    }

    public init(json: JSON) throws(BellError) {
        var reader = try JSONReader(json, path: "END")
        let name = try reader.string("state")
        guard let state = State(rawValue: name) else {
            throw BellError(
                .jsonShape, "Expected completed, stopped-by-rule or stopped, found \"\(name.prefix(80))\".",
                at: "END.state")
        }
        self.state = state
        nextIndex = try reader.index("next_index", path: "END")
        var losses = try JSONReader(try reader.value("losses"), path: "END.losses")
        notRun = try losses.index("not_run", path: "END.losses")
        try losses.finish()
        reason = reader.optional("reason")?.stringValue
        try reader.finish()
    }
}
