public import BellModel
import CZstd

extension BellError.Code {
    /// Compressed bytes are damaged, or do not have the size that they should.
    public static let zstdCorrupt = BellError.Code("zstd.corrupt", exit: .dataIntegrity)
}

/// Decompresses byte strings with one working memory; used from one isolation at a time.
public final class ZstdDecompressor {
    /// The largest content that is produced, in bytes.
    public static let maximumSize = 1 << 30

    private let context: OpaquePointer

    public init() {
        guard let context = ZSTD_createDCtx() else { preconditionFailure("libzstd has no memory") }
        self.context = context
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Returns the content of one frame; safe with hostile bytes.
    ///
    /// - Parameter size: The content's exact size, at most ``maximumSize``; no more memory than that is used.
    /// - Throws: `zstd.corrupt` for anything but one whole frame of that size.
    /// - SeeAlso: `ZSTD_decompressDCtx` (libzstd).
    public func decompress(_ bytes: [UInt8], size: Int) throws(BellError) -> [UInt8] {
        guard (0...Self.maximumSize).contains(size) else {
            throw corrupt("A content of \(size) bytes is not possible.", bytes)
        }
        let stated = ZSTD_getFrameContentSize(bytes, bytes.count)
        guard stated == UInt64(size) || stated == contentSizeUnknown else {
            throw corrupt("The compressed bytes are not a content of \(size) bytes.", bytes)
        }
        let frame = ZSTD_findFrameCompressedSize(bytes, bytes.count)
        guard ZSTD_isError(frame) == 0, frame == bytes.count else {
            throw corrupt("The compressed bytes are cut short or followed by others.", bytes)
        }
        var result = 0
        let content = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            result = ZSTD_decompressDCtx(context, buffer.baseAddress, size, bytes, bytes.count)
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        guard ZSTD_isError(result) == 0 else {
            throw corrupt(
                "The compressed bytes are damaged.", bytes,
                cause: "ZSTD_decompressDCtx: \(String(cString: ZSTD_getErrorName(result)))")
        }
        guard content.count == size else {
            throw corrupt("The content has \(content.count) bytes instead of \(size).", bytes)
        }
        return content
    }

    private func corrupt(_ what: String, _ bytes: [UInt8], cause: String? = nil) -> BellError {
        BellError(.zstdCorrupt, what, at: "\(bytes.count) compressed bytes", cause: cause)
    }
}

/// `ZSTD_CONTENTSIZE_UNKNOWN`, a casting macro.
private let contentSizeUnknown = UInt64.max

/// Returns the content of one frame of exactly `size` bytes; for more than one use a ``ZstdDecompressor``.
///
/// - Throws: `zstd.corrupt`.
public func decompress(_ bytes: [UInt8], size: Int) throws(BellError) -> [UInt8] {
    try ZstdDecompressor().decompress(bytes, size: size)
}
