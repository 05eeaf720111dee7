import BellModel
import CPNG

extension Picture {
    /// `png_image_begin_read_from_memory`, `png_image_finish_read` (libpng), of the critical chunks alone.
    static func readPNG(_ bytes: [UInt8], source: String) throws(BellError) -> Picture {
        let chunks = try PNGChunks(bytes, source: source)
        var image = emptyImage()
        defer { png_image_free(&image) }
        var samples = [UInt8](repeating: 0, count: chunks.width * chunks.height * chunks.channels)
        let isRead = chunks.bytes.withUnsafeBytes { file in
            guard png_image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0,
                Int(image.width) == chunks.width, Int(image.height) == chunks.height
            else { return false }
            image.format = Picture.format(channels: chunks.channels)
            return samples.withUnsafeMutableBytes {
                png_image_finish_read(&image, nil, $0.baseAddress, 0, nil) != 0
            }
        }
        // A warning is damage, too, where nothing but pixels was read.
        guard isRead, image.warning_or_error == 0 else {
            throw BellError(
                .pictureFormat, "The PNG is damaged.", at: source, cause: "libpng: \(message(image))",
                fix: "save the picture again")
        }
        return Picture(unchecked: chunks.width, chunks.height, chunks.channels, samples)
    }

    /// `png_image_write_to_memory` (libpng); it writes neither time nor text.
    func encodedPNG() throws(BellError) -> [UInt8] {
        var image = Picture.emptyImage()
        (image.width, image.height) = (UInt32(width), UInt32(height))
        image.format = Picture.format(channels: channels)
        defer { png_image_free(&image) }
        // Zlib and the chunks add far less: encrypted pixels do not shrink.
        let room = samples.count + samples.count / 64 + height + 4096
        var isWritten = false
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            var size = png_alloc_size_t(room)
            isWritten = png_image_write_to_memory(&image, buffer.baseAddress, &size, 0, samples, 0, nil) != 0
            count = isWritten ? Int(size) : 0
        }
        guard isWritten else {
            throw BellError(
                .pictureFormat, "The picture cannot be written as a PNG.", at: description,
                cause: "libpng: \(Picture.message(image))")
        }
        return bytes
    }

    private static func emptyImage() -> png_image {
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        return image
    }

    private static func format(channels: Int) -> UInt32 {
        channels == 1 ? UInt32(PNG_FORMAT_GRAY) : UInt32(PNG_FORMAT_FLAG_COLOR)
    }

    private static func message(_ image: png_image) -> String {
        withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
