public import BellModel
public import DriverKit

/// A stream of bytes that passes everything on unchanged and shows it to a ``RecorderTap``.
public final class RecordingStream: ByteStream {
    private let inner: any ByteStream
    private let tap: RecorderTap
    private let connection: UInt32

    public init(_ inner: any ByteStream, tap: RecorderTap) {
        self.inner = inner
        self.tap = tap
        connection = tap.opened()
    }

    public func write(_ bytes: [UInt8], timeout: Duration) async throws(BellError) {
        let began = tap.elapsed
        do throws(BellError) {
            try await inner.write(bytes, timeout: timeout)
            note(began, .write(bytes, endpoint: 0), .success([]))
        } catch {
            note(began, .write(bytes, endpoint: 0), .failure(error))
            throw error
        }
    }

    public func read(upTo limit: Int, timeout: Duration) async throws(BellError) -> [UInt8] {
        let began = tap.elapsed
        do throws(BellError) {
            let bytes = try await inner.read(upTo: limit, timeout: timeout)
            note(began, .read(limit, endpoint: 0), .success(bytes))
            return bytes
        } catch {
            note(began, .read(limit, endpoint: 0), .failure(error))
            throw error
        }
    }

    public func close() {
        tap.isOver(connection, .closed)
        inner.close()
    }

    private func note(_ began: UInt64, _ call: TraceOperation.Call, _ result: Result<[UInt8], BellError>) {
        tap.note(.operation(TraceOperation(began: began, call: call, result: result)), connection: connection)
    }
}

extension RecorderTap {
    /// The opener that a driver gets instead of `open`.
    public func recording(_ open: @escaping ByteStreamOpener) -> ByteStreamOpener {
        { [self] () async throws(BellError) -> any ByteStream in
            do throws(BellError) {
                return RecordingStream(try await open(), tap: self)
            } catch {
                failedToOpen(error)
                throw error
            }
        }
    }
}
