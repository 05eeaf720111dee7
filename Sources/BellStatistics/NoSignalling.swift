public import BellModel

/// One of the four no-signalling tests: does a node's outcome depend on the other node's setting?
///
/// A consistency test: passing proves nothing, failing shows a defect. Valid trials only.
public struct NoSignallingTest: Equatable, Sendable {
    /// The node whose outcome is looked at.
    public let node: Node
    /// That node's own setting.
    public let setting: Int
    /// Rows: the other node's setting 0, 1; columns: the outcome 0, 1.
    public let table: ContingencyTable
    /// log10 of Fisher's p-value, and the same after Holm's adjustment over the four tests.
    public let log10P: Double
    public let log10PAdjusted: Double

    /// `a|x=0` and so on.
    public var name: String { node == .alice ? "a|x=\(setting)" : "b|y=\(setting)" }

    /// All four tests: a given x = 0, x = 1, b given y = 0, y = 1.
    public static func all(_ tally: TrialTally) -> [NoSignallingTest] {
        var tables: [(Node, Int, ContingencyTable)] = []
        for setting in 0...1 {
            let row = { (y: Int, a: Int) in
                tally.count(x: setting, y: y, a: a, b: 0) + tally.count(x: setting, y: y, a: a, b: 1)
            }
            tables.append((.alice, setting, ContingencyTable(row(0, 0), row(0, 1), row(1, 0), row(1, 1))))
        }
        for setting in 0...1 {
            let row = { (x: Int, b: Int) in
                tally.count(x: x, y: setting, a: 0, b: b) + tally.count(x: x, y: setting, a: 1, b: b)
            }
            tables.append((.bob, setting, ContingencyTable(row(0, 0), row(0, 1), row(1, 0), row(1, 1))))
        }
        let p = tables.map(\.2.log10PFisher)
        let adjusted = holmAdjusted(log10P: p)
        return tables.indices.map { i in
            NoSignallingTest(
                node: tables[i].0, setting: tables[i].1, table: tables[i].2, log10P: p[i],
                log10PAdjusted: adjusted[i])
        }
    }
}
