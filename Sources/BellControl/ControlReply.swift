public import BellModel

/// One reply of the control protocol: `{"id": 7, "result": …}` or `{"id": 7, "error": {"code", "what", …}}`.
public struct ControlReply: Equatable, Sendable {
    /// The request's `id`, as JSON text.
    public var id: [UInt8]
    public var result: Result<JSON, BellError>

    public init(id: [UInt8], result: Result<JSON, BellError>) {
        self.id = id
        self.result = result
    }

    /// The text to send.
    public var encoded: [UInt8] {
        var bytes = Array("{\"id\":".utf8)
        bytes += id
        switch result {
        case .success(let value): bytes += Array(",\"result\":\(value.text)}".utf8)
        case .failure(let error): bytes += Array(",\"error\":\(error.json.text)}".utf8)
        }
        return bytes
    }

    /// Reads a reply.
    ///
    /// - Throws: `json.syntax`; `control.bad-reply` unless there is exactly one of `result` and `error`.
    public init(parsing bytes: [UInt8]) throws(BellError) {
        let json = try JSON(parsing: bytes, source: "reply")
        id = Array((json["id"] ?? .null).text.utf8)
        switch (json["result"], json["error"]) {
        case (let value?, nil): result = .success(value)
        case (nil, let error?): result = .failure(BellError(json: error))
        default:
            throw BellError(
                .controlBadReply, "A reply has a result or an error, found \(json.text.prefix(80)).", at: "reply",
                fix: "use the same version of bellctl and belld")
        }
    }
}
