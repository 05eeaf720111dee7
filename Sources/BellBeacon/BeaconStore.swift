import BellModel
import BellSQLite

/// A beacon's chains on disk, `beacon.sqlite`: every pulse for ever, and the random values of the next two.
///
/// Only grows: the file itself refuses a pulse that is changed, removed, repeated or out of turn. Every commit is durable
/// (`synchronous=FULL`). Used from one isolation at a time.
final class BeaconStore {
    /// Kept in `user_version`.
    static let schemaVersion: Int64 = 1

    /// One chain: what all of its pulses have in common.
    struct Chain: Equatable, Sendable {
        var number: UInt64
        var certificate: BeaconCertificate
        var period: UInt32
    }

    private let database: Database
    private let path: String

    /// Opens the file, and makes it when it is missing.
    ///
    /// - Throws: `beacon.newer-version`, `beacon.corrupt`, SQLite's errors.
    init(path: String) throws(BellError) {
        self.path = path
        do throws(BellError) {
            database = try Database(path: path, mode: .create)
            try database.useDurableLog()
        } catch {
            // The general advice, a copy, would begin a second history of the chain.
            guard error.code == .sqliteCorrupt else { throw error }
            throw BellError(
                error.code, error.what, at: path, cause: error.cause, state: "no pulse was made",
                fix:
                    "restore it as it was last; with an older copy said pulses would be unsaid: then move it away, which "
                    + "begins a new chain")
        }
        guard case .int(let version)? = try database.pragma("user_version"), version <= Self.schemaVersion else {
            throw BellError(
                .beaconNewerVersion, "The database was written by a newer bellbeacon.", at: path,
                state: "the file is unchanged", fix: "use that version, or a newer one")
        }
        // A kill before this commit leaves an empty file, which is begun again.
        if version == 0 { try database.transaction { () throws(BellError) in try database.execute(Self.schema) } }
    }

    private static let schema = """
        CREATE TABLE chain (number INTEGER PRIMARY KEY NOT NULL, certificate TEXT NOT NULL, period_ms INTEGER NOT NULL);
        CREATE TABLE pulse (
            chain INTEGER NOT NULL REFERENCES chain (number), number INTEGER NOT NULL, time_ms INTEGER NOT NULL UNIQUE,
            json TEXT NOT NULL, PRIMARY KEY (chain, number));
        -- Secret: the values of the pulses that come next, in their order; the last pulse has committed to the first.
        CREATE TABLE next_value (id INTEGER PRIMARY KEY AUTOINCREMENT, value BLOB NOT NULL UNIQUE, pool TEXT NOT NULL);
        CREATE TRIGGER pulse_update BEFORE UPDATE ON pulse
        BEGIN SELECT raise(ABORT, 'a pulse is never changed'); END;
        CREATE TRIGGER pulse_delete BEFORE DELETE ON pulse
        BEGIN SELECT raise(ABORT, 'a pulse is never removed'); END;
        CREATE TRIGGER pulse_follows BEFORE INSERT ON pulse
        WHEN NEW.number IS NOT coalesce((SELECT max(number) FROM pulse WHERE chain = NEW.chain), 0) + 1
            OR NEW.chain IS NOT (SELECT max(number) FROM chain)
            OR NEW.time_ms <= coalesce((SELECT max(time_ms) FROM pulse), -1)
        BEGIN SELECT raise(ABORT, 'a pulse follows the last one'); END;
        PRAGMA user_version = \(schemaVersion)
        """

    // MARK: Chains

    /// A chain, or the last one; nil when there is none.
    func chain(_ number: UInt64? = nil) throws(BellError) -> Chain? {
        var found: Chain?
        let sql =
            "SELECT number, certificate, period_ms FROM chain WHERE ?1 IS NULL OR number = ?1 ORDER BY number DESC LIMIT 1"
        try database.prepare(sql).rows([number.map { .count($0) } ?? .null]) { row throws(BellError) in
            guard let period = UInt32(exactly: try row.int64(2)) else { throw corrupt("A chain's period cannot be.") }
            found = Chain(
                number: try row.uint64(0), certificate: try BeaconCertificate(pem: try row.text(1), source: path),
                period: period)
        }
        return found
    }

    /// The certificate with an id, whichever chain has it.
    func certificate(_ id: Value512) throws(BellError) -> BeaconCertificate? {
        var found: BeaconCertificate?
        try database.prepare("SELECT DISTINCT certificate FROM chain").rows { row throws(BellError) in
            let certificate = try BeaconCertificate(pem: try row.text(0), source: path)
            if certificate.id == id { found = certificate }
        }
        return found
    }

    /// Begins the next chain.
    func beginChain(_ certificate: BeaconCertificate, period: UInt32) throws(BellError) -> Chain {
        let chain = Chain(number: (try self.chain()?.number ?? 0) + 1, certificate: certificate, period: period)
        try database.run(
            "INSERT INTO chain (number, certificate, period_ms) VALUES (?1, ?2, ?3)",
            [.count(chain.number), .text(certificate.pem), .int(Int64(period))])
        return chain
    }

    // MARK: The next values

    /// The values that come next, in their order; at most two.
    func nextValues() throws(BellError) -> [CertifiedValue] {
        var values: [CertifiedValue] = []
        try database.prepare("SELECT value, pool FROM next_value ORDER BY id LIMIT 2").rows { row throws(BellError) in
            guard let value = Value512(bytes: try row.blob(0)) else { throw corrupt("A next value has a wrong size.") }
            let origin = try PulseOrigin(
                json: try JSON(parsing: try row.text(1), source: path), path: "next_value.pool")
            values.append(CertifiedValue(value: value, origin: origin))
        }
        return values
    }

    /// Keeps one more, before anything is said of it.
    func keep(_ value: CertifiedValue) throws(BellError) {
        try database.run(
            "INSERT INTO next_value (value, pool) VALUES (?1, ?2)",
            [.blob(value.value.bytes), .text(value.origin.json.text)])
    }

    /// Stores a pulse and forgets that its value was secret, in one transaction; only then may it be given out.
    func append(_ pulse: Pulse) throws(BellError) {
        try database.transaction { () throws(BellError) in
            try database.run(
                "INSERT INTO pulse (chain, number, time_ms, json) VALUES (?1, ?2, ?3, ?4)",
                [
                    .count(pulse.chainIndex), .count(pulse.pulseIndex), .int(pulse.timeStamp.milliseconds),
                    .text(pulse.json.text),
                ])
            try database.run(
                "DELETE FROM next_value WHERE id = (SELECT min(id) FROM next_value) AND value = ?1",
                [.blob(pulse.localRandomValue.bytes)])
            guard database.changes == 1 else { throw corrupt("The pulse's value is not the next one.") }
        }
    }

    // MARK: Pulses

    /// Which pulse, by its time.
    enum Place: Sendable {
        case last
        /// The latest before.
        case before(UTCTime)
        /// The earliest after.
        case after(UTCTime)
    }

    func pulse(_ place: Place) throws(BellError) -> Pulse? {
        switch place {
        case .last: try read("ORDER BY time_ms DESC LIMIT 1", [])
        case .before(let time): try read("WHERE time_ms < ?1 ORDER BY time_ms DESC LIMIT 1", [.int(time.milliseconds)])
        case .after(let time): try read("WHERE time_ms > ?1 ORDER BY time_ms LIMIT 1", [.int(time.milliseconds)])
        }
    }

    /// A pulse of a chain; nil for `number`: the last one.
    func pulse(chain: UInt64, number: UInt64?) throws(BellError) -> Pulse? {
        try read(
            "WHERE chain = ?1 AND (?2 IS NULL OR number = ?2) ORDER BY number DESC LIMIT 1",
            [.count(chain), number.map { .count($0) } ?? .null])
    }

    /// Pulses of a chain in order.
    func pulses(chain: UInt64, _ numbers: ClosedRange<UInt64>) throws(BellError) -> [Pulse] {
        var pulses: [Pulse] = []
        let sql = "SELECT json FROM pulse WHERE chain = ?1 AND number BETWEEN ?2 AND ?3 ORDER BY number"
        try database.prepare(sql).rows([.count(chain), .count(numbers.lowerBound), .count(numbers.upperBound)]) {
            row throws(BellError) in pulses.append(try pulse(row))
        }
        return pulses
    }

    /// The first pulse of a chain that is not before a time.
    func pulse(chain: UInt64, notBefore time: UTCTime) throws(BellError) -> Pulse? {
        try read(
            "WHERE chain = ?1 AND time_ms >= ?2 ORDER BY time_ms LIMIT 1", [.count(chain), .int(time.milliseconds)])
    }

    private func read(_ clause: String, _ values: [SQLValue]) throws(BellError) -> Pulse? {
        var found: Pulse?
        try database.prepare("SELECT json FROM pulse \(clause)").rows(values) { row throws(BellError) in
            found = try pulse(row)
        }
        return found
    }

    private func pulse(_ row: Row) throws(BellError) -> Pulse {
        try Pulse(json: try JSON(parsing: try row.text(0), source: path))
    }

    private func corrupt(_ what: String) -> BellError {
        BellError(
            .beaconCorrupt, what, at: path, state: "no pulse was given out",
            fix: "restore the file as it was last; an older copy would begin a second chain under the same numbers")
    }
}
