import BellModel
import DriverKit

extension JournalKeeper {
    /// Refuses boards that are not those of the campaign's beginning.
    ///
    /// The certificate names once, for all trials, which boards ran them, with what firmware, how fast they count and
    /// whether they are simulated: another board, or another firmware on the same one, needs a campaign of its own. A new
    /// boot of the same board is none of that; each block records its own.
    ///
    /// - Parameter keys: With whose keys the nodes' chunks would be signed now.
    /// - Throws: `campaign.boards` with everything that differs.
    nonisolated func checkSameBoards(
        _ boards: PerNode<Capabilities>, keys: PerNode<ChunkKey?>
    ) throws(BellError) {
        guard (boards.alice.simulated || boards.bob.simulated) == simulated else {
            throw BellError(
                .campaignBoards, "The campaign was begun on \(simulated ? "simulated" : "real") boards; these are not.",
                at: "lab.yaml devices", state: "no trial was run on them",
                fix: "connect the boards of the campaign, or `bellctl campaign stop` and start a new one")
        }
        let errors = Node.allCases.compactMap { node in
            devices[node.name].flatMap { difference(of: boards[node], from: $0, node) }
                ?? difference(of: keys[node], node)
        }
        if let error = BellError.all(errors) { throw error }
    }

    /// What tells this board from the recorded one.
    private nonisolated func difference(of board: Capabilities, from known: JSON, _ node: Node) -> BellError? {
        let names = [
            ("model", "model", board.model), ("serial number", "serial", board.serial),
            ("firmware", "firmware", board.firmware),
        ]
        var different = names.compactMap { (name, key, now) -> String? in
            guard let then = known[key]?.stringValue, then != now else { return nil }
            return "\(name) \"\(now)\" instead of \"\(then)\""
        }
        if let then = known["tick_rate_hz"]?.doubleValue, then != board.tickRate.hertz {
            different.append("tick rate \(board.tickRate.hertz) Hz instead of \(then) Hz")
        }
        guard !different.isEmpty else { return nil }
        let isUpdate = different.count == 1 && known["firmware"]?.stringValue.map { $0 != board.firmware } == true
        let what =
            isUpdate
            ? "\(node.name)'s board has another firmware than the campaign was begun with"
            : "\(node.name)'s board is not the one that the campaign was begun with"
        return BellError(
            .campaignBoards, "\(what): \(different.joined(separator: ", ")).", at: "\(node.name)/board",
            cause: "a certificate names each board once, for all of its trials", state: "no trial was run on it",
            fix: (isUpdate ? "put that firmware back" : "connect that board again")
                + " (the campaign goes on by itself), or `bellctl campaign stop` and start a new one")
    }
    /// What tells this key from the recorded one.
    private nonisolated func difference(of key: ChunkKey?, _ node: Node) -> BellError? {
        guard let known = keys[node], known != key else { return nil }
        func words(_ key: ChunkKey?) -> String {
            key.map { "\($0.bytes.hex.prefix(16))… of \($0.holder.rawValue)" } ?? "none"
        }
        return BellError(
            .campaignBoards,
            "\(node.name)'s chunks would be signed by another key than the campaign was begun with: \(words(key)) instead "
                + "of \(words(known)).", at: "\(node.name)/board",
            cause: "a certificate names one key a node, for all of its chunks", state: "no trial was run with it",
            fix: (known.holder == .belld
                ? "put the state directory's keys/\(node.name).ed25519 back" : "connect that board again")
                + " (the campaign goes on by itself), or `bellctl campaign stop` and start a new one")
    }
}
