import BellHost
import BellModel
import DriverKit

/// A simulated board on USB (1209:be11): frames of the board protocol in bulk pipes, for whatever plays the board.
///
/// The player is given as closures, so that this module knows no laboratory. They run on a thread of the board's own: a
/// player may call ``send(_:on:)`` with its own locks held. The product number is not registered with pid.codes: it is
/// for simulations only.
public final class VirtualUSBBoard: Sendable {
    /// Takes a frame from the host.
    ///
    /// - Parameter connection: Rises at each reset and plugging-in; an answer names it, so that no old answer reaches a new
    ///   host.
    public typealias Receiver = @Sendable (_ frame: [UInt8], _ connection: UInt64) -> Void

    /// The device, to be put on a ``VirtualBus`` or into a ``USBIPServer``.
    public let device: VirtualUSBDevice
    private let exchange: FrameExchange

    /// Starts the board's thread; a board for which the system has no thread left stays unplugged.
    ///
    /// - Parameters:
    ///   - serial: For example `ALICE01`.
    ///   - sendLimit: Bytes that may wait for a host that does not read.
    ///   - faults: Misbehaviours of bus and cable.
    ///   - disconnected: Told the number of a connection that is over, also of one that was never used.
    ///   - receive: Called for each sound frame, in order.
    public init(
        serial: String, sendLimit: Int = 256 << 20, faults: [USBFault] = [],
        disconnected: @escaping @Sendable (_ connection: UInt64) -> Void = { _ in }, receive: @escaping Receiver
    ) {
        let exchange = FrameExchange(limit: sendLimit)
        let device = VirtualUSBDevice(BoardPipe(serial: serial, exchange: exchange), faults: faults)
        self.exchange = exchange
        self.device = device
        do {
            try startThread(named: "usb-board") {
                while let (news, hasRefused) = exchange.nextNews() {
                    for item in news {
                        switch item {
                        case .frame(let frame, let connection): receive(frame, connection)
                        case .disconnected(let connection): disconnected(connection)
                        }
                    }
                    if hasRefused { device.poke() }
                }
            }
        } catch {
            device.unplug()
        }
    }

    deinit { exchange.end() }

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
}
