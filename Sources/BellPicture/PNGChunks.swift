import BellModel

/// The critical chunks of a PNG file, found without libpng: it then sees neither metadata nor sizes that were not checked.
///
/// - SeeAlso: PNG specification (ISO/IEC 15948), sections 5 and 11.
struct PNGChunks {
    static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

    private(set) var width = 0
    private(set) var height = 0
    /// 1 for grey, 3 for colours and palettes.
    private(set) var channels = 0
    /// The same picture with nothing but its critical chunks.
    private(set) var bytes: [UInt8] = signature

    /// - Parameter file: Begins with the signature.
    init(_ file: [UInt8], source: String) throws(BellError) {
        func damaged(_ what: String) -> BellError {
            BellError(.pictureFormat, "The PNG is damaged: \(what).", at: source, fix: "save the picture again")
        }
        bytes.reserveCapacity(file.count)
        var at = PNGChunks.signature.count
        // What was before: the order of chunks is part of the format.
        var last = ""
        var (hasPalette, isInterrupted) = (false, false)
        while last != "IEND" {
            guard file.count - at >= 12 else { throw damaged("it ends in the middle") }
            let length = PNGChunks.number(file, at)
            guard length <= file.count - at - 12 else { throw damaged("a part is longer than the file") }
            let name = String(decoding: file[(at + 4)..<(at + 8)], as: UTF8.self)
            let (start, end) = (at, at + 12 + length)
            at = end
            guard last.isEmpty == (name == "IHDR") else { throw damaged("its header is not where it should be") }
            switch name {
            case "IHDR":
                guard length == 13 else { throw damaged("its header has \(length) bytes") }
                try readHeader(file, start + 8, source: source)
            case "PLTE":
                guard !hasPalette, last != "IDAT" else { throw damaged("its palette is misplaced") }
                hasPalette = true
            case "IDAT":
                guard !isInterrupted else { throw damaged("something is between its pixels") }
            case "IEND":
                guard last == "IDAT", length == 0 else { throw damaged("it has no pixels") }
                guard end == file.count else { throw damaged("something follows its end") }
            case "tRNS":
                throw PNGChunks.unsupported("it has transparent colours", source)
            default:
                // A capital letter: a reader that does not know the chunk must not go on.
                guard file[start + 4] & 0x20 != 0 else { throw damaged("it has a part of an unknown kind") }
                isInterrupted = isInterrupted || last == "IDAT"
                continue
            }
            bytes += file[start..<end]
            last = name
        }
    }

    private mutating func readHeader(_ file: [UInt8], _ at: Int, source: String) throws(BellError) {
        (width, height) = (PNGChunks.number(file, at), PNGChunks.number(file, at + 4))
        let (depth, kind) = (file[at + 8], file[at + 9])
        switch kind {
        case 0: channels = 1
        case 2, 3: channels = 3
        case 4, 6: throw PNGChunks.unsupported("it is transparent", source)
        default: throw BellError(.pictureFormat, "The PNG has colours of type \(kind), which there is not.", at: source)
        }
        guard depth <= 8 else { throw PNGChunks.unsupported("it has \(depth) bits a sample", source) }
        try Picture.check(width: width, height: height, channels: channels, source: source)
    }

    private static func unsupported(_ what: String, _ source: String) -> BellError {
        BellError(
            .pictureKind, "The PNG cannot be encrypted: \(what).", at: source,
            fix: "save it with 8 bits a sample and without transparency (alpha)")
    }

    /// Four bytes, the highest first.
    private static func number(_ file: [UInt8], _ at: Int) -> Int {
        Int(file[at]) << 24 | Int(file[at + 1]) << 16 | Int(file[at + 2]) << 8 | Int(file[at + 3])
    }
}
