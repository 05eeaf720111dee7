public import BellModel

extension BellError.Code {
    /// A stream length that a battery cannot test.
    public static let streamLength = BellError.Code("battery.stream-length", exit: .usage)
}

/// Bits a stream: 10^6 as the standard advises, or another length whose spectrum can be computed fast.
public struct SP80022Length: Equatable, Sendable {
    /// What the long tests need (sections 2.8.7, 2.10.7, 2.14.7), and what a working set of 9 bytes a bit allows.
    public static let range = 1_000_000...(1 << 26)
    /// 10^6 bits.
    public static let standard = SP80022Length(checked: 1_000_000)

    public let bits: Int

    private init(checked bits: Int) { self.bits = bits }

    /// - Throws: `battery.stream-length` unless `bits` is 2^a · 5^b, a multiple of 64 and in ``range``; the nearest are named.
    public init(_ bits: Int) throws(BellError) {
        guard SP80022Length.range.contains(bits), SP80022Length.isAllowed(bits) else {
            let all = SP80022Length.all
            let near = [all.last { $0 < bits }, all.first { $0 > bits }].compactMap(\.self)
            throw BellError(
                .streamLength, "Streams of \(bits) bits cannot be tested.", at: "stream length",
                cause: "a length is 2^a · 5^b, a multiple of 64, from \(SP80022Length.range.lowerBound) to "
                    + "\(SP80022Length.range.upperBound)",
                fix: "take \(near.map(String.init).joined(separator: " or "))")
        }
        self.bits = bits
    }

    /// Every length, in order.
    static let all: [Int] = {
        var lengths: [Int] = []
        var five = 1
        while five <= range.upperBound / 64 {
            var length = 64 * five
            while length <= range.upperBound {
                if range.contains(length) { lengths.append(length) }
                length *= 2
            }
            five *= 5
        }
        return lengths.sorted()
    }()

    private static func isAllowed(_ bits: Int) -> Bool {
        guard bits % 64 == 0 else { return false }
        var rest = bits
        while rest % 2 == 0 { rest /= 2 }
        while rest % 5 == 0 { rest /= 5 }
        return rest == 1
    }
}
