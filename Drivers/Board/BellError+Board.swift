public import BellModel

extension BellError.Code {
    /// A request to a board without a connection.
    public static let boardNotConnected = BellError.Code("board.not-connected", exit: .hardware)
    /// `connect()` while another one is under way.
    public static let boardBusy = BellError.Code("board.busy", exit: .hardware)
    /// Nothing came from the board for longer than the silence time-out.
    public static let boardSilent = BellError.Code("board.silent", exit: .hardware)
    /// A request was not answered in time; the connection stays.
    public static let boardTimeout = BellError.Code("board.timeout", exit: .hardware)
    /// The board has started anew; its program is gone.
    public static let boardRebooted = BellError.Code("board.rebooted", exit: .hardware)
    /// The board at this address belongs to the other node.
    public static let boardWrongNode = BellError.Code("board.wrong-node", exit: .usage)
    /// The board refused a request for a reason without its own code here.
    public static let boardRefused = BellError.Code("board.refused", exit: .hardware)
    /// A request does not fit the board's state.
    public static let boardState = BellError.Code("board.state", exit: .hardware)
    /// The board's spool has no room for the arm.
    public static let boardSpoolFull = BellError.Code("board.spool-full", exit: .hardware)
    /// A program breaks a limit of the board.
    public static let boardProgram = BellError.Code("board.program", exit: .usage)
    /// The board read back another program than was sent.
    public static let boardProgramMismatch = BellError.Code("board.program-mismatch", exit: .hardware)
    /// The board lacks what was asked for.
    public static let boardUnsupported = BellError.Code("board.unsupported", exit: .hardware)
    /// The board has no host bits for the arm.
    public static let boardNoHostBits = BellError.Code("board.no-host-bits", exit: .hardware)
    /// The board's hardware reported a fault.
    public static let boardHardware = BellError.Code("board.hardware", exit: .hardware)
    /// The board sent data that contradict what it sent before, or that nobody asked for.
    public static let boardContradiction = BellError.Code("board.contradiction", exit: .hardware)
    /// The connection was closed from this side.
    public static let boardClosed = BellError.Code("board.closed", exit: .hardware)
}
