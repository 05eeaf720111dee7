public import BellModel
import Dispatch
public import DriverKit
import Glibc
import Synchronization

/// A TCP connection to an instrument. One thread of its own waits for the socket; Swift's threads never do.
public final class TCPStream: ByteStream {
    private let socket: Int32
    private let place: String
    private let queue: DispatchQueue
    private let isClosed = Mutex(false)

    private init(socket: Int32, place: String) {
        self.socket = socket
        self.place = place
        queue = DispatchQueue(label: "tcp \(place)")
    }

    deinit { Glibc.close(socket) }

    /// Connects; tries each address of the host in turn.
    ///
    /// - Parameters:
    ///   - host: A name or an address; an IPv6 address may stand in brackets.
    ///   - timeout: For the whole; the search for the name may go on in the background after it.
    /// - Throws: `stream.closed` when there is no such host or nobody listens, `stream.timeout`.
    public static func connect(host: String, port: UInt16, timeout: Duration) async throws(BellError) -> TCPStream {
        let place = "tcp://\(host):\(port)"
        let deadline = ContinuousClock.now + timeout
        let once = Once<TCPStream>()
        let result: Result<TCPStream, BellError> = await withCheckedContinuation { continuation in
            once.set(continuation)
            DispatchQueue(label: "connect \(place)").async {
                let result = TCPStream.connect(host, port, place, deadline)
                // Late: the caller has gone, and the stream closes itself.
                once.resume(result)
            }
            Task {
                try? await Task.sleep(until: deadline + .milliseconds(50), clock: .continuous)
                once.resume(.failure(.streamTimeout(place, "no connection within \(timeout)")))
            }
        }
        return try result.get()
    }

    public func write(_ bytes: [UInt8], timeout: Duration) async throws(BellError) {
        let deadline = ContinuousClock.now + timeout
        try await perform { () -> Result<Void, BellError> in
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { send(self.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if sent >= 0 {
                    rest = rest.dropFirst(sent)
                } else if errno == EAGAIN || errno == EINTR {
                    guard TCPStream.wait(self.socket, for: POLLOUT, until: deadline) else {
                        return .failure(
                            .streamTimeout(
                                self.place, "\(rest.count) of \(bytes.count) bytes were not taken within \(timeout)"))
                    }
                } else {
                    return .failure(.streamClosed(self.place, "send: " + String(cString: strerror(errno))))
                }
            }
            return .success(())
        }
    }

    public func read(upTo limit: Int, timeout: Duration) async throws(BellError) -> [UInt8] {
        let deadline = ContinuousClock.now + timeout
        return try await perform { () -> Result<[UInt8], BellError> in
            while true {
                var cause: Int32 = 0
                let bytes = [UInt8](unsafeUninitializedCapacity: max(1, limit)) { buffer, count in
                    let got = recv(self.socket, buffer.baseAddress, buffer.count, 0)
                    cause = got < 0 ? errno : 0
                    count = max(0, got)
                }
                if !bytes.isEmpty { return .success(bytes) }
                guard cause == EAGAIN || cause == EINTR else {
                    let text = cause == 0 ? "the other end has closed it" : "recv: " + String(cString: strerror(cause))
                    return .failure(.streamClosed(self.place, text))
                }
                guard TCPStream.wait(self.socket, for: POLLIN, until: deadline) else {
                    return .failure(.streamTimeout(self.place, "nothing came within \(timeout)"))
                }
            }
        }
    }

    public func close() {
        // The descriptor itself stays until nobody uses it, so that its number is not somebody else's meanwhile.
        if isClosed.withLock({ closed in (closed, closed = true).0 }) { return }
        shutdown(socket, Int32(SHUT_RDWR))
    }

    // MARK: The thread

    /// Runs a call on the stream's own thread; a cancelled task closes the stream, and so ends the wait.
    private func perform<Value: Sendable>(
        _ body: @escaping @Sendable () -> Result<Value, BellError>
    ) async throws(BellError) -> Value {
        guard !isClosed.withLock({ $0 }) else { throw .streamClosed(place, "it was closed here") }
        let result: Result<Value, BellError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async { continuation.resume(returning: body()) }
            }
        } onCancel: {
            close()
        }
        return try result.get()
    }

    private static func wait(_ socket: Int32, for events: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return false }
            let (seconds, attoseconds) = left.components
            // Rounded up: a wait that ends early would be repeated in a tight loop.
            let milliseconds = min(seconds, 1_000_000) * 1000 + attoseconds / 1_000_000_000_000_000 + 1
            var entry = pollfd(fd: socket, events: Int16(events), revents: 0)
            let ready = poll(&entry, 1, Int32(milliseconds))
            if ready > 0 { return true }
            if ready < 0, errno != EINTR { return true }
        }
    }

    private static func connect(
        _ host: String, _ port: UInt16, _ place: String, _ deadline: ContinuousClock.Instant
    ) -> Result<TCPStream, BellError> {
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, "\(port)", &hints, &list)
        guard status == 0 else {
            return .failure(.streamClosed(place, "getaddrinfo: " + String(cString: gai_strerror(status))))
        }
        defer { freeaddrinfo(list) }
        var error = BellError.streamClosed(place, "the host has no address")
        var next = list
        while let entry = next {
            let socket = Glibc.socket(
                entry.pointee.ai_family,
                entry.pointee.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            let stream = TCPStream(socket: socket, place: place)
            switch stream.finishConnecting(entry.pointee, deadline) {
            case .success: return .success(stream)
            case .failure(let problem): error = problem
            }
            next = entry.pointee.ai_next
        }
        return .failure(error)
    }

    private func finishConnecting(
        _ address: addrinfo, _ deadline: ContinuousClock.Instant
    ) -> Result<Void, BellError> {
        var one: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, size)
        setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &one, size)
        if Glibc.connect(socket, address.ai_addr, address.ai_addrlen) != 0 {
            guard errno == EINPROGRESS else {
                return .failure(.streamClosed(place, "connect: " + String(cString: strerror(errno))))
            }
            guard TCPStream.wait(socket, for: POLLOUT, until: deadline) else {
                return .failure(.streamTimeout(place, "nobody answered"))
            }
            var problem: Int32 = 0
            var length = size
            getsockopt(socket, SOL_SOCKET, SO_ERROR, &problem, &length)
            guard problem == 0 else {
                return .failure(.streamClosed(place, "connect: " + String(cString: strerror(problem))))
            }
        }
        return .success(())
    }
}

/// Resumes a continuation with the first of two results.
private final class Once<Value: Sendable>: Sendable {
    private let continuation = Mutex<CheckedContinuation<Result<Value, BellError>, Never>?>(nil)

    func set(_ new: CheckedContinuation<Result<Value, BellError>, Never>) { continuation.withLock { $0 = new } }

    func resume(_ result: Result<Value, BellError>) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(returning: result)
    }
}

extension BellError {
    static func streamTimeout(_ place: String, _ cause: String) -> BellError {
        BellError(
            .streamTimeout, "The instrument does not answer over TCP.", at: place, cause: cause,
            fix: "check that it is on and in the network, and that its port is right (often 5025)")
    }

    static func streamClosed(_ place: String, _ cause: String) -> BellError {
        BellError(
            .streamClosed, "There is no TCP connection to the instrument.", at: place, cause: cause,
            fix: "check that it is on and in the network, and that its port is right (often 5025)")
    }
}
