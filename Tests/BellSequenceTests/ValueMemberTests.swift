import BellModel
import BellSequence
import Foundation
import Testing

@Suite("Members of a calibrated value")
struct ValueMemberTests {
    private static let alice = "\(Shipped.folder)/alice.yaml"

    /// The shipped amplitude with more members.
    private func amplitude(_ more: String) throws -> CalibratedValue {
        let files = Shipped().editing(Self.alice, "run: mocklab-a-0117}", "run: mocklab-a-0117, \(more)}")
        return try #require(try files.calibration().nodes.alice.values[.halfPiAmplitude])
    }

    @Test("are read and frozen when they are there")
    func present() throws {
        let value = try amplitude(
            "commit: 0.1.0-3-gabc1234, valid_for: 12h, accepted_by: \"policy:night\", bounds: [0.2, 0.95]")
        #expect(value.commit == "0.1.0-3-gabc1234")
        #expect(value.validFor == TimeSpan(seconds: 43_200))
        #expect(value.acceptedBy == .policy("night"))
        #expect(value.bounds == 0.2...0.95)
        let frozen = #""accepted_by":"policy:night","bounds":[0.2,0.95],"commit":"0.1.0-3-gabc1234""#
        #expect(value.json.text.contains(frozen))
        #expect(value.json["valid_for_s"]?.doubleValue == 43_200)
    }

    @Test("are left out of the frozen text when they are not there")
    func absent() throws {
        let values = try Shipped().calibration().nodes.alice.values
        let frozen = try #require(values[.halfPiAmplitude]).json.text
        for key in ["\"commit", "\"valid_for", "\"accepted_by", "\"bounds"] { #expect(!frozen.contains(key)) }
    }

    @Test("accept plain seconds and whoever may accept")
    func forms() throws {
        #expect(try amplitude("valid_for: 90").validFor?.seconds == 90)
        #expect(try amplitude("accepted_by: bring-up").acceptedBy == .bringUp)
        #expect(try amplitude("accepted_by: Anna Müller").acceptedBy == .person("Anna Müller"))
        #expect(try amplitude("commit: 1234567").commit == "1234567")
    }

    @Test(
        "are refused with their line when they say nothing",
        arguments: [
            ("valid_for: 12 hours", "valid_for"), ("valid_for: 0", "valid_for"), ("valid_for: -3h", "valid_for"),
            ("valid_for: [1]", "valid_for"), ("accepted_by: \"policy:\"", "accepted_by"),
            ("accepted_by: \"a\\nb\"", "accepted_by"), ("bounds: [1]", "bounds"), ("bounds: [2, 1]", "bounds"),
            ("bounds: [a, 1]", "bounds"), ("bounds: 3", "bounds"), ("bounds: [.nan, 1]", "bounds"),
        ])
    func refused(text: String, key: String) {
        let error = #expect(throws: BellError.self) { try amplitude(text) }
        #expect(error?.place?.contains("alice.yaml:12:") == true)
        #expect(error?.description.contains(key) == true)
    }

    @Test("a value in force may lie outside its bounds: calibrating mends it")
    func outside() throws { #expect(try amplitude("bounds: [0.1, 0.2]").value == 0.757576) }

    @Test("new quantities are optional, have their unit, and are no longer unknown keys")
    func quantities() throws {
        let new =
            "values:\n  t1: {value: 12000, unit: ns, uncertainty: 100, time: 2026-11-20T06:12:00Z, routine: t1, run: x}\n"
        let values = try Shipped().editing(Self.alice, "values:\n", new).calibration().nodes.alice.values
        #expect(values[.t1]?.value == 12_000)
        #expect(values[.t2Echo] == nil)
        for table in [Quantity.ofNode, Quantity.ofLink, Quantity.ofTiming] {
            #expect(Set(table.map(\.name)).count == table.count)
            for quantity in table { #expect(quantity.range.lowerBound < quantity.range.upperBound) }
        }
    }

    @Test("every quantity stands in docs/calibration-values.md with its unit, range and meaning")
    func documented() throws {
        let path = Shipped.root.appendingPathComponent("docs/calibration-values.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        for quantity in Quantity.ofNode + Quantity.ofLink + Quantity.ofTiming + Quantity.ofGeometry {
            let range =
                "\(JSON.double(quantity.range.lowerBound).text) … \(JSON.double(quantity.range.upperBound).text)"
            // A bar would end the table's cell.
            let meaning = quantity.meaning.replacingOccurrences(of: "|", with: "\\|")
            let need = quantity.isOptional ? "may" : "must"
            let row = "| `\(quantity.name)` | \(quantity.unit) | \(range) | \(need) | \(meaning) |"
            #expect(text.contains(row), "\(row)")
        }
    }
}
