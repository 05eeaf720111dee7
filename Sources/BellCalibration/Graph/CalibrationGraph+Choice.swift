public import BellModel

extension CalibrationGraph {
    /// The items that a person means.
    ///
    /// - Parameters:
    ///   - words: Each a routine (`rabi-amplitude`), an item (`alice/rabi-amplitude`), a place (`alice`, `link`), or a
    ///     quantity or its path (`half_pi_amplitude`, `alice.half_pi_amplitude`); none of them: everything.
    ///   - node: Only what is done at this node; nil for everywhere.
    /// - Throws: `calibration.no-item`, for all words that mean nothing at once.
    public func items(named words: [String], node: Node? = nil) throws(BellError) -> [CalibrationItem] {
        var chosen: [CalibrationItem] = []
        var problems: [BellError] = []
        for word in words {
            let meant = items(meaning: word)
            if meant.isEmpty { problems.append(unknown(word)) }
            chosen += meant
        }
        if let error = BellError.all(problems) { throw error }
        if words.isEmpty { chosen = order }
        if let node {
            let here = chosen.filter { $0.site == .node(node) }
            guard !here.isEmpty else {
                throw BellError(
                    .calibrationNoItem, "Nothing of \(words.joined(separator: ", ")) is done at \(node.name) alone.",
                    at: "--node \(node.name)", state: "nothing was measured", fix: "leave --node out")
            }
            chosen = here
        }
        return sorted(chosen)
    }

    private func items(meaning word: String) -> [CalibrationItem] {
        if let item = CalibrationItem(word) { return contains(item) ? [item] : [] }
        let path = CalibrationPath(word)
        return order.filter { item in
            if item.routine == word || item.site.name == word { return true }
            let proposes = entries[item.routine]?.proposes ?? []
            guard let path else { return proposes.contains(word) }
            guard proposes.contains(path.quantity) else { return false }
            switch path.place {
            case .node(let node), .timing(let node): return item.site == .node(node) || item.site == .link
            case .link: return item.site == .link
            }
        }
    }

    private func unknown(_ word: String) -> BellError {
        let known = Set(
            order.flatMap { [$0.routine, $0.description, $0.site.name] + (entries[$0.routine]?.proposes ?? []) })
        let near = nearestWord(to: word, among: known.sorted())
        return BellError(
            .calibrationNoItem, "No routine, place or quantity is called \"\(word.prefix(60))\".",
            state: "nothing was measured",
            fix: near.map { "did you mean \($0)? `bellctl calibrate routines` lists all" }
                ?? "`bellctl calibrate routines` lists all")
    }
}
