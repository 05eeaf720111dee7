import DriverKit
import Synchronization

/// A simulated board on USB (1209:be11): frames of the board protocol in bulk pipes, for whatever plays the board.
///
/// The player is given as closures, so that this module knows no laboratory. The product number is not registered with
/// pid.codes: it is for simulations only.
public final class VirtualUSBBoard: Sendable {
    /// Takes a frame from the host.
    ///
    /// - Parameter connection: Rises at each reset and plugging-in; an answer names it, so that no old answer reaches a new
    ///   host.
    public typealias Receiver = @Sendable (_ frame: [UInt8], _ connection: UInt64) -> Void

    /// The device, to be put on a ``VirtualBus`` or into a ``USBIPServer``.
    public let device: VirtualUSBDevice
    private let exchange: FrameExchange

    /// - Parameters:
    ///   - serial: For example `ALICE01`.
    ///   - sendLimit: Bytes that may wait for a host that does not read.
    ///   - faults: Misbehaviours of bus and cable.
    ///   - disconnected: Told the number of a connection that is over.
    ///   - receive: Called for each sound frame, in order, by one thread at a time and without any lock held.
    public init(
        serial: String, sendLimit: Int = 256 << 20, faults: [USBFault] = [],
        disconnected: @escaping @Sendable (_ connection: UInt64) -> Void = { _ in }, receive: @escaping Receiver
    ) {
        let exchange = FrameExchange(limit: sendLimit)
        let last = Mutex<UInt64>(1)
        let poke = Poke()
        self.exchange = exchange
        device = VirtualUSBDevice(BoardPipe(serial: serial, exchange: exchange), faults: faults) {
            let now = exchange.connection
            let over = last.withLock { last -> UInt64? in
                defer { last = now }
                return last == now ? nil : last
            }
            if let over { disconnected(over) }
            if exchange.handOver(receive) { poke.now() }
        }
        poke.target.withLock { $0.device = device }
    }

    /// Queues a frame for the host, in answer to a connection's frames.
    ///
    /// - Returns: False when the connection is over or the host has not read for long; the frame is then dropped.
    @discardableResult
    public func send(_ frame: [UInt8], on connection: UInt64) -> Bool {
        guard exchange.send(frame, on: connection) else { return false }
        device.poke()
        return true
    }

    /// The connection that is open now.
    public var connection: UInt64 { exchange.connection }

    /// Lets a host's transfer that found no room be offered again.
    private final class Poke: Sendable {
        struct Target {
            weak var device: VirtualUSBDevice?
        }

        let target = Mutex(Target())

        func now() { target.withLock { $0.device }?.poke() }
    }
}
