/// A misbehaviour that the simulated source is told to show; replies and messages are counted from 1.
public enum SourceFault: Hashable, Sendable {
    /// What wakes an answer that was late.
    public enum Waker: Hashable, Sendable {
        /// The end of an abort.
        case abort
        /// The end of a device clear, as of firmware that forgets what it is working on.
        case clear
    }

    /// This answer never comes.
    case hang(reply: Int)
    /// This answer comes after the host has lost patience, before the answer to whatever it asks next.
    case late(reply: Int, until: Waker)
    /// Only so many bytes of this answer's transfer come.
    case stop(reply: Int, after: Int)
    /// This answer carries the bTag of another request.
    case wrongTag(reply: Int)
    /// This answer's TransferSize is wrong by so much.
    case wrongSize(reply: Int, by: Int)
    /// From this answer on there is always one more short packet, until a reset.
    case endlessPackets(reply: Int)
    /// The bulk IN endpoint stalls where this answer should come.
    case stallIn(reply: Int)
    /// The bulk OUT endpoint stalls at this transfer.
    case stallOut(transfer: Int)
    /// This bulk OUT transfer is not taken until the host aborts or clears.
    case deafOut(transfer: Int)
    /// Aborts are refused.
    case refuseAbort
    /// Clears are refused until a reset.
    case refuseClear
}
