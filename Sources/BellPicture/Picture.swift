public import BellModel

extension BellError.Code {
    /// A file is no picture, or a damaged one.
    public static let pictureFormat = BellError.Code("picture.format", exit: .usage)
    /// A picture is of a kind that is not encrypted: too large, 16 bits a sample, transparent.
    public static let pictureKind = BellError.Code("picture.kind", exit: .usage)
}

/// A grey or coloured picture of 8 bits a sample; nothing but its pixels, no metadata.
public struct Picture: Equatable, Sendable {
    /// How a picture is written into a file.
    public enum Format: String, CaseIterable, Sendable {
        case png
        /// Binary PGM (`P5`) for grey, PPM (`P6`) for colours.
        case netpbm
    }

    /// The largest width and height.
    public static let largestSide = 16_384
    /// The largest count of samples: 64 MiB.
    public static let mostSamples = 1 << 26

    /// In pixels, at least 1.
    public let width: Int
    /// In pixels, at least 1.
    public let height: Int
    /// Samples a pixel: 1 (grey) or 3 (red, green, blue).
    public let channels: Int
    /// Row by row from the top, `channels` samples a pixel, without padding.
    public internal(set) var samples: [UInt8]

    /// Makes a picture; nil when the count of samples is another.
    public init?(width: Int, height: Int, channels: Int, samples: [UInt8]) {
        guard width > 0, height > 0, channels == 1 || channels == 3, width <= Picture.mostSamples,
            height <= Picture.mostSamples, samples.count == width * height * channels
        else { return nil }
        (self.width, self.height, self.channels, self.samples) = (width, height, channels, samples)
    }

    /// Trusted sizes, of this module's own making.
    init(unchecked width: Int, _ height: Int, _ channels: Int, _ samples: [UInt8]) {
        (self.width, self.height, self.channels, self.samples) = (width, height, channels, samples)
    }

    /// Bits of a pad that covers every sample.
    public var bits: Int { samples.count * 8 }
    /// `256 × 192, grey`.
    public var description: String { "\(width) × \(height), \(channels == 1 ? "grey" : "colour")" }

    /// Reads a PNG or a binary PGM or PPM; safe with hostile bytes.
    ///
    /// Sizes are bounded before anything is allocated. Rules: PNG greys of 1, 2 and 4 bits become 8 bits, palettes become
    /// colours; 16 bits a sample and transparency are refused; metadata (texts, times, gamma, profiles) are dropped unread.
    /// - Parameter source: What the bytes are called in errors, for example a file's path.
    /// - Throws: `picture.format`, `picture.kind`.
    public static func read(_ bytes: [UInt8], source: String) throws(BellError) -> (Picture, Format) {
        if bytes.starts(with: PNGChunks.signature) { return (try readPNG(bytes, source: source), .png) }
        if bytes.first == UInt8(ascii: "P") { return (try readNetpbm(bytes, source: source), .netpbm) }
        throw BellError(
            .pictureFormat, "The file is neither a PNG nor a binary PGM or PPM.", at: source,
            fix: "convert it, for example with pngtopnm or an image editor")
    }

    /// The bytes of a file: the pixels and what is needed to show them.
    ///
    /// - Throws: `picture.format` when libpng has no memory.
    public func encoded(as format: Format) throws(BellError) -> [UInt8] {
        switch format {
        case .png: try encodedPNG()
        case .netpbm: encodedNetpbm()
        }
    }

    /// The usual ending of a file's name: `png`, `pgm` or `ppm`.
    public func suffix(as format: Format) -> String {
        switch format {
        case .png: "png"
        case .netpbm: channels == 1 ? "pgm" : "ppm"
        }
    }

    /// Refuses sizes that no picture of ours has; before anything is allocated.
    static func check(width: Int, height: Int, channels: Int, source: String) throws(BellError) {
        guard width > 0, height > 0 else {
            throw BellError(.pictureFormat, "The picture has \(width) × \(height) pixels.", at: source)
        }
        guard width <= largestSide, height <= largestSide, width * height * channels <= mostSamples else {
            throw BellError(
                .pictureKind, "The picture is too large: \(width) × \(height) pixels.", at: source,
                fix: "make it smaller: at most \(largestSide) pixels a side and \(mostSamples) samples")
        }
    }
}
