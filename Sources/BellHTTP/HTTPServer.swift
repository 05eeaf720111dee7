public import BellModel
import CMicroHTTPD
import Glibc

/// An HTTP server for a few small pages: GET and HEAD, no bodies, bounded in everything; libmicrohttpd.
///
/// One thread of its own calls the handler, one request at a time. A request of more than 8 KiB, one with a body, another
/// method and a path of more than ``mostPathBytes`` are refused; 64 connections are served at a time, one that is silent for
/// `idleSeconds` is closed. Bad requests never reach the handler.
public final class HTTPServer: Sendable {
    /// Bytes of a path; a longer one is answered with 414.
    public static let mostPathBytes = 1024
    private static let connectionBytes = 8192
    private static let connections: UInt32 = 64

    /// Where it listens, with the port that it has got.
    public let address: ListenAddress
    // MHD_stop_daemon is called once, by deinit; the library locks what its thread shares.
    private nonisolated(unsafe) let daemon: OpaquePointer
    private let handler: Handler

    fileprivate final class Handler: Sendable {
        let answer: @Sendable (HTTPRequest) -> HTTPResponse
        init(_ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse) { self.answer = answer }
    }

    /// Begins to serve; `MHD_start_daemon`.
    ///
    /// - Parameter handler: Answers a request; must not wait for long, because others wait for it.
    /// - Throws: `http.listen`.
    public init(
        at address: ListenAddress, idleSeconds: UInt32 = 10,
        _ handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse
    ) throws(BellError) {
        let listener = try address.listen()
        var bound = address
        bound.port = ListenAddress.port(of: listener)
        self.address = bound
        self.handler = Handler(handler)
        let context = Unmanaged.passUnretained(self.handler).toOpaque()
        let daemon = bell_http_start(
            listener, answerRequest, context, Self.connectionBytes, Self.connections, idleSeconds)
        guard let daemon else {
            let cause = systemCause("MHD_start_daemon")
            close(listener)
            throw BellError(.httpListen, "The HTTP server cannot be started.", at: "\(bound)", cause: cause)
        }
        self.daemon = daemon
    }

    /// Closes all connections, waits for the thread; `MHD_stop_daemon`.
    deinit { MHD_stop_daemon(daemon) }
}

/// What `con_cls` points to once a request's headers have been looked at; only the address counts.
private nonisolated(unsafe) let isSeen = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)

/// MHD_AccessHandlerCallback: called once with the headers, and once more at the request's end.
private func answerRequest(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, url: UnsafePointer<CChar>?,
    method: UnsafePointer<CChar>?, version: UnsafePointer<CChar>?, body: UnsafePointer<CChar>?,
    bodySize: UnsafeMutablePointer<Int>?, request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let context, let connection, let url, let method, let request else { return .NO }
    let isBegin = request.pointee == nil
    request.pointee = isSeen
    guard let verb = HTTPRequest.Method(rawValue: String(cString: method)) else {
        return queue(refusal(405, "Only GET and HEAD are answered."), on: connection)
    }
    guard strnlen(url, HTTPServer.mostPathBytes + 1) <= HTTPServer.mostPathBytes else {
        return queue(refusal(414, "The path is too long."), on: connection)
    }
    if isBegin {
        if hasBody(connection) { return queue(refusal(413, "A request has no body here."), on: connection) }
        // Answered at the request's end, so that the connection can be used again.
        return .YES
    }
    let handler = Unmanaged<HTTPServer.Handler>.fromOpaque(context).takeUnretainedValue()
    return queue(handler.answer(HTTPRequest(method: verb, path: String(cString: url))), on: connection)
}

private func hasBody(_ connection: OpaquePointer) -> Bool {
    if MHD_lookup_connection_value(connection, MHD_ValueKind.HEADER_KIND, "Transfer-Encoding") != nil { return true }
    guard let length = MHD_lookup_connection_value(connection, MHD_ValueKind.HEADER_KIND, "Content-Length") else {
        return false
    }
    return String(cString: length) != "0"
}

private func refusal(_ status: Int, _ text: String) -> HTTPResponse {
    HTTPResponse(status: status, contentType: "text/plain; charset=utf-8", text: text + "\n")
}

/// `MHD_create_response_from_buffer`, `MHD_queue_response`; MHD keeps a copy of the body.
private func queue(_ answer: HTTPResponse, on connection: OpaquePointer) -> MHD_Result {
    var bytes = answer.body
    let response = bytes.withUnsafeMutableBytes {
        MHD_create_response_from_buffer($0.count, $0.baseAddress, .RESPMEM_MUST_COPY)
    }
    guard let response else { return .NO }
    defer { MHD_destroy_response(response) }
    MHD_add_response_header(response, "Content-Type", answer.contentType)
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff")
    // A web server that stands before this one must not hand out yesterday's.
    MHD_add_response_header(response, "Cache-Control", "no-cache")
    if answer.status == 405 { MHD_add_response_header(response, "Allow", "GET, HEAD") }
    return MHD_queue_response(connection, UInt32(clamping: answer.status), response)
}
