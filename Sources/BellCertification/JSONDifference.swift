import BellModel

/// Where two JSON values differ; numbers that were computed may differ in their last digits.
enum JSONDifference {
    /// Relative difference that is still called equal: another machine's mathematical library rounds otherwise.
    static let tolerance = 1e-9

    /// Describes each difference as `path: found …, expected …`, in the order of the keys.
    static func list(_ found: JSON, expected: JSON, path: String) -> [String] {
        switch (found, expected) {
        case (.object(let a), .object(let b)):
            var out: [String] = []
            for key in Set(a.keys).union(b.keys).sorted() {
                let place = path.isEmpty ? key : "\(path).\(key)"
                switch (a[key], b[key]) {
                case (let x?, let y?): out += list(x, expected: y, path: place)
                case (nil, _): out.append("\(place): is missing")
                case (_, nil): out.append("\(place): is not expected")
                }
            }
            return out
        case (.array(let a), .array(let b)):
            if a.count != b.count { return ["\(path): has \(a.count) elements, expected \(b.count)"] }
            return zip(a, b).enumerated().flatMap { list($1.0, expected: $1.1, path: "\(path)[\($0)]") }
        case (.int(let a), .int(let b)) where a != b: break
        case (_, _) where found == expected: return []
        default:
            if let a = found.doubleValue, let b = expected.doubleValue,
                abs(a - b) <= tolerance * max(1e-3, abs(a), abs(b))
            {
                return []
            }
        }
        return ["\(path): found \(found.text.prefix(80)), expected \(expected.text.prefix(80))"]
    }
}
