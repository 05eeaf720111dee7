import BellModel
import DriverKit
import ExternalDriver
import Testing
import TestSupport

@Suite("Messages of a driver process")
struct InstrumentAnswerTests {
    @Test("a result is read with its id and boot")
    func result() throws {
        let text = #"{"id": 7, "boot_id": "b1", "result": {"value": 2.5}}"#
        let answer = try InstrumentAnswer(Array(text.utf8), from: "alice/lo")
        #expect(answer.id == 7 && answer.bootID == "b1")
        #expect(try answer.result.get() == ["value": 2.5])
    }

    @Test("an error keeps its words, but not its control characters, length or exit status")
    func error() throws {
        let long = String(repeating: "x", count: 1000)
        let text = """
            {"id": 7, "boot_id": "b1", "error": {"code": "lo.unlocked", "what": "a\\u001b[31mb\\u202e", "cause": "\(long)",
            "exit": 0}}
            """
        let answer = try InstrumentAnswer(Array(text.utf8), from: "alice/lo")
        guard case .failure(let error) = answer.result else {
            Issue.record("no error")
            return
        }
        #expect(error.code.name == "lo.unlocked" && error.code.exit == .hardware)
        #expect(error.what == "a\u{FFFD}[31mb\u{FFFD}" && error.cause?.count == 300)
        #expect(error.place == "alice/lo")
    }

    @Test(
        "codes that are not of the form area.reason become instrument.fault, known ones keep their exit status",
        arguments: [
            ("instrument.range", "instrument.range", ExitCode.usage), ("Range", "instrument.fault", .hardware),
            ("a b.c", "instrument.fault", .hardware), ("", "instrument.fault", .hardware),
            ("journal.damaged", "journal.damaged", .hardware),
        ])
    func code(_ sent: String, _ name: String, _ exit: ExitCode) throws {
        let text = #"{"id": 1, "boot_id": "b", "error": {"code": "\#(sent)", "what": "w"}}"#
        guard case .failure(let error) = try InstrumentAnswer(Array(text.utf8), from: "x").result else {
            Issue.record("no error")
            return
        }
        #expect(error.code.name == name && error.code.exit == exit)
    }

    @Test(
        "what is no message is refused",
        arguments: [
            "", "{", "[]", "null", "7", "\u{0}", #"{"id": 1}"#, #"{"id": 1, "boot_id": "b"}"#,
            #"{"id": "1", "boot_id": "b", "result": {}}"#, #"{"id": 1.5, "boot_id": "b", "result": {}}"#,
            #"{"id": 1, "boot_id": "", "result": {}}"#, #"{"id": 1, "boot_id": 5, "result": {}}"#,
            #"{"id": 1, "boot_id": "a b", "result": {}}"#, #"{"id": 1, "boot_id": "b", "result": 5}"#,
            #"{"id": 1, "boot_id": "b", "result": {}, "error": {"code": "a.b", "what": "c"}}"#,
            #"{"id": 1, "boot_id": "b", "error": "no"}"#, #"{"id": 1, "id": 1, "boot_id": "b", "result": {}}"#,
            #"{"id": 1, "boot_id": "b", "result": {}} {}"#, String(repeating: "[", count: 60_000),
        ])
    func refused(_ text: String) {
        #expect(throws: BellError.self) { try InstrumentAnswer(Array(text.utf8), from: "x") }
    }

    @Test("a message over 64 KiB is refused whatever it holds, one of exactly 64 KiB is read")
    func size() throws {
        let frame = #"{"id": 1, "boot_id": "b", "result": {"v": ""}}"#
        for extra in [0, 1] {
            let fill = String(repeating: "x", count: InstrumentAnswer.maximumSize - frame.utf8.count + extra)
            let text = #"{"id": 1, "boot_id": "b", "result": {"v": "\#(fill)"}}"#
            if extra == 0 {
                #expect(try InstrumentAnswer(Array(text.utf8), from: "x").id == 1)
            } else {
                #expect(throws: BellError.self) { try InstrumentAnswer(Array(text.utf8), from: "x") }
            }
        }
    }

    @Test("random damage to a message is refused or read, and never traps", arguments: 0..<20)
    func damage(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        let sound = Array(#"{"id": 7, "boot_id": "b1", "error": {"code": "a.b", "what": "c", "fix": "\u00e9"}}"#.utf8)
        for _ in 0..<200 {
            var bytes = sound
            for _ in 0..<(1 + random.next() % 4) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
            if let answer = try? InstrumentAnswer(bytes, from: "x") { #expect(answer.bootID.utf8.count <= 64) }
        }
    }
}
