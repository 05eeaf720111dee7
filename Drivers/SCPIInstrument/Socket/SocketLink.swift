public import BellModel
public import DriverKit

/// An instrument at a TCP port that takes SCPI lines, usually 5025.
///
/// Nothing in such a stream tells which question an answer belongs to. Therefore any failure ends the connection, and the
/// next operation makes a new one: a late answer has nowhere to arrive.
public actor SocketLink: SCPILink {
    public nonisolated let place: String
    private let opener: ByteStreamOpener
    private let turnstile = Turnstile()
    private var stream: (any ByteStream)?
    private var isOpen = false

    /// - Parameters:
    ///   - place: The device's name or address, for errors.
    ///   - open: Makes a connection (``TCPStream/connect(host:port:timeout:)``).
    public init(place: String, open: @escaping ByteStreamOpener) {
        self.place = place
        opener = open
    }

    deinit { stream?.close() }

    public func open() async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        drop()
        isOpen = false
        stream = try await opener()
        isOpen = true
    }

    public func write(_ message: [UInt8], timeout: Duration) async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        do throws(BellError) {
            try await connected().write(message + [UInt8(ascii: "\n")], timeout: timeout)
        } catch {
            throw dropped(after: error)
        }
    }

    public func query(
        _ message: [UInt8], answer kind: SCPIAnswerKind, limit: Int, timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        await turnstile.enter()
        defer { turnstile.leave() }
        do throws(BellError) {
            let stream = try await connected()
            try await stream.write(message + [UInt8(ascii: "\n")], timeout: timeout)
            var reply = StreamReply(kind: kind, limit: limit)
            // One deadline for the whole: a byte now and then is no answer.
            let deadline = ContinuousClock.now + timeout
            while true {
                let left = max(.zero, deadline - ContinuousClock.now)
                if let answer = try reply.take(try await stream.read(upTo: reply.room, timeout: left)) { return answer }
            }
        } catch {
            throw dropped(after: error)
        }
    }

    /// Makes a new connection: the only clear that a raw socket has.
    public func clear() async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        guard isOpen else { throw located(.socketLost) }
        drop()
        _ = try await connected()
    }

    public func statusByte() async throws(BellError) -> SCPIStatusByte? { nil }

    public func close() async {
        // Not through the turnstile: whoever waits for an answer is to stop waiting.
        isOpen = false
        drop()
    }

    private func connected() async throws(BellError) -> any ByteStream {
        guard isOpen else { throw .socketLost }
        if let stream { return stream }
        let new: any ByteStream
        do throws(BellError) {
            new = try await opener()
        } catch {
            isOpen = false
            throw error
        }
        guard isOpen else {
            new.close()
            throw .socketLost
        }
        stream = new
        return new
    }

    private func drop() {
        stream?.close()
        stream = nil
    }

    private func dropped(after error: BellError) -> BellError {
        drop()
        var error = located(error)
        error.state =
            isOpen
            ? "the connection was closed; the next command makes a new one"
            : "the instrument is out of use until it is connected anew"
        return error
    }

    private func located(_ error: BellError) -> BellError {
        var error = error
        error.place = error.place.map { $0.hasPrefix(place) ? $0 : "\(place) (\($0))" } ?? place
        return error
    }
}

extension BellError {
    /// `instrument.not-connected`.
    fileprivate static let socketLost = BellError(
        .instrumentNotConnected, "There is no connection to the instrument.",
        fix: "switch it on, check the network; it is connected anew at the next check")
}
