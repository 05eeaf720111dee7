import CZstd

/// Compresses byte strings, each by itself, with one working memory; used from one isolation at a time.
///
/// - SeeAlso: RFC 8878; `ZSTD_compressCCtx` (libzstd).
public final class ZstdCompressor {
    private let context: OpaquePointer
    private let level: Int32

    /// - Parameter level: 1 is fast, 19 small; negative ones are faster still.
    public init(level: Int32 = 1) {
        guard let context = ZSTD_createCCtx() else { preconditionFailure("libzstd has no memory") }
        self.context = context
        self.level = min(max(level, ZSTD_minCLevel()), ZSTD_maxCLevel())
    }

    deinit { ZSTD_freeCCtx(context) }

    /// Returns one frame that names its content's size.
    public func compress(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { compress($0) } }

    /// Returns one frame that names its content's size.
    public func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let bound = ZSTD_compressBound(bytes.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            count = ZSTD_compressCCtx(context, buffer.baseAddress, bound, bytes.baseAddress, bytes.count, level)
            // The output is as large as it can get: only a lack of memory is left.
            precondition(ZSTD_isError(count) == 0, "libzstd has no memory")
        }
    }
}

/// Compresses bytes into one frame; for more than one string use a ``ZstdCompressor``.
public func compress(_ bytes: [UInt8], level: Int32 = 1) -> [UInt8] { ZstdCompressor(level: level).compress(bytes) }
