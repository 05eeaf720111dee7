/// A table of models: finds what a box is by its name. A laboratory may put rows of its own before the known ones.
public struct MiniCircuitsTable: Sendable {
    /// One row: a pattern for names, and what a name that fits it means.
    public struct Row: Sendable {
        /// `#` stands for a number, a `*` at the end for any rest: `RC-#SPDT-*`.
        public var pattern: String
        /// The numbers that `#` may stand for.
        public var numbers: ClosedRange<Int>
        /// What the box is, given that number (0 without `#`).
        public var kind: @Sendable (_ number: Int) -> MiniCircuitsModel.Kind
        public var dialect: MiniCircuitsDialect
        public var newerDialect: MiniCircuitsDialect?
        public var confirmation: MiniCircuitsModel.Confirmation
        public var source: String

        public init(
            _ pattern: String, numbers: ClosedRange<Int> = 0...0, _ dialect: MiniCircuitsDialect,
            newer: MiniCircuitsDialect? = nil, _ confirmation: MiniCircuitsModel.Confirmation, source: String,
            kind: @escaping @Sendable (_ number: Int) -> MiniCircuitsModel.Kind
        ) {
            self.pattern = pattern
            self.numbers = numbers
            self.kind = kind
            self.dialect = dialect
            newerDialect = newer
            self.confirmation = confirmation
            self.source = source
        }

        /// The model of that name, or nil when the name does not fit.
        func model(named name: String) -> MiniCircuitsModel? {
            guard let number = Row.number(in: name, pattern: pattern), numbers.contains(number) else { return nil }
            return MiniCircuitsModel(
                name: name, kind: kind(number), dialect: dialect, newerDialect: newerDialect,
                confirmation: confirmation, source: source)
        }

        /// The number that stands at `#` (0 without one), or nil when the name does not fit.
        static func number(in name: String, pattern: String) -> Int? {
            var rest = Substring(name)
            var number = 0
            for character in pattern {
                switch character {
                case "#":
                    let digits = rest.prefix { ("0"..."9").contains($0) }.prefix(3)
                    guard let value = Int(digits) else { return nil }
                    number = value
                    rest = rest.dropFirst(digits.count)
                case "*":
                    return rest.isEmpty ? nil : number
                default:
                    guard rest.popFirst() == character else { return nil }
                }
            }
            return rest.isEmpty ? number : nil
        }
    }

    public var rows: [Row]

    public init(_ rows: [Row]) { self.rows = rows }

    /// The model of that name: the first row that fits.
    public func model(named name: String) -> MiniCircuitsModel? {
        for row in rows {
            if let model = row.model(named: name) { return model }
        }
        return nil
    }
}
