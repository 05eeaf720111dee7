import BellModel
import BellTiming
import BellYAML

extension CalibratedValue {
    /// Reads the values of a mapping, each under its quantity's name; missing ones are errors unless optional.
    static func read(_ reader: inout YAMLReader, _ quantities: [Quantity]) -> [String: CalibratedValue] {
        var values: [String: CalibratedValue] = [:]
        for quantity in quantities {
            var entry: YAMLReader
            if quantity.isOptional {
                guard let present = reader.optionalMapping(quantity.name) else { continue }
                entry = present
            } else {
                entry = reader.mapping(quantity.name)
            }
            values[quantity.name] = CalibratedValue(&entry, quantity)
        }
        return values
    }

    private init(_ reader: inout YAMLReader, _ quantity: Quantity) {
        // With a wrong unit the range would only confuse: one clear error a value.
        let unit = reader.string("unit")
        let unitFits = unit == quantity.unit || unit.isEmpty
        let value = unitFits ? reader.double("value", in: quantity.range) : reader.double("value")
        if !unitFits {
            reader.fail(
                "unit", "\(quantity.name) has the unit \"\(unit.prefix(40))\"; it must be \(quantity.unit).",
                fix: UnitConversion.fix(value: value, from: unit, to: quantity.unit))
        }
        let time = reader.string("time")
        if !time.isEmpty && !CalibratedValue.isUTC(time) {
            reader.fail("time", "\"\(time.prefix(40))\" is not a time in UTC.", fix: "write it as 2026-11-20T06:12:00Z")
        }
        let kind = reader.optionalChoice("kind", of: TimingSurvey.Term.Kind.allCases.map(\.rawValue))
        self.init(
            quantity, value: value, uncertainty: reader.double("uncertainty", in: 0...),
            kind: kind.flatMap { TimingSurvey.Term.Kind(rawValue: $0) } ?? .random, time: time,
            routine: reader.string("routine"), run: reader.string("run"), commit: reader.optionalString("commit"),
            validFor: CalibratedValue.validFor(&reader), acceptedBy: CalibratedValue.acceptedBy(&reader),
            bounds: CalibratedValue.bounds(&reader, quantity),
            place: SourcePlace(file: reader.node.source, line: reader.node.line))
    }

    private static func validFor(_ reader: inout YAMLReader) -> TimeSpan? {
        guard let text = reader.optionalString("valid_for") else { return nil }
        if let span = TimeSpan(text), span.seconds > 0 { return span }
        reader.fail(
            "valid_for", "\"\(text.prefix(40))\" is not a length of time.",
            fix: "write a number with s, min, h, d or w right behind it, for example 12h")
        return nil
    }

    private static func acceptedBy(_ reader: inout YAMLReader) -> Acceptance? {
        guard let text = reader.optionalString("accepted_by") else { return nil }
        if let acceptance = Acceptance(text) { return acceptance }
        reader.fail(
            "accepted_by", "\"\(text.prefix(40))\" names nobody who could accept a value.",
            fix: "write a person's name, policy:<name> or bring-up")
        return nil
    }

    /// What the file allows; a value in force outside it is no error, because it is what a calibration will mend.
    private static func bounds(_ reader: inout YAMLReader, _ quantity: Quantity) -> ClosedRange<Double>? {
        guard reader.optionalValue("bounds") != nil else { return nil }
        let ends = reader.doubles("bounds")
        guard ends.count == 2, ends[0] <= ends[1] else {
            reader.fail(
                "bounds", "Bounds are two numbers in \(quantity.unit), the lower one first.",
                fix: "write bounds: [\(Format.number(quantity.range.lowerBound)), "
                    + "\(Format.number(quantity.range.upperBound))] or narrower")
            return nil
        }
        return ends[0]...ends[1]
    }

    /// Whether the text is a time like `2026-11-20T06:12:00Z`, with possible fractions of a second.
    static func isUTC(_ text: String) -> Bool { UTCTime(text) != nil }
}

/// Helps a person who wrote a value in another unit.
enum UnitConversion {
    /// Each dimension's units, as factors of its first.
    private static let dimensions: [[String: Double]] = [
        ["Hz": 1, "mHz": 1e-3, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9],
        ["ns": 1, "ps": 1e-3, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9],
        ["m": 1, "mm": 1e-3, "cm": 1e-2, "km": 1e3],
        ["rad": 1, "deg": .pi / 180, "mrad": 1e-3, "turn": 2 * .pi],
        ["1": 1, "%": 0.01],
    ]

    /// What to write instead: the converted number when the unit is understood.
    static func fix(value: Double, from unit: String, to wanted: String) -> String {
        for dimension in dimensions {
            guard let factor = dimension[unit], let target = dimension[wanted] else { continue }
            return "write value: \(Format.number(value * factor / target)), unit: \(wanted)"
        }
        let similar = dimensions.first { $0[wanted] != nil }?.keys.filter { $0.lowercased() == unit.lowercased() } ?? []
        if !similar.isEmpty {
            return
                "\"\(unit)\" could mean \(similar.sorted().joined(separator: " or ")); convert it and write unit: \(wanted)"
        }
        return "convert it and write unit: \(wanted)"
    }
}
