import BellModel
import DriverKit
import Testing
import TestSupport

@testable import SCPIInstrument

@Suite struct SCPITextTests {
    @Test(
        "numbers are read as instruments write them",
        arguments: [
            ("+5.80000000000E+09", 5.8e9), ("5.8E9\n", 5.8e9), (" -20", -20), ("1", 1), ("#H1F", 31), ("#Q17", 15),
            ("#B101", 5), ("+9.9E37", .infinity), ("-9.90000E+37", -.infinity),
        ] as [(String, Double)])
    func numbers(text: String, value: Double) throws { #expect(try SCPIText.number(text) == value) }

    @Test("9.91E37 is no number")
    func notANumber() throws {
        #expect(try SCPIText.number("9.91E+37").isNaN)
        #expect(try SCPIText.number("9.910000000E+37").isNaN)
    }

    @Test("what is no number is refused", arguments: ["", "nan", "inf", "0x10", "5 GHz", "1,2", "#HXY", "--1", "1e"])
    func noNumbers(text: String) {
        let error = #expect(throws: BellError.self) { try SCPIText.number(text) }
        #expect(error?.code == .instrumentProtocol)
    }

    @Test("numbers are written so that they read the same")
    func writing() throws {
        #expect(SCPIText.text(5.8e9) == "5800000000")
        #expect(SCPIText.text(-20) == "-20")
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SplitMix(seed: seed)
        for _ in 0..<1000 {
            let value =
                Double.random(in: -1...1, using: &random)
                * [1e-9, 1, 1e6, 1e10, 1e20][Int.random(in: 0..<5, using: &random)]
            let text = SCPIText.text(value)
            #expect(try SCPIText.number(text) == value, "\(text), seed \(seed)")
            #expect(text.utf8.allSatisfy { "+-.0123456789E".utf8.contains($0) }, "\(text)")
        }
    }

    @Test(
        "on and off are read in both spellings", arguments: [("1", true), ("ON\n", true), ("0", false), ("off", false)])
    func booleans(text: String, value: Bool) throws { #expect(try SCPIText.boolean(text) == value) }

    // IEEE 488.2-1992, section 8.7.9: #14ABCD is four bytes.
    @Test("definite blocks have their length in front; lengths around each digit")
    func definite() throws {
        #expect(SCPIBlock.definite(Array("ABCD".utf8)) == Array("#14ABCD".utf8))
        #expect(SCPIBlock.definite([]) == Array("#10".utf8))
        #expect(try SCPIBlock.content(of: Array("#0ABC\n".utf8)) == Array("ABC".utf8))
        for count in [0, 1, 9, 10, 11, 99, 100, 999, 1000, 9999, 10_000, 99_999, 100_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            #expect(try SCPIBlock.content(of: SCPIBlock.definite(bytes)) == bytes)
            #expect(try SCPIBlock.content(of: SCPIBlock.definite(bytes) + [13, 10]) == bytes)
            #expect(try SCPIBlock.content(of: SCPIBlock.indefinite(bytes)) == bytes)
        }
    }

    @Test(
        "a block that is not what it says is refused",
        arguments: ["", "#", "#3", "#31", "#14ABC", "#14ABCDE", "#1XABC", "#0ABC", "14ABCD", "#AB", "#9999999999A"])
    func badBlocks(text: String) {
        let error = #expect(throws: BellError.self) { try SCPIBlock.content(of: Array(text.utf8)) }
        #expect(error?.code == .instrumentProtocol)
    }

    @Test("a block over the limit is refused")
    func longBlock() {
        #expect(throws: BellError.self) { try SCPIBlock.content(of: SCPIBlock.definite([1, 2, 3]), limit: 2) }
        #expect(throws: BellError.self) { try SCPIBlock.content(of: SCPIBlock.indefinite([1, 2, 3]), limit: 2) }
    }

    @Test("*IDN? has four fields; what is missing is 0")
    func identity() throws {
        let full = try SCPIIdentity(parsing: "Rohde&Schwarz, SGS100A ,1416.0505k02/103074,3.1.19.7,K90\n")
        #expect(full.model == "SGS100A")
        #expect(full.serial == "1416.0505k02/103074")
        #expect(full.firmware == "3.1.19.7,K90")
        #expect(
            try SCPIIdentity(parsing: "a,b") == SCPIIdentity(manufacturer: "a", model: "b", serial: "0", firmware: "0"))
        for text in ["", "a", ",b,c,d", "1\n"] {
            #expect(throws: BellError.self) { try SCPIIdentity(parsing: text) }
        }
    }

    @Test("errors have a number and a text")
    func errors() throws {
        #expect(
            try SCPIError(parsing: "-113,\"Undefined header\"\n") == SCPIError(code: -113, text: "Undefined header"))
        #expect(try SCPIError(parsing: "+0,\"No error\"").code == 0)
        #expect(try SCPIError(parsing: "0") == SCPIError(code: 0, text: ""))
        #expect(try SCPIError(parsing: "512,\"a, b\"").line == "512 a, b")
        #expect(try SCPIError(parsing: "5,\"\u{7}\"").line == "5 \\x07")
        for text in ["", "x", "5.8E9", "99999,\"?\"", "\"No error\"", "\(Int.min),\"?\"", "\(Int.max)"] {
            #expect(throws: BellError.self) { try SCPIError(parsing: text) }
        }
    }
}
