public import BellModel

extension BellError.Code {
    /// Bytes from a board that are no message of the protocol.
    public static let boardProtocol = BellError.Code("board.protocol", exit: .hardware)
    /// A board of another protocol version.
    public static let boardWrongVersion = BellError.Code("board.wrong-version", exit: .hardware)
    /// The other end of a transport has closed it.
    public static let transportClosed = BellError.Code("transport.closed", exit: .hardware)
    /// The other end of a transport does not take what is sent.
    public static let transportFull = BellError.Code("transport.full", exit: .hardware)
}
