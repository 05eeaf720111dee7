public import BellModel

/// Where two certificates differ, member by member and to the last digit; neither needs to be a sound one.
public struct CertificateDifference: Equatable, Sendable {
    /// One member of the top level.
    public struct Member: Equatable, Sendable {
        public let name: String
        /// Each as `path: first, then second`; at most ``listLimit`` of them.
        public let differences: [String]
        public let count: Int
    }

    /// Those that differ, by name.
    public let members: [Member]
    /// The most differences that are listed of one member.
    public static let listLimit = 100
    /// The longest text of a value that is shown.
    private static let valueLimit = 80

    /// Compares two parsed files.
    public init(_ first: JSON, _ second: JSON) {
        let (a, b) = (first.objectValue ?? [:], second.objectValue ?? [:])
        members = Set(a.keys).union(b.keys).sorted().compactMap { name in
            var list = List()
            list.compare(a[name], b[name], path: name)
            return list.count == 0 ? nil : Member(name: name, differences: list.lines, count: list.count)
        }
    }

    /// Whether nothing differs.
    public var isEmpty: Bool { members.isEmpty }

    /// For programs.
    public var json: JSON {
        .array(
            members.map { member in
                [
                    "member": .string(member.name), "count": .int(Int64(member.count)),
                    "differences": .array(member.differences.map { .string($0) }),
                ]
            })
    }

    /// For people; empty when nothing differs.
    public var text: String {
        var page = TextPage()
        for member in members {
            let words = CertificateMembers.words(member.name) ?? "no certificate of this version has it"
            page.line("\(member.name)   (\(words))")
            for difference in member.differences { page.line("  \(difference)") }
            let more = member.count - member.differences.count
            if more > 0 { page.line("  … and \(more) more") }
        }
        return members.isEmpty ? "" : page.text
    }

    private struct List {
        var lines: [String] = []
        var count = 0

        mutating func compare(_ a: JSON?, _ b: JSON?, path: String) {
            switch (a, b) {
            case (.object(let x)?, .object(let y)?):
                for key in Set(x.keys).union(y.keys).sorted() { compare(x[key], y[key], path: "\(path).\(key)") }
            case (.array(let x)?, .array(let y)?):
                // Spelled out, because a bare nil would be JSON's null.
                let none = JSON?.none
                for i in 0..<max(x.count, y.count) {
                    compare(i < x.count ? x[i] : none, i < y.count ? y[i] : none, path: "\(path)[\(i)]")
                }
            case (let x?, let y?): if x.text != y.text { add("\(path): \(shown(x)), then \(shown(y))") }
            case (let x?, nil): add("\(path): \(shown(x)), then missing")
            case (nil, let y?): add("\(path): missing, then \(shown(y))")
            case (nil, nil): break
            }
        }

        private mutating func add(_ line: String) {
            count += 1
            if lines.count < CertificateDifference.listLimit { lines.append(line) }
        }

        private func shown(_ value: JSON) -> String {
            let text = value.text
            let limit = CertificateDifference.valueLimit
            return text.count > limit ? "\(text.prefix(limit))…" : text
        }
    }
}
