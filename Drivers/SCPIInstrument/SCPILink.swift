public import BellModel

/// The way to an instrument that takes text commands: USBTMC, or a raw TCP socket.
///
/// One operation at a time is performed; more wait. **After any error the next operation works**, or throws
/// `instrument.not-connected` until ``open()`` succeeds; what was asked before never answers what is asked after.
public protocol SCPILink: AnyObject, Sendable {
    /// Where the instrument is, for errors.
    var place: String { get }

    /// Opens the way, closing an old one.
    func open() async throws(BellError)

    /// Sends one message; the link adds what ends it.
    func write(_ message: [UInt8], timeout: Duration) async throws(BellError)

    /// Sends a message and takes the one that answers it, as it came.
    ///
    /// - Parameters:
    ///   - kind: How the answer's end is known, where the link itself does not mark it.
    ///   - limit: Bytes of the longest answer that is taken; a longer one throws `instrument.protocol`.
    func query(
        _ message: [UInt8], answer kind: SCPIAnswerKind, limit: Int, timeout: Duration
    ) async throws(BellError) -> [UInt8]

    /// Brings the instrument's input and output into their first state; settings stay.
    func clear() async throws(BellError)

    /// The status byte, read past the instrument's command queue; nil when the link has no way to do that.
    func statusByte() async throws(BellError) -> SCPIStatusByte?

    /// Closes the way. May be called again.
    func close() async
}

/// What kind of answer is expected.
public enum SCPIAnswerKind: Sendable {
    /// Text to a newline.
    case line
    /// One block of known or open length.
    case block
}

/// The most bytes of an answer, where the caller names none.
public let scpiAnswerLimit = 1 << 20
