public import BellModel

extension BellError.Code {
    /// Nothing answered at the daemon's endpoint in time.
    public static let controlUnreachable = BellError.Code("control.unreachable", exit: .unreachable)
    /// A request that is not one JSON object with `id`, `method` and `params`.
    public static let controlBadRequest = BellError.Code("control.bad-request", exit: .usage)
    /// A method that the daemon does not have.
    public static let controlUnknownMethod = BellError.Code("control.unknown-method", exit: .usage)
    /// More requests are in progress than the daemon takes at once.
    public static let controlBusy = BellError.Code("control.busy", exit: .unreachable)
    /// A reply that is not of the protocol's shape.
    public static let controlBadReply = BellError.Code("control.bad-reply", exit: .internal)
}

extension BellError {
    /// Refuses a method; `known` are the names that exist.
    public static func unknownMethod(_ method: String, known: some Sequence<String>) -> BellError {
        BellError(
            .controlUnknownMethod, "There is no control method \"\(method.prefix(80))\".", at: "request.method",
            fix: "known methods: \(known.sorted().joined(separator: ", "))")
    }
}
