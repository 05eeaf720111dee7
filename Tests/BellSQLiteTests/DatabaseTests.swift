import BellModel
import BellSQLite
import Testing

@Suite struct DatabaseTests {
    let file: TemporaryFile

    init() throws { file = try TemporaryFile() }

    private func open(_ mode: Database.Mode = .create) throws -> Database { try Database(path: file.path, mode: mode) }

    @Test(
        "values come back as they were stored",
        arguments: [
            .null, .int(.min), .int(.max), .double(-0.1), .double(.infinity), .text(""), .text("é\u{0}x"),
            .blob([]), .blob([0, 255, 0]), .bits(.max),
        ] as [SQLValue])
    func roundTrip(value: SQLValue) throws {
        let database = try open()
        try database.execute("CREATE TABLE t (v)")
        try database.run("INSERT INTO t VALUES (?1)", [value])
        let back = try database.value("SELECT v FROM t")
        #expect(back == value)
    }

    @Test("typed getters return what fits and refuse what does not")
    func getters() throws {
        let database = try open()
        var codes: [BellError.Code] = []
        func wrong(_ read: () throws(BellError) -> Void) {
            do throws(BellError) { try read() } catch { codes.append(error.code) }
        }
        let sql = "SELECT -1 AS i, 0.5, 'text', x'0102', NULL, ?1"
        try database.prepare(sql).rows([.bits(.max)]) { row throws(BellError) in
            let values = (try row.int64(0), try row.double(1), try row.double(0), try row.text(2), try row.blob(3))
            #expect(values == (-1, 0.5, -1, "text", [1, 2]))
            let bits = try row.bits(5)
            #expect(bits == .max)
            let size = try row.withBlob(3) { bytes throws(BellError) in bytes.count }
            #expect(size == 2)
            #expect(row.isNull(4) && row.isNull(99) && !row.isNull(0))
            #expect(row.count == 6)
            wrong { () throws(BellError) in _ = try row.uint64(0) }
            wrong { () throws(BellError) in _ = try row.int64(2) }
            wrong { () throws(BellError) in _ = try row.text(3) }
            wrong { () throws(BellError) in _ = try row.blob(2) }
            wrong { () throws(BellError) in _ = try row.double(4) }
            wrong { () throws(BellError) in _ = try row.int64(-1) }
        }
        #expect(codes == [BellError.Code](repeating: .sqliteCorrupt, count: 6))
    }

    @Test("a transaction that throws leaves nothing, one inside another only its own part")
    func transactions() throws {
        let database = try open()
        try database.execute("CREATE TABLE t (v)")
        func insert(_ value: Int64) throws(BellError) { try database.run("INSERT INTO t VALUES (?1)", [.int(value)]) }
        let refusal = BellError(.sqliteFailed, "refused")
        #expect(throws: refusal) {
            try database.transaction { () throws(BellError) in
                try insert(1)
                throw refusal
            }
        }
        try database.transaction { () throws(BellError) in
            try insert(2)
            do throws(BellError) {
                try database.transaction { () throws(BellError) in
                    try insert(3)
                    throw refusal
                }
            } catch { #expect(error == refusal) }
            try database.transaction { () throws(BellError) in try insert(4) }
        }
        var values: [Int64] = []
        try database.prepare("SELECT v FROM t ORDER BY v").rows { row throws(BellError) in
            values.append(try row.int64(0))
        }
        #expect(values == [2, 4])
    }

    @Test("a statement can be used again inside its own rows")
    func nestedStatement() throws {
        let database = try open()
        try database.execute("CREATE TABLE t (v); INSERT INTO t VALUES (1), (2)")
        var pairs: [[Int64]] = []
        let sql = "SELECT v FROM t ORDER BY v"
        try database.prepare(sql).rows { outer throws(BellError) in
            let first = try outer.int64(0)
            try database.prepare(sql).rows { inner throws(BellError) in pairs.append([first, try inner.int64(0)]) }
        }
        #expect(pairs == [[1, 1], [1, 2], [2, 1], [2, 2]])
    }

    @Test("a commit with the durable log is seen by a second connection, and checkpoints empty the log")
    func durableLog() throws {
        let database = try open()
        try database.useDurableLog(autoCheckpointPages: 0)
        let synchronous = try database.pragma("synchronous")
        #expect(synchronous == 2)
        try database.execute("CREATE TABLE t (v)")
        for i in 0..<50 { try database.run("INSERT INTO t VALUES (?1)", [.int(Int64(i))]) }
        let reader = try open(.readOnly)
        let count = try reader.value("SELECT count(*) FROM t")
        #expect(count == 50)
        let checkpointer = try open(.readWrite)
        let passive = try checkpointer.checkpoint(.passive)
        #expect(passive.log >= 50 && passive.copied == passive.log)
        let emptied = try checkpointer.checkpoint(.truncate)
        #expect(emptied.log == 0)
    }

    @Test("a writer that waits in vain for another's lock says busy")
    func busy() throws {
        let database = try open()
        try database.execute("CREATE TABLE t (v); BEGIN IMMEDIATE")
        let other = try Database(path: file.path, mode: .readWrite, busyMilliseconds: 1)
        let error = #expect(throws: BellError.self) { try other.run("INSERT INTO t VALUES (1)") }
        #expect(error?.code == .sqliteBusy)
        try database.execute("COMMIT")
    }

    @Test("a full disk is an error, the transaction leaves nothing, and with room again it goes on")
    func full() throws {
        let database = try open()
        try database.useDurableLog()
        try database.execute("CREATE TABLE t (v)")
        try database.pragma("max_page_count", "10")
        let error = #expect(throws: BellError.self) {
            try database.transaction { () throws(BellError) in
                for _ in 0..<100 { try database.run("INSERT INTO t VALUES (zeroblob(2000))") }
            }
        }
        #expect(error?.code == .sqliteFull)
        #expect(error?.code.exit == .hardware)
        #expect(error?.place == file.path)
        #expect(error?.cause?.contains("INSERT INTO t") == true)
        let count = try database.value("SELECT count(*) FROM t")
        #expect(count == 0)
        try database.pragma("max_page_count", "1000")
        try database.run("INSERT INTO t VALUES (zeroblob(2000))")
    }

    @Test("a missing file, a folder and a file of another kind are refused with the path")
    func badFiles() throws {
        let missing = #expect(throws: BellError.self) { try open(.readWrite) }
        #expect(missing?.code == .sqliteCannotOpen)
        #expect(missing?.place == file.path)
        file.write([UInt8](repeating: 0x41, count: 5000))
        let other = #expect(throws: BellError.self) { try open(.readOnly) }
        #expect(other?.code == .sqliteCorrupt)
        #expect(other?.code.exit == .dataIntegrity)
        let folder = #expect(throws: BellError.self) { try Database(path: "/tmp", mode: .create) }
        #expect(folder?.code == .sqliteCannotOpen)
    }

    @Test("writing through a read-only connection is refused")
    func readOnly() throws {
        try open().execute("CREATE TABLE t (v)")
        let database = try open(.readOnly)
        let error = #expect(throws: BellError.self) { try database.run("INSERT INTO t VALUES (1)") }
        #expect(error?.code == .sqliteReadOnly)
    }

    @Test("wrong SQL, a wrong number of values and a broken rule name the SQL and no value")
    func wrongUse() throws {
        let database = try open()
        try database.execute("CREATE TABLE t (v INTEGER PRIMARY KEY) STRICT")
        let syntax = #expect(throws: BellError.self) { try database.run("SELEKT 1") }
        #expect(syntax?.cause?.contains("SELEKT 1") == true)
        let count = #expect(throws: BellError.self) { try database.run("INSERT INTO t VALUES (?1)", []) }
        #expect(count?.what.contains("0 values") == true)
        try database.run("INSERT INTO t VALUES (?1)", [.int(4711)])
        let twice = #expect(throws: BellError.self) { try database.run("INSERT INTO t VALUES (?1)", [.int(4711)]) }
        #expect(twice?.code == .sqliteConstraint)
        #expect(twice?.description.contains("4711") == false)
    }

    @Test("a damaged file gives errors, never a crash")
    func fuzz() throws {
        do {
            let database = try open()
            try database.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, v BLOB, w TEXT) STRICT")
            for i in 0..<40 {
                let blob = SQLValue.blob([UInt8](repeating: UInt8(i), count: 300))
                try database.run("INSERT INTO t VALUES (?1, ?2, 'text')", [.int(Int64(i)), blob])
            }
        }
        let good = file.bytes()
        #expect(good.count > 10_000)
        var generator = SystemRandomNumberGenerator()
        var failures = 0
        for _ in 0..<150 {
            var bad = good
            for _ in 0..<20 {
                bad[Int.random(in: 0..<bad.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            if Bool.random() { bad.removeLast(Int.random(in: 0..<bad.count, using: &generator)) }
            file.write(bad)
            do throws(BellError) {
                let database = try Database(path: file.path, mode: .readOnly)
                try database.prepare("SELECT a, v, w FROM t").rows { row throws(BellError) in
                    _ = (try row.int64(0), try row.blob(1), try row.text(2))
                }
                _ = try database.value("PRAGMA integrity_check")
            } catch { failures += 1 }
        }
        #expect(failures > 0)
    }
}
