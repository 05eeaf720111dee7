public import BellModel

/// One request of the control protocol as it came: `{"id": 7, "method": "status", "params": {…}}`.
///
/// A request that cannot be understood is still a value, because its sender must be answered with its own `id`.
public struct ControlRequest: Equatable, Sendable {
    /// What is asked.
    public struct Call: Equatable, Sendable {
        /// For example `campaign.start`; never empty.
        public var method: String
        /// An object; empty when the request has no `params`.
        public var params: JSON

        public init(method: String, params: JSON = [:]) {
            self.method = method
            self.params = params
        }
    }

    /// The JSON text of the request's `id`, whatever its type, byte for byte; `null` when there was none to read.
    public var id: [UInt8]
    /// The call, or why it is refused: `json.syntax` with line and column, or `control.bad-request`.
    public var call: Result<Call, BellError>

    /// Makes a request to send.
    public init(id: Int64, method: String, params: JSON = [:]) {
        self.id = Array(String(id).utf8)
        call = .success(Call(method: method, params: params))
    }

    /// Reads a request from a wire; hostile bytes give a refusal, never a trap.
    public init(parsing bytes: [UInt8]) {
        id = Self.null
        do throws(BellError) {
            guard let members = JSONEnvelope.members(of: bytes) else {
                // The slow parser finds the place of the mistake; text that it likes is not an object.
                let json = try JSON(parsing: bytes, source: "request")
                throw Self.refusal("A request is one JSON object, found \(json.text.prefix(80)).", at: "request")
            }
            // The identifier comes first, so that every later refusal carries it.
            for member in members where member.isNamed("id", in: bytes) {
                id = try Self.validated(bytes[member.value], path: "request.id")
            }
            call = .success(try Self.read(members, of: bytes))
        } catch {
            call = .failure(error)
        }
    }

    /// The text to send.
    public var encoded: [UInt8] {
        guard case .success(let call) = call else { return [] }
        var bytes = Array("{\"id\":".utf8)
        bytes += id
        bytes += Array(",\"method\":\(JSON.string(call.method).text),\"params\":\(call.params.text)}".utf8)
        return bytes
    }

    private static let null = Array("null".utf8)

    private static func refusal(_ what: String, at place: String) -> BellError {
        BellError(
            .controlBadRequest, what, at: place,
            fix: "send {\"id\": 1, \"method\": \"status\", \"params\": {}}")
    }

    private static func read(_ members: [JSONEnvelope.Member], of bytes: [UInt8]) throws(BellError) -> Call {
        var method: String?
        var params: JSON?
        var seen: Set<String> = []
        for member in members {
            let key = try string(bytes[member.key], path: "request")
            guard seen.insert(key).inserted else {
                throw refusal("The key \"\(key.prefix(80))\" appears twice.", at: "request")
            }
            switch key {
            case "id": break
            case "method": method = try string(bytes[member.value], path: "request.method")
            case "params":
                let value = try object(bytes[member.value])
                guard value == .null || value.objectValue != nil else {
                    throw refusal("Expected an object, found \(value.text.prefix(80)).", at: "request.params")
                }
                if value != .null { params = value }
            default:
                throw BellError(
                    .controlBadRequest, "Unknown key \"\(key.prefix(80))\".", at: "request.\(key.prefix(80))",
                    fix: "known keys: id, method, params")
            }
        }
        guard let method, !method.isEmpty else { throw refusal("The method is missing.", at: "request.method") }
        return Call(method: method, params: params ?? [:])
    }

    /// A value's bytes after a strict parse; short whole numbers, the usual identifiers, need none.
    private static func validated(_ slice: ArraySlice<UInt8>, path: String) throws(BellError) -> [UInt8] {
        let digits = slice.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        if !(digits && slice.count < 18 && (slice.first != UInt8(ascii: "0") || slice.count == 1)) {
            _ = try JSON(parsing: slice, source: path)
        }
        return Array(slice)
    }

    /// A string in its quotes; plain ASCII, the usual case, is taken as it is.
    private static func string(_ slice: ArraySlice<UInt8>, path: String) throws(BellError) -> String {
        let inner = slice.dropFirst().dropLast()
        if slice.count >= 2, slice.first == UInt8(ascii: "\""), slice.last == UInt8(ascii: "\""),
            inner.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"") })
        {
            return String(decoding: inner, as: UTF8.self)
        }
        let value = try JSON(parsing: slice, source: path)
        guard let text = value.stringValue else {
            throw refusal("Expected a string, found \(value.text.prefix(80)).", at: path)
        }
        return text
    }

    private static func object(_ slice: ArraySlice<UInt8>) throws(BellError) -> JSON {
        if slice.elementsEqual("{}".utf8) { return [:] }
        return try JSON(parsing: slice, source: "request.params")
    }
}
