import BellModel
import BellZstd

/// Restores what ``ColumnEncoder`` made; safe with any bytes.
final class ColumnDecoder {
    /// The most records, clock records or statuses of one arm.
    static let largestCount = 1 << 24

    private let zstd = ZstdDecompressor()
    private var bytes: [UInt8] = []
    private var at = 0

    /// The raw 32-byte records.
    ///
    /// - Throws: `journal.damaged`.
    func records(_ encoded: [UInt8], count: Int) throws(BellError) -> [UInt8] {
        try begin(encoded, count)
        let indices = try line(count)
        let ticks = try line(count)
        let stops = try line(count, limit: UInt64(UInt32.max))
        let flags = try line(count, limit: UInt64(UInt16.max))
        let rest = try line(count, limit: UInt64(UInt32.max))
        // Bytes 20 to 25 of all records, one after the other.
        var planes: [UInt8] = []
        planes.reserveCapacity(6 * count)
        for _ in 20..<24 { planes += try plane(count) }
        for _ in 24..<26 { planes += try bits(count) }
        try finish()
        // Record by record, so that each byte is written once.
        let size = TrialRecord.byteCount
        return [UInt8](unsafeUninitializedCapacity: count * size) { buffer, used in
            let out = UnsafeMutableRawBufferPointer(buffer)
            func store<T: FixedWidthInteger>(_ value: UInt64, _ type: T.Type, _ at: Int) {
                out.storeBytes(of: T(truncatingIfNeeded: value).littleEndian, toByteOffset: at, as: T.self)
            }
            // Every array has `count` values, the planes six times as many.
            indices.withUnsafeBufferPointer { indices in
                ticks.withUnsafeBufferPointer { ticks in
                    stops.withUnsafeBufferPointer { stops in
                        flags.withUnsafeBufferPointer { flags in
                            rest.withUnsafeBufferPointer { rest in
                                planes.withUnsafeBufferPointer { planes in
                                    for i in 0..<count {
                                        let at = i &* size
                                        store(indices[i], UInt64.self, at)
                                        store(ticks[i], UInt64.self, at &+ 8)
                                        store(stops[i], UInt32.self, at &+ 16)
                                        for plane in 0..<6 { out[at &+ 20 &+ plane] = planes[plane &* count &+ i] }
                                        store(flags[i], UInt16.self, at &+ 26)
                                        store(rest[i], UInt32.self, at &+ 28)
                                    }
                                }
                            }
                        }
                    }
                }
            }
            used = count * size
        }
    }

    /// The clock records.
    ///
    /// - Throws: `journal.damaged`.
    func clocks(_ encoded: [UInt8]) throws(BellError) -> [ClockRecord] {
        try begin(encoded, 0)
        let count = Int(try integer(UInt32.self))
        guard count <= ColumnDecoder.largestCount else { throw damaged("\(count) clock records are impossible.") }
        let pulses = try line(count)
        let ticks = try line(count)
        try finish()
        return zip(pulses, ticks).map { ClockRecord(pulse: $0, tick: $1) }
    }

    /// One byte a trial.
    ///
    /// - Throws: `journal.damaged`.
    func statuses(_ encoded: [UInt8], count: Int) throws(BellError) -> [UInt8] {
        try begin(encoded, count)
        let statuses = try plane(count)
        try finish()
        return statuses
    }

    private func damaged(_ what: String) -> BellError {
        BellError(.journalDamaged, what, cause: "compressed columns, byte \(at) of \(bytes.count)")
    }

    private func begin(_ encoded: [UInt8], _ count: Int) throws(BellError) {
        bytes = encoded
        at = 0
        guard count >= 0, count <= ColumnDecoder.largestCount else { throw damaged("\(count) values are impossible.") }
        guard try integer(UInt8.self) == ColumnEncoder.version else { throw damaged("The layout is unknown.") }
    }

    private func finish() throws(BellError) {
        guard at == bytes.count else { throw damaged("Bytes follow the last column.") }
    }

    private func integer<T: FixedWidthInteger>(_ type: T.Type) throws(BellError) -> T {
        let size = MemoryLayout<T>.size
        guard bytes.count - at >= size else { throw damaged("The columns are cut short.") }
        defer { at += size }
        return T(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: T.self) })
    }

    private func plane(_ count: Int) throws(BellError) -> [UInt8] {
        let word = try integer(UInt32.self)
        let size = Int(word & ~ColumnEncoder.rawMark)
        guard bytes.count - at >= size else { throw damaged("A column is cut short.") }
        let content = Array(bytes[at..<at + size])
        if word & ColumnEncoder.rawMark != 0 {
            guard size == count else { throw damaged("A column has \(size) bytes instead of \(count).") }
            at += size
            return content
        }
        do throws(BellError) {
            let plane = try zstd.decompress(content, size: count)
            at += size
            return plane
        } catch {
            throw damaged(error.what)
        }
    }

    private func bits(_ count: Int) throws(BellError) -> [UInt8] {
        switch try integer(UInt8.self) {
        case 0: return try plane(count)
        case 1:
            let packed = try plane((count + 7) / 8)
            return [UInt8](unsafeUninitializedCapacity: (count + 7) / 8 * 8) { bits, used in
                let out = UnsafeMutableRawBufferPointer(bits)
                for (i, byte) in packed.enumerated() {
                    // Copies of the byte nine bits apart: byte k of the product's middle ends in bit 7 − k.
                    let spread = (UInt64(byte) &* 0x8040_2010_0804_0201) &>> 7 & 0x0101_0101_0101_0101
                    out.storeBytes(of: spread.littleEndian, toByteOffset: i * 8, as: UInt64.self)
                }
                used = count
            }
        default: throw damaged("A column of bits has an unknown layout.")
        }
    }

    private func line(_ count: Int, limit: UInt64 = .max) throws(BellError) -> [UInt64] {
        guard count > 0 else { return [] }
        let first = try integer(UInt64.self)
        let span = try integer(Int64.self)
        let width = Int(try integer(UInt8.self))
        guard width <= 8 else { throw damaged("A column has \(width) bytes a value.") }
        var values = [UInt64](repeating: 0, count: count)
        for byte in 0..<width {
            let plane = try plane(count)
            let shift = UInt64(byte * 8)
            values.withUnsafeMutableBufferPointer { values in
                plane.withUnsafeBufferPointer { plane in
                    for i in 0..<count { values[i] |= UInt64(plane[i]) &<< shift }
                }
            }
        }
        var guide = LineGuide(first: first, span: span, count: count)
        var largest: UInt64 = 0
        values.withUnsafeMutableBufferPointer { values in
            for i in 0..<count {
                let rest = Int64(bitPattern: values[i] &>> 1) ^ (0 &- Int64(bitPattern: values[i] & 1))
                values[i] = guide.next() &+ UInt64(bitPattern: rest)
                largest = max(largest, values[i])
            }
        }
        guard largest <= limit else { throw damaged("A value is larger than its field.") }
        return values
    }
}
