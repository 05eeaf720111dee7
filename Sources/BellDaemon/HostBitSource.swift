import BellModel
import BellRandomness
import BellZeroMQ
import Synchronization

/// Where the input bits of a host-fed campaign come from: `file:PATH`, `device:PATH`, `serial:PATH[@BAUD]` or `zmq:ENDPOINT`,
/// each with `?h=H` or without.
///
/// Bits are packed, most significant first. Bit i of a file belongs to trial i, so that a restarted daemon never uses a
/// bit twice; a character device, a pipe, a tty and a ZeroMQ PULL socket are streams, whose bits are fresh by themselves.
/// No bit is handed out before it has passed the health tests of SP 800-90B, section 4.4; docs/host-bits.md.
final class HostBitSource: Sendable {
    private enum Kind: Sendable {
        case file(HostBitFile)
        case device(HostBitDevice)
        case serial(HostBitSerial)
        case stream(Channel)
    }

    /// What is counted of a file.
    private struct FileHealth {
        var tested: UInt64 = 0
        var alarms: UInt64 = 0
        var isAlarm = false
    }

    private let kind: Kind
    private let name: String
    /// What a stream has brought and no trial has used.
    private let gate: HostBitGate
    private let cutoffs: HealthCutoffs
    private let fileHealth = Mutex(FileHealth())
    private let lastAlarm = Mutex<HealthFailure?>(nil)
    private let patience: Duration

    /// Opens a source.
    ///
    /// - Parameters:
    ///   - settingBias: The plan's μ; the health tests assume a min-entropy of −log2(½ + μ) a bit unless the address says `?h=H`.
    ///   - patience: How long a stream may take to bring the bits of one arm.
    /// - Throws: `host-bits.address`, `host-bits.source`, or what a ZeroMQ endpoint is refused with.
    init(
        address text: String, reactor: Reactor, settingBias: Double = 0, patience: Duration = .seconds(1)
    ) throws(BellError) {
        let address = try HostBitAddress(text)
        let cutoffs = try address.cutoffs(settingBias: settingBias)
        let gate = HostBitGate(cutoffs)
        self.gate = gate
        self.cutoffs = cutoffs
        self.patience = patience
        name = address.name
        switch address.kind {
        case .file(let path): kind = .file(HostBitFile(path: path, name: name, cutoffs: cutoffs))
        case .device(let path): kind = .device(try HostBitDevice(path, name: name))
        case .serial(let path, let baud): kind = .serial(try HostBitSerial(path, baud: baud, name: name))
        case .zeroMQ(let endpoint):
            let box = ChannelBox()
            let options = SocketOptions(highWaterMark: 16, maxMessageBytes: 1 << 20)
            let channel = try reactor.open(.pull, connect: [endpoint], options: options) { parts in
                if gate.accept(parts.joined()) { box.pause() }
            }
            box.set(channel)
            kind = .stream(channel)
        }
    }

    deinit { if case .stream(let channel) = kind { channel.close() } }

    /// The bits of these trials, one a byte.
    ///
    /// After `host-bits.health` from a stream the next call begins a new startup test; a persistent failure is told each time.
    /// - Throws: `host-bits.source` when the source has not that many bits; those that have come are used later.
    ///   `host-bits.health` when a health test failed.
    func bits(for range: Range<UInt64>) async throws(BellError) -> [UInt8] {
        if case .file(let file) = kind { return try fileBits(file, range) }
        let needed = (range.count + 7) / 8
        let deadline = ContinuousClock.now + patience
        if gate.begin() { freshen() }
        while true {
            switch kind {
            case .device(let device): try device.fill(gate, upTo: needed)
            case .serial(let port): try port.fill(gate, upTo: needed)
            case .file, .stream: break
            }
            switch gate.take(needed) {
            case .bytes(let bytes, let hasRoom):
                if hasRoom { resume() }
                return unpackedBits(bytes, 0..<range.count)
            case .alarm(let failure, let isPersistent):
                lastAlarm.withLock { $0 = failure }
                throw .hostBitsHealth(name, failure, gate.now.monitor, isPersistent: isPersistent)
            case .tooFew: break
            }
            guard ContinuousClock.now < deadline else { throw tooSlow(range.count) }
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Ends a persistent failure, after a person has looked at the source; a startup test follows.
    func reset() { if gate.reset() { freshen() } }

    /// The source and its health.
    var status: HostBitStatus {
        let (monitor, waiting) = gate.now
        var status = HostBitStatus(
            name: name, health: .ok, tested: monitor.tested, alarms: monitor.alarms, waiting: waiting * 8,
            minEntropy: cutoffs.minEntropy, cutoffs: [cutoffs.repetition, cutoffs.proportion],
            lastAlarm: lastAlarm.withLock { $0 })
        switch monitor.state {
        case .healthy: break
        case .startup(let passed):
            status.health = .startup
            status.startupPassed = passed
        case .alarm(let failure): (status.health, status.lastAlarm) = (.alarm, failure)
        case .failed(let failure): (status.health, status.lastAlarm) = (.failed, failure)
        }
        switch kind {
        case .file:
            let file = fileHealth.withLock { $0 }
            status.health = file.isAlarm ? .alarm : file.tested > 0 ? .ok : .startup
            (status.tested, status.alarms, status.startupPassed) = (file.tested, file.alarms, nil)
        case .serial(let port):
            status.absence = port.absence
            if status.absence != nil, status.health == .ok || status.health == .startup { status.health = .unplugged }
        case .device, .stream: break
        }
        return status
    }

    private func fileBits(_ file: HostBitFile, _ range: Range<UInt64>) throws(BellError) -> [UInt8] {
        switch try file.read(range) {
        case .passed(let bits, let tested):
            fileHealth.withLock {
                $0.tested += tested
                $0.isAlarm = false
            }
            return bits
        case .failed(let failure):
            fileHealth.withLock {
                $0.alarms += 1
                $0.isAlarm = true
            }
            lastAlarm.withLock { $0 = failure }
            throw .hostBitsHealth(file: name, failure, cutoffs)
        }
    }

    /// What a startup test looks at comes after the alarm, as far as it is in our hands.
    private func freshen() {
        if case .serial(let port) = kind { port.flush() }
        resume()
    }

    private func resume() { if case .stream(let channel) = kind { channel.resume() } }

    private func tooSlow(_ count: Int) -> BellError {
        let (monitor, waiting) = gate.now
        if case .serial(let port) = kind, let absence = port.absence { return .hostBitsUnplugged(name, cause: absence) }
        var cause = "\(count) bits are needed, \(waiting * 8) have come within \(patience)"
        if case .startup(let passed) = monitor.state {
            cause += "; the startup test has \(passed) of \(HealthMonitor.Policy.startupSamples) bits"
        }
        return .hostBits(name, cause: cause)
    }
}

/// Holds the channel, which is made only after the callback that pauses it.
private final class ChannelBox: Sendable {
    private let held = Mutex<Channel?>(nil)

    func set(_ channel: Channel) { held.withLock { $0 = channel } }

    /// A pause that is asked for before the channel is known takes effect with the next message.
    func pause() { held.withLock { $0 }?.pause() }
}
