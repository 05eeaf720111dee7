import BellModel
import BellSequence

/// What `--set NAME=VALUE` says of an experiment's parameters: `wait_ns=2000`, `wait_ns=2000ns` or `"wait_ns=2000 ns"`.
enum ExperimentSettings {
    /// Reads settings for an experiment. A unit may be left out; one that is given must be the parameter's own.
    ///
    /// - Returns: Values by name. Names that the experiment does not have are among them: the compiler knows the nearest.
    /// - Throws: `tool.argument`; all failures at once.
    static func parse(_ texts: [String], of experiment: ExperimentSequence) throws(BellError) -> [String: Double] {
        var values: [String: Double] = [:]
        var failures: [BellError] = []
        for text in texts {
            do throws(BellError) {
                let (name, number, unit) = try split(text)
                if values.updateValue(number, forKey: name) != nil {
                    throw failure("\(name) is set twice.", fix: "set it once")
                }
                guard let wanted = experiment.parameters.first(where: { $0.name == name })?.unit, !unit.isEmpty,
                    unit != wanted
                else { continue }
                let own = wanted == "1" ? "a plain number" : "in \(wanted)"
                throw failure(
                    "\(name) is \(own), found \"\(number.text) \(unit.prefix(20))\".",
                    fix: factor(from: unit, to: wanted).map { "write --set \(name)=\((number * $0).text)" }
                        ?? "give it \(own): --set \(name)=\(wanted == "1" ? "VALUE" : "VALUE\(wanted)")")
            } catch {
                failures.append(error)
            }
        }
        if let error = BellError.all(failures) { throw error }
        return values
    }

    /// `wait_ns=2000 ns` → name, number, unit; the unit is empty where none is given.
    private static func split(_ text: String) throws(BellError) -> (name: String, number: Double, unit: String) {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, !halves[0].isEmpty else {
            throw failure(
                "--set takes NAME=VALUE, found \"\(text.prefix(60))\".", fix: "for example --set wait_ns=2000")
        }
        let name = halves[0].trimmingSpaces
        let value = halves[1].trimmingSpaces
        // The longest beginning that is a number: "2e3ns" is 2e3 ns.
        var end = value.endIndex
        while end > value.startIndex {
            if let number = Double(value[..<end]), number.isFinite {
                return (name, number, String(value[end...]).trimmingSpaces)
            }
            end = value.index(before: end)
        }
        throw failure(
            "\(name.prefix(40)) takes a number, found \"\(value.prefix(40))\".", fix: "for example --set wait_ns=2000")
    }

    /// How many of `wanted` are one `unit`; nil where one is no multiple of the other.
    private static func factor(from unit: String, to wanted: String) -> Double? {
        switch (unit, wanted) {
        case ("ps", "ns"): 1e-3
        case ("us", "ns"), ("µs", "ns"), ("μs", "ns"): 1e3
        case ("ms", "ns"): 1e6
        case ("s", "ns"): 1e9
        case ("kHz", "Hz"): 1e3
        case ("MHz", "Hz"): 1e6
        case ("GHz", "Hz"): 1e9
        case ("rad", "deg"): 180 / .pi
        case ("%", "1"): 1e-2
        default: nil
        }
    }

    private static func failure(_ what: String, fix: String) -> BellError {
        BellError(.toolArgument, what, at: "--set", fix: fix)
    }
}

extension StringProtocol {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

extension Double {
    /// A whole number without a point, also after a multiplication that missed it by the last digits.
    fileprivate var text: String {
        (self - rounded()).magnitude <= 1e-12 * magnitude && magnitude < 1e15 ? "\(Int64(rounded()))" : "\(self)"
    }
}
