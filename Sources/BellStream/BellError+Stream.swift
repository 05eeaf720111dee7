public import BellModel

extension BellError.Code {
    /// Bytes that are not a frame of the outcome stream.
    public static let streamMalformed = BellError.Code("stream.malformed", exit: .dataIntegrity)
    /// A frame of a version of the protocol that this program does not speak.
    public static let streamVersion = BellError.Code("stream.version", exit: .dataIntegrity)
    /// A frame type that this program does not know or does not accept.
    public static let streamType = BellError.Code("stream.type", exit: .dataIntegrity)
    /// Something is said again, differently: evidence contradicts itself.
    public static let streamContradiction = BellError.Code("stream.contradiction", exit: .dataIntegrity)
    /// A request of a session that the server does not have: it was restarted, or another certifier took over.
    public static let streamSession = BellError.Code("stream.session", exit: .unreachable)
    /// The source of the outcomes cannot give what is wanted.
    public static let streamSource = BellError.Code("stream.source", exit: .dataIntegrity)
    /// The other side reported a failure that has no number of its own.
    public static let streamRemote = BellError.Code("stream.remote", exit: .internal)
}
