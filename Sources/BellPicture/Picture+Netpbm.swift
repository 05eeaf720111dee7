import BellModel

extension Picture {
    /// Binary PGM or PPM with one picture and 255 as its largest value.
    ///
    /// - SeeAlso: pgm(5), ppm(5) of Netpbm.
    static func readNetpbm(_ bytes: [UInt8], source: String) throws(BellError) -> Picture {
        guard bytes.count > 2, bytes[1] == UInt8(ascii: "5") || bytes[1] == UInt8(ascii: "6") else {
            throw BellError(
                .pictureKind, "The picture is not a binary PGM (P5) or PPM (P6).", at: source,
                fix: "save it as binary PGM or PPM")
        }
        let channels = bytes[1] == UInt8(ascii: "5") ? 1 : 3
        var at = 2
        let width = try number(bytes, &at, source: source)
        let height = try number(bytes, &at, source: source)
        let largest = try number(bytes, &at, source: source)
        guard largest == 255 else {
            throw BellError(
                .pictureKind, "The picture's largest value is \(largest), not 255.", at: source,
                fix: "save it with 8 bits a sample, for example with pamdepth 255")
        }
        try check(width: width, height: height, channels: channels, source: source)
        // One white space ends the header, whatever follows.
        let (start, size) = (at + 1, width * height * channels)
        guard at < bytes.count, isSpace(bytes[at]), bytes.count - start == size else {
            throw BellError(
                .pictureFormat, "The file has \(max(0, bytes.count - start)) bytes of pixels instead of \(size).",
                at: source, fix: "save the picture again, alone in its file")
        }
        return Picture(unchecked: width, height, channels, Array(bytes[start...]))
    }

    func encodedNetpbm() -> [UInt8] {
        Array("P\(channels == 1 ? 5 : 6)\n\(width) \(height)\n255\n".utf8) + samples
    }

    /// White space and comments, then digits; `at` is then behind the last digit.
    private static func number(_ bytes: [UInt8], _ at: inout Int, source: String) throws(BellError) -> Int {
        let begin = at
        while at < bytes.count, isSpace(bytes[at]) || bytes[at] == UInt8(ascii: "#") {
            if bytes[at] == UInt8(ascii: "#") {
                while at < bytes.count, bytes[at] != UInt8(ascii: "\n"), bytes[at] != UInt8(ascii: "\r") { at += 1 }
            } else {
                at += 1
            }
        }
        let first = at
        var value = 0
        while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]), at - first < 9 {
            value = value * 10 + Int(bytes[at] - UInt8(ascii: "0"))
            at += 1
        }
        guard first > begin, at > first else {
            throw BellError(
                .pictureFormat, "The picture's header is damaged at byte \(at).", at: source,
                fix: "save the picture again")
        }
        return value
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}
