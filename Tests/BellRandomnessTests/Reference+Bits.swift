import BellRandomness

extension Bits {
    /// Bits from a list, one after the other: the slow way, for comparison.
    init(_ list: some Sequence<Bool>) {
        let list = Array(list)
        self.init(zeros: list.count)
        for (index, bit) in list.enumerated() where bit { self[index] = true }
    }

    /// Bits written as zeros and ones.
    init(text: String) { self.init(text.utf8.map { $0 == UInt8(ascii: "1") }) }

    var text: String { (0..<count).map { self[$0] ? "1" : "0" }.joined() }
}
