public import BellModel
public import DriverKit

/// A board's transport that passes everything on unchanged and shows it to a ``RecorderTap``.
public final class RecordingTransport: Transport {
    public let incoming: AsyncThrowingStream<[UInt8], any Error>
    private let inner: any Transport
    private let tap: RecorderTap
    private let connection: UInt32

    public init(_ inner: any Transport, tap: RecorderTap) {
        self.inner = inner
        self.tap = tap
        let connection = tap.opened()
        self.connection = connection
        // Pulls from the wrapped stream only when the reader pulls, so that its back-pressure stays.
        let source = inner.incoming
        incoming = AsyncThrowingStream { () async throws -> [UInt8]? in
            do {
                var iterator = source.makeAsyncIterator()
                if let frame = try await iterator.next() {
                    tap.noteBoard(frame, connection: connection)
                    return frame
                }
                // A reader that was cancelled is the host giving up, not the board: it will close.
                tap.isOver(connection, Task.isCancelled ? .closed : .ended)
                return nil
            } catch {
                tap.isOver(connection, .failed(BellError(wrapping: error)))
                throw error
            }
        }
    }

    public func send(_ frame: [UInt8]) throws(BellError) {
        // Before it is sent: the answer must not stand before the request.
        tap.noteHost(frame, connection: connection)
        do throws(BellError) {
            try inner.send(frame)
        } catch {
            tap.note(.sendFailed(error), connection: connection)
            throw error
        }
    }

    public func close() {
        tap.isOver(connection, .closed)
        inner.close()
    }
}

extension RecorderTap {
    /// The opener that a driver gets instead of `open`.
    public func recording(_ open: @escaping TransportOpener) -> TransportOpener {
        { [self] () async throws(BellError) -> any Transport in
            do throws(BellError) {
                return RecordingTransport(try await open(), tap: self)
            } catch {
                failedToOpen(error)
                throw error
            }
        }
    }
}

extension BellError {
    /// An error of whatever type as ours.
    init(wrapping error: any Error) {
        self =
            error as? BellError
            ?? BellError(.transportClosed, "The transport failed.", cause: String(describing: error))
    }
}
