/// A request that has been read: its method and its path; the server passes nothing else on.
public struct HTTPRequest: Equatable, Sendable {
    /// `HEAD` is answered as `GET`; the server leaves the body away.
    public enum Method: String, Sendable { case get = "GET", head = "HEAD" }

    public var method: Method
    /// From `/` on, percent escapes resolved, without what follows `?`; at most ``HTTPServer/mostPathBytes``.
    public var path: String

    public init(method: Method = .get, path: String) {
        self.method = method
        self.path = path
    }
}

/// What a handler answers.
public struct HTTPResponse: Equatable, Sendable {
    /// 200, 404 and so on.
    public var status: Int
    public var contentType: String
    public var body: [UInt8]

    public init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// A text of a kind, in UTF-8.
    public init(status: Int = 200, contentType: String, text: String) {
        self.init(status: status, contentType: contentType, body: Array(text.utf8))
    }
}
