public import BellModel

/// A connected stream of bytes, for example TCP to an instrument.
public protocol ByteStream: AnyObject, Sendable {
    /// Writes all bytes.
    ///
    /// - Throws: `stream.timeout`, `stream.closed`.
    func write(_ bytes: [UInt8], timeout: Duration) async throws(BellError)

    /// Reads what there is, at least one byte, at most `limit`.
    ///
    /// - Throws: `stream.timeout`, `stream.closed` when the other end has ended.
    func read(upTo limit: Int, timeout: Duration) async throws(BellError) -> [UInt8]

    /// Ends the stream. May be called more than once.
    func close()
}

/// Makes a new connection; called again after each failure.
public typealias ByteStreamOpener = @Sendable () async throws(BellError) -> any ByteStream

extension BellError.Code {
    /// Nothing came, or nothing could be sent, in time.
    public static let streamTimeout = BellError.Code("stream.timeout", exit: .hardware)
    /// The connection has ended, or could not be made.
    public static let streamClosed = BellError.Code("stream.closed", exit: .hardware)
}
