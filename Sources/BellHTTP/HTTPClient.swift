public import BellModel
import Glibc

/// One GET at a time over a TCP connection of its own; no redirects, no chunks, no TLS.
///
/// Foundation's client would link libcurl and all that it needs; this reads what ``HTTPServer`` writes.
public enum HTTPClient {
    /// Fetches an address.
    ///
    /// - Parameters:
    ///   - limit: A body of more bytes is refused.
    ///   - seconds: For all of it; a slow server cannot stretch it.
    /// - Returns: The status, whatever it is, and the body.
    /// - Throws: `http.unreachable`, `http.reply`.
    public static func get(
        _ url: HTTPURL, limit: Int, seconds: Int = 30
    ) throws(BellError) -> (status: Int, body: [UInt8]) {
        let end = milliseconds() + Int64(seconds) * 1000
        let file = try connect(to: url, until: end)
        defer { close(file) }
        let text = "GET \(url.path) HTTP/1.0\r\nHost: \(url.authority)\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            try wait(for: file, Int16(POLLOUT), until: end, url)
            let count = rest.withUnsafeBytes { send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            guard count > 0 else { throw unreachable(url, systemCause("send")) }
            rest = rest.dropFirst(count)
        }
        var reader = HTTPReplyReader(limit: limit)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        do throws(BellError) {
            while !reader.isWhole {
                try wait(for: file, Int16(POLLIN), until: end, url)
                let count = recv(file, &buffer, buffer.count, 0)
                if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
                if count < 0 { throw unreachable(url, systemCause("recv")) }
                if count == 0 { break }
                try reader.take(buffer.prefix(count))
            }
            try reader.finish()
        } catch {
            var error = error
            error.place = error.place ?? "\(url)"
            throw error
        }
        return (reader.status ?? 0, reader.body)
    }

    /// The first of the host's addresses that answers; `getaddrinfo`, `connect`.
    private static func connect(to url: HTTPURL, until end: Int64) throws(BellError) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(url.host, "\(url.port)", &hints, &list)
        guard result == 0 else {
            throw unreachable(url, "getaddrinfo: \(String(cString: gai_strerror(result)))")
        }
        defer { freeaddrinfo(list) }
        var failure = unreachable(url, "the host has no address")
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let file = socket(entry.ai_family, entry.ai_socktype | flags, entry.ai_protocol)
            guard file >= 0 else { continue }
            do throws(BellError) {
                if Glibc.connect(file, entry.ai_addr, entry.ai_addrlen) != 0 {
                    guard errno == EINPROGRESS else { throw unreachable(url, systemCause("connect")) }
                    try wait(for: file, Int16(POLLOUT), until: end, url)
                    var reason: Int32 = 0
                    var size = socklen_t(MemoryLayout<Int32>.size)
                    getsockopt(file, SOL_SOCKET, SO_ERROR, &reason, &size)
                    guard reason == 0 else { throw unreachable(url, systemCause("connect", reason)) }
                }
                return file
            } catch {
                close(file)
                failure = error
            }
        }
        throw failure
    }

    private static func wait(for file: Int32, _ event: Int16, until end: Int64, _ url: HTTPURL) throws(BellError) {
        while true {
            let rest = end - milliseconds()
            guard rest > 0 else { throw unreachable(url, "no answer in time") }
            var watched = pollfd(fd: file, events: event, revents: 0)
            let count = poll(&watched, 1, Int32(clamping: rest))
            if count > 0 { return }
            if count < 0 && errno != EINTR { throw unreachable(url, systemCause("poll")) }
        }
    }

    private static func milliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }

    private static func unreachable(_ url: HTTPURL, _ cause: String) -> BellError {
        BellError(
            .httpUnreachable, "Nothing answers at \(url.authority).", at: "\(url)", cause: cause,
            fix: "start it, or check the address")
    }
}
