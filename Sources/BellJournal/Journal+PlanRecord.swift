public import BellCrypto
public import BellModel
import BellSQLite

extension Journal {
    /// Adds an outside anchor of the plan; durable when it returns.
    ///
    /// - Throws: `plan.anchor` when it is not one of this plan, when the record is fixed or a trial committed, or when there
    ///   are ``PlanAnchor/most`` of them; `sqlite.full`, `sqlite.…`.
    public func addAnchor(_ anchor: PlanAnchor) throws(BellError) {
        try anchor.check(sealed, place: "\(path), anchor")
        func refused(_ what: String, _ cause: String?, fix: String) -> BellError {
            BellError(.planAnchor, what, at: path, cause: cause, state: "nothing was written", fix: fix)
        }
        let fixed = try database.value("SELECT count(*) FROM plan_chain") != .int(0)
        guard !fixed, nextArm == 0, lastBlock == nil else {
            throw refused(
                "The campaign was begun: what anchors its plan was fixed before its first trial.",
                "an anchor that came later would prove nothing about what was sealed before the data",
                fix: "anchor the next plan between `bellctl campaign seal` and `bellctl campaign start`")
        }
        let known = try anchors()
        guard !known.contains(anchor) else {
            throw refused("The plan has this anchor already.", nil, fix: "nothing is to be done")
        }
        guard known.count < PlanAnchor.most else {
            throw refused("The plan has \(known.count) anchors, the most.", nil, fix: "start the campaign")
        }
        try write("anchor") { () throws(BellError) in
            let text = anchor.json.text
            let number = UInt64(known.count + 1)
            try database.run(
                "INSERT INTO anchor VALUES (?1, ?2, ?3)",
                [.count(number), .text(text), .blob(anchorDigest(number, text).bytes)])
        }
    }

    /// Fixes what is known of the plan and moves the campaign on, both or neither; durable when it returns. From here on
    /// no anchor is taken.
    ///
    /// - Parameter state: The campaign's; the word is the caller's.
    /// - Throws: `journal.order` when it is fixed; `sqlite.full`, `sqlite.…`.
    public func fixPlanRecord(_ chain: PlanChain, state: String) throws(BellError) {
        guard try database.value("SELECT count(*) FROM plan_chain") == .int(0), nextArm == 0 else {
            throw BellError(
                .journalOrder, "What is known of the plan is fixed already.", at: path, state: "nothing was written")
        }
        try write("plan record") { () throws(BellError) in
            // Inside of the transaction: what is fixed is what is there.
            try insertPlanRecord(database, chain, anchors: try anchors().count)
            try database.run("UPDATE state SET state = ?1, reason = ''", [.text(state)])
        }
    }

    /// What was known of the plan before the first trial; while the campaign is not begun, what is known so far.
    ///
    /// - Throws: `journal.hash-mismatch`, `journal.damaged`, `json.…`, `sqlite.…`.
    public func planRecord() throws(BellError) -> PlanRecord {
        var record = PlanRecord(anchors: try anchors())
        let count = record.anchors.count
        try database.prepare("SELECT chain, anchors, digest FROM plan_chain").rows { row throws(BellError) in
            let text = try row.text(0)
            guard try digest(row, 2, "plan_chain") == chainDigest(text, try row.uint64(1)) else {
                throw mismatch("The chain of plans does not have the hash that it was written with.", "plan_chain")
            }
            guard try row.uint64(1) == UInt64(count) else {
                throw BellError(
                    .journalDamaged, "The plan has \(count) anchors, not \(try row.uint64(1)).",
                    at: "\(path), table anchor", fix: "restore the journal from a copy")
            }
            record.chain = try PlanChain(
                json: try JSON(parsing: text, source: "\(path), plan_chain"), path: "\(path), plan_chain")
        }
        return record
    }

    private func anchors() throws(BellError) -> [PlanAnchor] {
        var anchors: [PlanAnchor] = []
        try database.prepare("SELECT id, anchor, digest FROM anchor ORDER BY id").rows { row throws(BellError) in
            let (number, text) = (try row.uint64(0), try row.text(1))
            let place = "anchor \(number)"
            guard try digest(row, 2, place) == anchorDigest(number, text) else {
                throw mismatch("The anchor does not have the hash that it was written with.", place)
            }
            anchors.append(
                try PlanAnchor(json: try JSON(parsing: text, source: "\(path), \(place)"), path: "\(path), \(place)"))
        }
        return anchors
    }
}

/// Writes the one row; inside the caller's transaction.
func insertPlanRecord(_ database: Database, _ chain: PlanChain, anchors: Int) throws(BellError) {
    let text = chain.json.text
    try database.run(
        "INSERT INTO plan_chain VALUES (1, ?1, ?2, ?3)",
        [.text(text), .count(UInt64(anchors)), .blob(chainDigest(text, UInt64(anchors)).bytes)])
}

private func anchorDigest(_ number: UInt64, _ text: String) -> Digest {
    var hash = Blake2b()
    hash.update(text: "bell journal anchor 1")
    hash.update(number)
    hash.update(text: text)
    return hash.finish()
}

private func chainDigest(_ text: String, _ anchors: UInt64) -> Digest {
    var hash = Blake2b()
    hash.update(text: "bell journal plan chain 1")
    hash.update(anchors)
    hash.update(text: text)
    return hash.finish()
}
