import BellCrypto
import BellHost
import BellModel
import BellPool

/// Draws the bits of source two.
enum SecondSourceDraw {
    /// Bits of one answer of the daemon.
    private static let portion = 1 << 20

    /// - Returns: Packed bits, the last byte padded with zeros.
    static func draw(
        _ origin: PoolSource.Origin, bits: Int, _ invocation: Invocation
    ) throws(BellError) -> [UInt8] {
        switch origin {
        case .host: return trimmed(randomBytes((bits + 7) / 8), bits)
        case .file(let path): return try read(path, bits: bits)
        case .board(let board):
            var packed: [UInt8] = []
            let screen = ProgressScreen(console: invocation.console)
            defer { screen.end() }
            while packed.count * 8 < bits {
                // Whole portions are whole bytes.
                let count = min(portion, bits - packed.count * 8)
                let answer = try invocation.call(
                    "device.raw_random", ["device": .string(board), "bits": .int(Int64(count))],
                    timeoutMilliseconds: 30_000)
                guard let part = answer["packed"]?.stringValue.flatMap({ [UInt8](hex: $0) }),
                    part.count == (count + 7) / 8
                else {
                    throw BellError(
                        .secondSource, "The daemon's answer does not hold \(count) bits.", at: "board:\(board)",
                        state: "nothing was extracted", fix: "use the bellctl of the same version as the daemon")
                }
                packed += part
                screen.draw(
                    fraction: Double(packed.count * 8) / Double(bits),
                    fields: ["\(NumberText.count(UInt64(packed.count * 8))) bits of \(board)'s generator"])
            }
            return trimmed(packed, bits)
        }
    }

    /// The first bits of a file; what follows them is not used.
    static func read(_ path: String, bits: Int) throws(BellError) -> [UInt8] {
        let file = try BitFile(path)
        let needed = (bits + 7) / 8
        guard file.size >= UInt64(needed) else {
            throw BellError(
                .secondSource, "Source two has \(file.size * 8) bits; \(bits) are needed.", at: path,
                state: "nothing was extracted", fix: "draw \(needed) bytes from the same generator, at once")
        }
        return trimmed(try file.read(at: 0, count: needed), bits)
    }

    private static func trimmed(_ packed: [UInt8], _ bits: Int) -> [UInt8] {
        var packed = packed
        if bits % 8 != 0 { packed[packed.count - 1] &= ~(0xff >> UInt8(bits % 8)) }
        return packed
    }
}
