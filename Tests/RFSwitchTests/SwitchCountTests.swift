import BellModel
import DriverKit
import Glibc
import RFSwitch
import Testing
import VirtualUSB
import TestSupport

@Suite struct SwitchCountTests {
    @Test("operations go on from what was kept; a set to the present port is none")
    func counting() async throws {
        let store = MemoryStore(["11710240017": SwitchCounts(operations: [10, 20])])
        let box = try Box("RC-2SPDT-A18")
        let driver = RFSwitch.bench(box, counts: store)
        _ = try await driver.connect()
        for port in [2, 2, 1, 1, 1, 2] { _ = try await driver.set("switch_a", to: .integer(port)) }
        #expect(store["11710240017"]?.operations == [13, 20])
        #expect(try await driver.read("switch_a_count") == .integer(13))
        #expect(try await driver.read("switch_b_count") == .integer(20))
        _ = try await driver.connect()
        #expect(try await driver.read("switch_a_count") == .integer(13))
    }

    @Test("a stuck relay counts: it was driven")
    func stuck() async throws {
        let store = MemoryStore()
        let box = try Box("RC-1SPDT-A18", faults: [.init(.stuckRelay)])
        let driver = RFSwitch.bench(box, counts: store)
        _ = try await driver.connect()
        for _ in 0..<3 { _ = try? await driver.set("switch_a", to: .integer(2)) }
        #expect(store["11710240017"]?.operations == [3])
    }

    @Test(
        "a worn switch is a warning, and no problem, from nine tenths of its rated life",
        arguments: [
            (1_799_999 as UInt64, 0), (1_800_000, 0), (1_800_001, 1), (5_000_000_000, 1),
        ])
    func life(_ count: UInt64, _ warnings: Int) async throws {
        let store = MemoryStore(["11710240017": SwitchCounts(operations: [count])])
        let driver = RFSwitch.bench(try Box("RC-1SPDT-A18"), counts: store)
        _ = try await driver.connect()
        let found = await driver.warnings()
        #expect(found.count == warnings)
        #expect(try await driver.problems().isEmpty)
        if count == 1_800_001 {
            #expect(
                found == [
                    "switch A has made 1800001 of 2000000 rated operations (cautious default, not read from a data sheet): "
                        + "have a spare ready"
                ])
        }
    }

    @Test("counts that cannot be read stay as they are, are a warning, and do not stop the switch")
    func unreadable() async throws {
        let error = BellError(.switchCounts, "Damaged.", cause: "a byte")
        let store = MemoryStore(["11710240017": SwitchCounts(operations: [100])], error: error)
        let driver = RFSwitch.bench(try Box("RC-1SPDT-A18"), counts: store)
        _ = try await driver.connect()
        _ = try await driver.set("switch_a", to: .integer(2))
        #expect(await driver.warnings() == ["the operations counted before cannot be read: Damaged. a byte"])
        store.refuse(nil)
        _ = try await driver.set("switch_a", to: .integer(1))
        #expect(store["11710240017"]?.operations == [100], "not replaced by the count since")
        _ = try await driver.connect()
        _ = try await driver.set("switch_a", to: .integer(2))
        #expect(store["11710240017"]?.operations == [103], "added once they can be read")
        store.refuse(error)
        _ = try await driver.set("switch_a", to: .integer(1))
        #expect(await driver.warnings() == ["the operations cannot be kept: Damaged."])
        store.refuse(nil)
        _ = try await driver.set("switch_a", to: .integer(2))
        #expect(await driver.warnings().isEmpty)
        #expect(store["11710240017"]?.operations == [105])
    }

    @Test("the file keeps counts, one file a box")
    func file() throws {
        let folder = try TemporaryFolder()
        let store = FileSwitchCountStore(folder: folder.path + "/counts")
        #expect(try store.load(serial: "117") == nil)
        let counts = SwitchCounts(operations: [1, UInt64.max, 0])
        try store.save(counts, serial: "117")
        try store.save(SwitchCounts(operations: []), serial: "118")
        #expect(try store.load(serial: "117") == counts)
        #expect(try store.load(serial: "118") == SwitchCounts(operations: []))
        #expect(
            try folder.read("counts/117.json")
                == #"{"operations":["1","18446744073709551615","0"],"serial":"117","version":1}"# + "\n")
    }

    @Test(
        "a damaged file is named, whatever the damage",
        arguments: [
            "", "{", "[]", "{}", #"{"operations":[],"serial":"118","version":1}"#,
            #"{"operations":[],"serial":"117","version":2}"#, #"{"operations":[1],"serial":"117","version":1}"#,
            #"{"operations":["-1"],"serial":"117","version":1}"#,
            #"{"operations":["1"],"serial":"117","version":1,"x":1}"#,
            #"{"operations":["18446744073709551616"],"serial":"117","version":1}"#,
            #"{"operations":["1","1","1","1","1","1","1","1","1","1","1","1","1","1","1","1","1"],"serial":"117","version":1}"#,
        ])
    func damaged(_ text: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("117.json", text)
        let error = try #require(throws: BellError.self) {
            try FileSwitchCountStore(folder: folder.path).load(serial: "117")
        }
        #expect(error.code == .switchCounts)
        #expect(error.place?.hasPrefix(folder.path + "/117.json") == true)
        #expect(error.fix?.isEmpty == false)
    }

    @Test(
        "a serial number that is no plain word names no file",
        arguments: ["", "../x", "a/b", "a b", ".", "é", String(repeating: "1", count: 64)])
    func path(_ serial: String) throws {
        let folder = try TemporaryFolder()
        let store = FileSwitchCountStore(folder: folder.path)
        #expect(throws: BellError.self) { try store.load(serial: serial) }
        #expect(throws: BellError.self) { try store.save(SwitchCounts(operations: [1]), serial: serial) }
    }
}

extension TemporaryFolder {
    func write(_ name: String, _ text: String) throws {
        let file = try #require(fopen("\(path)/\(name)", "w"))
        fputs(text, file)
        fclose(file)
    }

    func read(_ name: String) throws -> String {
        let file = try #require(fopen("\(path)/\(name)", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
