public import BellModel

/// A way to exchange whole frames with one device; one message is one frame.
///
/// Frames arrive in the order in which they were sent, whole or not at all. What arrives is not checked here.
public protocol Transport: AnyObject, Sendable {
    /// What the other end sends. One reader only. Ends when either end closes; throws a ``BellError`` when the way
    /// itself fails.
    var incoming: AsyncThrowingStream<[UInt8], any Error> { get }

    /// Sends one frame; does not wait for the other end.
    ///
    /// - Throws: `transport.closed`, why the way has failed, or `transport.full` when the other end has not read for long.
    func send(_ frame: [UInt8]) throws(BellError)

    /// Ends the exchange; both ends' `incoming` finish. May be called more than once.
    func close()
}

/// Makes a new transport to one device; called again for each connection.
public typealias TransportOpener = @Sendable () async throws(BellError) -> any Transport
