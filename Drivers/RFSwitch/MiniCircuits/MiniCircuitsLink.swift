import BellModel
import DriverKit
import Synchronization

/// One opened box: sends a command, waits for its reply. The caller lets one command be under way at a time.
final class MiniCircuitsLink: Sendable {
    /// The instrument and the device, for errors.
    let place: String
    let usb: any USBInterface
    private let output: UInt8
    private let input: UInt8
    private let timeout: Duration
    private let flags = Mutex(Flags())

    private struct Flags {
        var isUncertain = false
        var lags = false
        var isClear = false
    }

    /// Takes the endpoints from the interface.
    ///
    /// - Throws: `instrument.wrong-device` unless it has an interrupt endpoint of 64 bytes each way.
    init(_ usb: any USBInterface, name: String, timeout: Duration) throws(BellError) {
        place = "\(name) (USB \(usb.identity.text))"
        guard let output = usb.endpoint(.interrupt, isIn: false), let input = usb.endpoint(.interrupt, isIn: true),
            output.maximumPacket == MiniCircuitsRequest.size, input.maximumPacket == MiniCircuitsRequest.size
        else {
            let found = usb.endpoints.map { "\($0.isIn ? "IN" : "OUT") \($0.kind) of \($0.maximumPacket) bytes" }
            throw BellError(
                .instrumentWrongDevice, "The device has not the endpoints of a Mini-Circuits box.", at: place,
                cause: "interface \(usb.number) has \(found.isEmpty ? "none" : found.joined(separator: ", ")); "
                    + "wanted is one interrupt endpoint of \(MiniCircuitsRequest.size) bytes each way",
                fix: "check the address of the device in the laboratory file")
        }
        self.usb = usb
        self.output = output.address
        self.input = input.address
        self.timeout = timeout
    }

    /// Whether the last command failed: its reply may still come, and what the box did is not known.
    var isUncertain: Bool { flags.withLock { $0.isUncertain } }

    /// Whether an old reply was ever seen on this connection.
    var lags: Bool { flags.withLock { $0.lags } }

    /// Whether nothing was sent since ``synchronize(serial:)``, so that no old reply can come.
    var isClear: Bool { flags.withLock { $0.isClear } }

    /// Sends a command and waits for its reply; replies to earlier commands are dropped.
    ///
    /// - Throws: What the interface throws (a stalled endpoint is cleared first), or `instrument.protocol`; where it was
    ///   is added. The link is then uncertain until ``synchronize(serial:)``.
    func exchange(_ request: MiniCircuitsRequest) async throws(BellError) -> MiniCircuitsReply {
        try await exchangeKeeping(request).reply
    }

    /// The reply, and the replies to earlier commands that came before it.
    private func exchangeKeeping(
        _ request: MiniCircuitsRequest
    ) async throws(BellError) -> (reply: MiniCircuitsReply, old: [MiniCircuitsReply]) {
        flags.withLock { $0.isClear = false }
        do throws(BellError) {
            return try await attempt(request)
        } catch {
            flags.withLock { $0.isUncertain = true }
            throw located(error, request.summary)
        }
    }

    private func attempt(
        _ request: MiniCircuitsRequest
    ) async throws(BellError) -> (reply: MiniCircuitsReply, old: [MiniCircuitsReply]) {
        do throws(BellError) {
            try await usb.write(request.bytes, to: output, timeout: timeout)
        } catch {
            if error.code == .usbStall { try? await usb.clearHalt(output) }
            throw error
        }
        var exchange = MiniCircuitsExchange(request)
        while true {
            let report: [UInt8]
            do throws(BellError) {
                report = try await usb.read(MiniCircuitsRequest.size, from: input, timeout: timeout)
            } catch {
                if error.code == .usbStall { try? await usb.clearHalt(input) }
                throw error
            }
            if let reply = try exchange.take(report) { return (reply, exchange.dropped) }
            flags.withLock { $0.lags = true }
        }
    }

    /// Makes sure that no old reply is still to come: asks for the serial number, and drops what comes before it.
    ///
    /// - Returns: What came before.
    /// - Throws: What ``exchange(_:)`` throws; `instrument.wrong-device` when another serial number answers.
    @discardableResult
    func synchronize(serial: String) async throws(BellError) -> [MiniCircuitsReply] {
        let (reply, old) = try await exchangeKeeping(.serial)
        let answer: String
        do throws(BellError) { answer = try reply.text() } catch {
            throw located(error, MiniCircuitsRequest.serial.summary)
        }
        guard answer == serial else {
            throw BellError(
                .instrumentWrongDevice, "Another box answers: serial number \(answer) instead of \(serial).", at: place,
                fix: "connect again")
        }
        flags.withLock { flags in
            flags.isUncertain = false
            flags.isClear = true
        }
        return old
    }

    /// Adds where an error was.
    func located(_ error: BellError, _ what: String) -> BellError {
        var error = error
        error.place = "\(place), \(what)"
        return error
    }
}
