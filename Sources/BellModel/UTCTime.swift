/// An instant of the wall clock, to the millisecond; for stamps and ages, never for timing inside a trial.
public struct UTCTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z, leap seconds left out as POSIX does.
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Seconds since 1970.
    public var seconds: Double { Double(milliseconds) / 1000 }

    public static func < (a: UTCTime, b: UTCTime) -> Bool { a.milliseconds < b.milliseconds }

    // Methods instead of `-` and `+`: overloads that give Double slow the type check of everybody's arithmetic down.

    /// Seconds from `earlier` to this; negative when this is earlier.
    public func seconds(since earlier: UTCTime) -> Double { Double(milliseconds &- earlier.milliseconds) / 1000 }

    /// The instant that many seconds later; past the ends of 64 bits it stays at the end.
    public func adding(seconds: Double) -> UTCTime {
        let sum = (Double(milliseconds) + seconds * 1000).rounded()
        guard sum.magnitude < 0x1p62 else { return UTCTime(milliseconds: sum < 0 ? .min / 2 : .max / 2) }
        return UTCTime(milliseconds: milliseconds &+ Int64((seconds * 1000).rounded()))
    }

    /// Reads `2026-11-20T06:12:00Z`, with possible fractions of a second, which are cut to milliseconds.
    ///
    /// Strict: nil for another zone, an impossible date, a missing digit. A leap second counts as the next second.
    /// - SeeAlso: RFC 3339, section 5.6.
    public init?(_ text: String) {
        let bytes = Array(text.utf8.prefix(64))
        let pattern = Array("0000-00-00T00:00:00".utf8)
        guard bytes.count == text.utf8.count, bytes.count > pattern.count, bytes.last == UInt8(ascii: "Z") else {
            return nil
        }
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        for (have, want) in zip(bytes, pattern) where isDigit(want) ? !isDigit(have) : have != want { return nil }
        let fraction = bytes[pattern.count...].dropLast()
        guard
            fraction.isEmpty
                || (fraction.count > 1 && fraction.first == 0x2e && fraction.dropFirst().allSatisfy(isDigit))
        else { return nil }
        func number(_ range: Range<Int>) -> Int64 { bytes[range].reduce(0) { $0 * 10 + Int64($1 - 0x30) } }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        guard (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day), hour < 24, minute < 60,
            second <= 60
        else { return nil }
        var thousandths: Int64 = 0
        for place in 1...3 {
            thousandths =
                thousandths * 10 + (place < fraction.count ? Int64(fraction[fraction.startIndex + place] - 0x30) : 0)
        }
        let day0 = Self.daysSince1970(year, month, day)
        milliseconds = (((day0 * 24 + hour) * 60 + minute) * 60 + second) * 1000 + thousandths
    }

    /// `2026-11-20T06:12:00Z`; with milliseconds only where there are some.
    public var description: String {
        let day = (Double(milliseconds) / 86_400_000).rounded(.down)
        let (year, month, date) = Self.civil(Int64(day))
        let rest = milliseconds - Int64(day) * 86_400_000
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let years = String(repeating: "0", count: max(0, 4 - String(year).count)) + String(year)
        let clock = "\(two(rest / 3_600_000)):\(two(rest / 60_000 % 60)):\(two(rest / 1000 % 60))"
        let fraction = rest % 1000 == 0 ? "" : "." + String(1000 + rest % 1000).dropFirst()
        return "\(years)-\(two(month))-\(two(date))T\(clock)\(fraction)Z"
    }

    /// The day alone, as eight digits: `20261120`.
    public var compactDate: String { String(description.prefix(10)).filter { $0 != "-" } }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // Counting from 1 March makes the leap day the year's last; 146 097 days are 400 years.

    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
