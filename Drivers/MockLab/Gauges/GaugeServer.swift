import BellCrypto
import BellModel
import BellZeroMQ
import Synchronization

/// Shows a laboratory's gauges as driver processes do: a ROUTER each, which speaks the instrument protocol.
final class GaugeServer: Sendable {
    private let channels: [Channel]

    /// Binds one socket a gauge.
    ///
    /// - Parameter endpoint: Where a gauge listens, by its name.
    /// - Throws: What ``BellZeroMQ/Reactor/open(_:bind:connect:options:onMessage:)`` throws.
    init(lab: VirtualLab, reactor: Reactor, endpoint: (String) -> String) throws(BellError) {
        let bootID = randomBytes(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        var channels: [Channel] = []
        for gauge in lab.gauges {
            let service = GaugeService(
                gauge: gauge, bootID: bootID, read: { lab.read(gauge: gauge.name, $0) },
                problems: { lab.problems(ofGauge: gauge.name) })
            let box = Box()
            // A request may arrive before `open` has returned the channel to answer on; it then waits for this lock.
            let channel = try box.channel.withLock { (channel: inout Channel?) throws(BellError) -> Channel in
                let made = try reactor.open(.router, bind: [endpoint(gauge.name)]) { parts in
                    guard parts.count == 2, let answer = service.answer(parts[1]) else { return }
                    try? box.channel.withLock { $0 }?.send([parts[0], answer])
                }
                channel = made
                return made
            }
            channels.append(channel)
        }
        self.channels = channels
    }

    /// Stops listening.
    func close() {
        for channel in channels { channel.close() }
    }

    private final class Box: Sendable {
        let channel = Mutex<Channel?>(nil)
    }
}
