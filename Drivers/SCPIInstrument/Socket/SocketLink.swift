public import BellModel
public import DriverKit

/// An instrument at a TCP port that takes SCPI lines, usually 5025.
///
/// Nothing in such a stream tells which question an answer belongs to. Therefore any failure ends the connection, and the
/// next operation makes a new one: a late answer has nowhere to arrive.
///
/// An address may lead to another instrument by then. Therefore the first answer to `*IDN?` after ``open()`` is kept, and
/// each new connection is asked for it before anything else; another maker, model or serial number closes the link with
/// `instrument.wrong-device`. Firmware is not compared: an update restarts an instrument and leaves it the same one.
public actor SocketLink: SCPILink {
    public nonisolated let place: String
    private let opener: ByteStreamOpener
    private let turnstile = Turnstile()
    private var stream: (any ByteStream)?
    private var isOpen = false
    /// Who answered `*IDN?` first since the link was opened.
    private var identity: SCPIIdentity?

    /// The time for `*IDN?` at a new connection that no question's own time-out bounds.
    private static let patience = Duration.seconds(2)
    private static let identify = Array("*IDN?".utf8)

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
        identity = nil
        stream = try await opener()
        isOpen = true
    }

    public func write(_ message: [UInt8], timeout: Duration) async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        do throws(BellError) {
            try await connected(timeout: timeout).write(message + [UInt8(ascii: "\n")], timeout: timeout)
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
            let stream = try await connected(timeout: timeout)
            let answer = try await exchange(message, on: stream, answer: kind, limit: limit, timeout: timeout)
            // An answer that is none is the caller's to refuse.
            if message == SocketLink.identify, identity == nil { identity = try? SCPIIdentity(answer: answer) }
            return answer
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
        do throws(BellError) {
            _ = try await connected(timeout: SocketLink.patience)
        } catch {
            throw dropped(after: error)
        }
    }

    public func statusByte() async throws(BellError) -> SCPIStatusByte? { nil }

    public func close() async {
        // Not through the turnstile: whoever waits for an answer is to stop waiting.
        isOpen = false
        drop()
    }

    private func exchange(
        _ message: [UInt8], on stream: any ByteStream, answer kind: SCPIAnswerKind, limit: Int, timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        try await stream.write(message + [UInt8(ascii: "\n")], timeout: timeout)
        var reply = StreamReply(kind: kind, limit: limit)
        // One deadline for the whole: a byte now and then is no answer.
        let deadline = ContinuousClock.now + timeout
        while true {
            let left = max(.zero, deadline - ContinuousClock.now)
            if let answer = try reply.take(try await stream.read(upTo: reply.room, timeout: left)) { return answer }
        }
    }

    /// The connection, or a new one to the same instrument.
    private func connected(timeout: Duration) async throws(BellError) -> any ByteStream {
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
        // Before the instrument is known to be the same one, so that close() ends the question, too.
        stream = new
        try await recognize(new, timeout: timeout)
        guard isOpen else { throw .socketLost }
        return new
    }

    /// Makes sure that the instrument at a new connection is the one that was found before.
    private func recognize(_ stream: any ByteStream, timeout: Duration) async throws(BellError) {
        guard let identity else { return }
        let found = try SCPIIdentity(
            answer: try await exchange(
                SocketLink.identify, on: stream, answer: .line, limit: scpiAnswerLimit, timeout: timeout))
        guard !found.isSameInstrument(as: identity) else { return }
        isOpen = false
        throw BellError(
            .instrumentWrongDevice, "Another instrument answers at the address than before: \(found.title).",
            cause: "the connection broke; before that \(identity.title) was there",
            fix: "check the instrument's address, then look at its settings: it is connected anew at the next check")
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

extension SCPIIdentity {
    fileprivate init(answer: [UInt8]) throws(BellError) {
        try self.init(parsing: SCPIText.trimmed(String(decoding: answer, as: UTF8.self)))
    }

    /// Same maker, model and serial number.
    fileprivate func isSameInstrument(as other: SCPIIdentity) -> Bool {
        (manufacturer, model, serial) == (other.manufacturer, other.model, other.serial)
    }

    /// For errors; the text is the instrument's own.
    fileprivate var title: String {
        SCPIText.printable("\(manufacturer) \(model) (serial \(serial))".utf8.prefix(160))
    }
}
