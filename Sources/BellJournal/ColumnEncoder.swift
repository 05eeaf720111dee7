import BellModel
import BellZstd

/// Splits records into columns of like bytes and compresses each column; keeps its working memory.
///
/// Layout: a version byte, then the columns. A *plane* is a u32 size, its top
/// bit set for bytes that are kept as they are, and that many bytes; else they are one zstd frame. A *line* is u64 first,
/// i64 span, u8 width and that many planes: the values lie near a straight line from the first to the last, and what is
/// left over, zigzag coded, has at most `width` bytes, one plane a byte, least significant first.
/// Little-endian throughout.
final class ColumnEncoder {
    static let version: UInt8 = 1
    static let rawMark: UInt32 = 1 << 31

    private let zstd = ZstdCompressor(level: 1)
    private var values: [UInt64] = []
    private var plane: [UInt8] = []
    private var out: [UInt8] = []

    /// Encodes raw 32-byte records: lines of index, start tick, stop delta, flags and aux; planes of the low and high
    /// bytes of I and Q; the columns of setting and outcome.
    func encode(records: [UInt8]) -> [UInt8] {
        let count = records.count / TrialRecord.byteCount
        begin(count)
        records.withUnsafeBytes { raw in
            line(count) { i in UInt64(littleEndian: ColumnEncoder.load(raw, i, 0)) }
            line(count) { i in UInt64(littleEndian: ColumnEncoder.load(raw, i, 8)) }
            line(count) { i in UInt64(UInt32(littleEndian: ColumnEncoder.load(raw, i, 16))) }
            line(count) { i in UInt64(UInt16(littleEndian: ColumnEncoder.load(raw, i, 26))) }
            line(count) { i in UInt64(UInt32(littleEndian: ColumnEncoder.load(raw, i, 28))) }
            for offset in 20..<24 { bytes(count) { i in ColumnEncoder.load(raw, i, offset) } }
            for offset in 24..<26 { bits(count) { i in ColumnEncoder.load(raw, i, offset) } }
        }
        return out
    }

    /// Encodes clock records: their number as u32, then lines of pulse and tick.
    func encode(clocks: [ClockRecord]) -> [UInt8] {
        begin(clocks.count)
        out.appendLittleEndian(UInt32(truncatingIfNeeded: clocks.count))
        line(clocks.count) { i in clocks[i].pulse }
        line(clocks.count) { i in clocks[i].tick }
        return out
    }

    /// Encodes one byte a trial.
    func encode(statuses: [UInt8]) -> [UInt8] {
        begin(statuses.count)
        bytes(statuses.count) { i in statuses[i] }
        return out
    }

    /// Reads a field of record `i`; the caller has checked that the record is there.
    @inline(__always)
    private static func load<T: BitwiseCopyable>(_ raw: UnsafeRawBufferPointer, _ i: Int, _ offset: Int) -> T {
        raw.loadUnaligned(fromByteOffset: i &* TrialRecord.byteCount &+ offset, as: T.self)
    }

    private func begin(_ count: Int) {
        out.removeAll(keepingCapacity: true)
        out.append(ColumnEncoder.version)
        if values.count < count {
            values = [UInt64](repeating: 0, count: count)
            plane = [UInt8](repeating: 0, count: count)
        }
    }

    @inline(__always)
    private func line(_ count: Int, _ value: (Int) -> UInt64) {
        guard count > 0 else { return }
        let first = value(0)
        let span = Int64(bitPattern: value(count - 1) &- first)
        var used: UInt64 = 0
        values.withUnsafeMutableBufferPointer { values in
            var guide = LineGuide(first: first, span: span, count: count)
            for i in 0..<count {
                let rest = Int64(bitPattern: value(i) &- guide.next())
                let zigzag = UInt64(bitPattern: rest &<< 1 ^ rest &>> 63)
                values[i] = zigzag
                used |= zigzag
            }
        }
        let width = (64 - used.leadingZeroBitCount + 7) / 8
        out.appendLittleEndian(first)
        out.appendLittleEndian(span)
        out.append(UInt8(width))
        for byte in 0..<width {
            let shift = UInt64(byte * 8)
            values.withUnsafeBufferPointer { values in
                bytes(count) { i in UInt8(truncatingIfNeeded: values[i] &>> shift) }
            }
        }
    }

    @inline(__always)
    private func bytes(_ count: Int, _ value: (Int) -> UInt8) {
        plane.withUnsafeMutableBufferPointer { plane in
            for i in 0..<count { plane[i] = value(i) }
        }
        put(count)
    }

    /// A column of bits: one byte 1 and a plane of packed bits, MSB first; or 0 and a plane of bytes if one is over 1.
    @inline(__always)
    private func bits(_ count: Int, _ value: (Int) -> UInt8) {
        var used: UInt8 = 0
        for i in 0..<count { used |= value(i) }
        out.append(used <= 1 ? 1 : 0)
        if used > 1 { return bytes(count, value) }
        let packed = (count + 7) / 8
        plane.withUnsafeMutableBufferPointer { plane in
            for byte in 0..<packed {
                var bits: UInt8 = 0
                for i in 0..<min(8, count - byte * 8) { bits |= value(byte &* 8 &+ i) &<< UInt8(7 &- i) }
                plane[byte] = bits
            }
        }
        put(packed)
    }

    /// Appends the plane in the working memory.
    private func put(_ count: Int) {
        plane.withUnsafeBytes { plane in
            let content = UnsafeRawBufferPointer(rebasing: plane[0..<count])
            let compressed = zstd.compress(content)
            if compressed.count < count {
                out.appendLittleEndian(UInt32(compressed.count))
                out.append(contentsOf: compressed)
            } else {
                out.appendLittleEndian(UInt32(count) | ColumnEncoder.rawMark)
                out.append(contentsOf: content)
            }
        }
    }
}

/// Points on a straight line between two integers, rounded the same way everywhere; any numbers are allowed.
struct LineGuide {
    private var value: UInt64
    private let step: UInt64
    private let rest: UInt64
    private let steps: UInt64
    private var carried: UInt64 = 0

    init(first: UInt64, span: Int64, count: Int) {
        value = first
        steps = UInt64(max(1, count - 1))
        let (quotient, remainder) = span.quotientAndRemainder(dividingBy: Int64(steps))
        step = UInt64(bitPattern: remainder < 0 ? quotient &- 1 : quotient)
        rest = UInt64(remainder < 0 ? remainder &+ Int64(steps) : remainder)
    }

    /// The next point; the first call gives the first one.
    @inline(__always)
    mutating func next() -> UInt64 {
        let point = value
        value &+= step
        carried &+= rest
        if carried >= steps {
            carried &-= steps
            value &+= 1
        }
        return point
    }
}
