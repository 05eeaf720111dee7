public import BellModel
import BellSQLite

extension Journal {
    /// The campaign's state and the reason for it; the words are the caller's.
    ///
    /// - Throws: `sqlite.…`.
    public func state() throws(BellError) -> (state: String, reason: String) {
        var found = (state: "", reason: "")
        try database.prepare("SELECT state, reason FROM state").rows { row throws(BellError) in
            found = (try row.text(0), try row.text(1))
        }
        return found
    }

    /// Changes the state; durable when it returns.
    ///
    /// - Throws: `sqlite.full`, `sqlite.…`.
    public func setState(_ state: String, reason: String = "") throws(BellError) {
        try write("state \(state)") { () throws(BellError) in
            try database.run("UPDATE state SET state = ?1, reason = ?2", [.text(state), .text(reason)])
        }
    }

    /// The index below which the certifier has every outcome on its own disk.
    ///
    /// - Throws: `sqlite.…`.
    public func outboxAcknowledged() throws(BellError) -> UInt64 {
        var found: UInt64 = 0
        try database.prepare("SELECT outbox_acknowledged FROM state").rows { row throws(BellError) in
            found = try row.uint64(0)
        }
        return found
    }

    /// Moves the outbox cursor forward; a smaller index than before is ignored.
    ///
    /// - Throws: `journal.input` for an index that was never recorded; `sqlite.full`, `sqlite.…`.
    public func setOutboxAcknowledged(_ index: UInt64) throws(BellError) {
        guard index <= recordedIndex else {
            throw BellError(
                .journalInput, "Trials up to \(index) were acknowledged, but only \(recordedIndex) are recorded.",
                at: path, state: "nothing was written")
        }
        try write("outbox") { () throws(BellError) in
            try database.run(
                "UPDATE state SET outbox_acknowledged = max(outbox_acknowledged, ?1)", [.count(index)])
        }
    }

    /// Adds an event.
    ///
    /// - Parameter time: Wall clock, ISO 8601.
    /// - Throws: `sqlite.full`, `sqlite.…`.
    public func addEvent(_ kind: String, time: String, detail: JSON = [:]) throws(BellError) {
        try write("event \(kind)") { () throws(BellError) in
            var number: UInt64 = 1
            try database.prepare("SELECT id FROM event ORDER BY id DESC LIMIT 1").rows { row throws(BellError) in
                number = try row.uint64(0) &+ 1
            }
            let event = JournalEvent(number: number, time: time, kind: kind, detail: detail)
            try database.run(
                "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5)",
                [
                    .count(number), .text(time), .text(kind), .text(detail.text),
                    .blob(Journal.digest(of: event).bytes),
                ])
        }
    }

    /// All events after `number`, in order.
    ///
    /// - Throws: `journal.hash-mismatch`, `json.…`, `sqlite.…`.
    public func events(after number: UInt64 = 0) throws(BellError) -> [JournalEvent] {
        var events: [JournalEvent] = []
        try database.prepare("SELECT id, at, kind, detail, digest FROM event WHERE id > ?1 ORDER BY id").rows([
            .count(number)
        ]) { row throws(BellError) in
            let place = "event \(try row.uint64(0))"
            let event = JournalEvent(
                number: try row.uint64(0), time: try row.text(1), kind: try row.text(2),
                detail: try JSON(parsing: try row.text(3), source: "\(path), \(place)"))
            guard try digest(row, 4, place) == Journal.digest(of: event) else {
                throw mismatch("The event does not have the hash that it was written with.", place)
            }
            events.append(event)
        }
        return events
    }
}
