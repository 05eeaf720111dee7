public import BellModel
public import BellZeroMQ
import Dispatch
import Synchronization

/// Sends the journals' outcomes to the certifier: acknowledged, replayable from any trial, in bounded memory.
///
/// The daemon calls ``notify(_:)`` after every commit. Nothing here waits for the certifier: without one the journal
/// grows, and once it is back it says where to go on. One certifier is served at a time, the latest that asked.
public final class OutcomeServer: Sendable {
    /// What the daemon may want to show or log.
    public enum Event: Equatable, Sendable {
        case connected
        case disconnected
        /// The certifier is known to have everything below the index; with `end`, its certificate is on disk.
        case acknowledged(CampaignID, nextIndex: UInt64, end: Bool)
        /// The certifier refused a frame, or the source failed; nil when it concerns no campaign.
        case refused(CampaignID?, BellError)
    }

    public struct Status: Equatable, Sendable {
        /// Whether a certifier has been heard of in the last seconds.
        public var connected = false
        /// The certifier has everything below this index, by campaign.
        public var acknowledged: [CampaignID: UInt64] = [:]
        /// The last refusal, by campaign; forgotten when a certifier asks anew.
        public var refusals: [CampaignID: BellError] = [:]
        /// Arms, block ends and campaign ends sent, repetitions included.
        public var framesSent: UInt64 = 0
        /// Messages that were no frames.
        public var malformed: UInt64 = 0
    }

    private struct Core {
        var machine = OutcomeServerMachine()
        var isClosed = false
    }

    private let source: any OutcomeSource
    private let onEvent: @Sendable (Event) -> Void
    private let queue = DispatchQueue(label: "outcome server")
    private let channel = Mutex<Channel?>(nil)
    /// Touched on ``queue`` only; the lock is for the compiler.
    private let core = Mutex(Core())
    private let current = Mutex(Status())
    /// Messages that wait for the queue; a flood is dropped rather than stored.
    private let waiting = Atomic<Int>(0)
    private let notified = Mutex<Set<CampaignID>>([])

    private static let maxWaiting = 4096
    /// A certifier's frames are small; only ERROR carries text.
    private static let maxRequestBytes: Int64 = 64 << 10

    /// Binds the socket and begins to serve.
    ///
    /// - Parameter onEvent: Called on the server's queue; must not block for long.
    public init(
        reactor: Reactor, endpoint: String, source: any OutcomeSource,
        onEvent: @escaping @Sendable (Event) -> Void = { _ in }
    ) throws(BellError) {
        self.source = source
        self.onEvent = onEvent
        var options = SocketOptions()
        // A ROUTER drops what passes the mark; the credit, not the mark, bounds what is under way.
        options.highWaterMark = Int32(StreamCredit.limit.frames) * 2
        options.maxMessageBytes = Self.maxRequestBytes
        options.lingerMilliseconds = 0
        // The lock is held until the channel is in its place: a first message may come before `open` returns.
        try channel.withLock { channel throws(BellError) in
            channel = try reactor.open(.router, bind: [endpoint], options: options) { [weak self] parts in
                self?.enqueue(parts)
            }
        }
        scheduleTick()
    }

    /// The endpoint as bound.
    public var endpoint: String { channel.withLock { $0?.endpoint ?? "" } }

    public var status: Status { current.withLock { $0 } }

    /// Says that the source has more items of a campaign, or a new campaign; cheap, from any thread.
    public func notify(_ campaign: CampaignID) {
        let isFirst = notified.withLock { notified in
            let isFirst = notified.isEmpty
            notified.insert(campaign)
            return isFirst
        }
        guard isFirst else { return }
        queue.async { [weak self] in
            guard let self else { return }
            let campaigns = notified.withLock { notified in
                defer { notified = [] }
                return notified
            }
            work { core in campaigns.flatMap { core.machine.more(of: $0) } }
        }
    }

    /// Stops serving; what is not acknowledged stays in the source. Returns once the source is not called any more; not
    /// to be called from `onEvent`.
    public func close() {
        let open = channel.withLock { channel in
            defer { channel = nil }
            return channel
        }
        open?.close()
        queue.sync { core.withLock { $0.isClosed = true } }
    }

    private func enqueue(_ parts: [[UInt8]]) {
        guard parts.count == 2 else {
            current.withLock { $0.malformed += 1 }
            return
        }
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.maxWaiting else {
            waiting.subtract(1, ordering: .relaxed)
            return
        }
        queue.async { [weak self] in
            guard let self else { return }
            waiting.subtract(1, ordering: .relaxed)
            let now = Self.milliseconds
            work { core in core.machine.received(parts[1], from: parts[0], now: now) }
        }
    }

    private func scheduleTick() {
        queue.asyncAfter(deadline: .now() + .milliseconds(500)) { [weak self] in
            guard let self else { return }
            let isClosed = core.withLock { $0.isClosed }
            guard !isClosed else { return }
            let now = Self.milliseconds
            work { core in core.machine.tick(now: now) }
            scheduleTick()
        }
    }

    private static var milliseconds: Int64 { Int64(clamping: DispatchTime.now().uptimeNanoseconds / 1_000_000) }

    /// Lets the machine take something in, does what it says, then sends what may be sent; on the queue.
    private func work(_ step: (inout Core) -> [OutcomeServerMachine.Action]) {
        core.withLock { core in
            guard !core.isClosed else { return }
            perform(step(&core), &core)
            pump(&core)
            let machine = core.machine
            current.withLock { status in
                status.connected = machine.isConnected
                status.malformed = machine.malformed
            }
        }
    }

    private func perform(_ actions: [OutcomeServerMachine.Action], _ core: inout Core) {
        var actions = actions[...]
        while let action = actions.popFirst() {
            switch action {
            case .send(let frame, let identity): _ = send(frame.encoded, to: identity)
            case .refresh:
                do throws(BellError) {
                    actions.append(contentsOf: core.machine.list(try source.campaigns()))
                } catch {
                    onEvent(.refused(nil, error))
                }
            case .begin(let campaign, let identity):
                do throws(BellError) {
                    _ = send(StreamFrame.begin(campaign, try source.begin(of: campaign)).encoded, to: identity)
                } catch {
                    actions.append(contentsOf: core.machine.failed(campaign, error))
                }
            case .acknowledged(let campaign, let nextIndex, let end):
                do throws(BellError) {
                    try source.acknowledged(campaign, nextIndex: nextIndex, end: end)
                    current.withLock {
                        $0.acknowledged[campaign] = max($0.acknowledged[campaign] ?? 0, nextIndex)
                    }
                    onEvent(.acknowledged(campaign, nextIndex: nextIndex, end: end))
                } catch {
                    onEvent(.refused(campaign, error))
                }
            case .connected(let isThere):
                if isThere { current.withLock { $0.refusals = [:] } }
                onEvent(isThere ? .connected : .disconnected)
            case .refused(let campaign, let error):
                if let campaign { current.withLock { $0.refusals[campaign] = error } }
                onEvent(.refused(campaign, error))
            }
        }
    }

    private func pump(_ core: inout Core) {
        while let pull = core.machine.nextPull() {
            do throws(BellError) {
                let items = try source.items(of: pull.campaign, after: pull.position, limit: pull.limit)
                if items.isEmpty { core.machine.paused(pull.campaign) }
                for item in items {
                    let bytes = item.frame(of: pull.campaign).encoded
                    guard send(bytes, to: pull.identity) else {
                        // The socket's queue is full: go on where we stopped, in a moment.
                        core.machine.paused(pull.campaign)
                        retry(pull.campaign)
                        break
                    }
                    try core.machine.sent(item, of: pull.campaign, bytes: bytes.count)
                    current.withLock { $0.framesSent += 1 }
                }
            } catch {
                perform(core.machine.failed(pull.campaign, error), &core)
            }
        }
    }

    private func retry(_ campaign: CampaignID) {
        queue.asyncAfter(deadline: .now() + .milliseconds(5)) { [weak self] in
            self?.work { core in core.machine.more(of: campaign) }
        }
    }

    private func send(_ bytes: [UInt8], to identity: [UInt8]) -> Bool {
        guard let channel = channel.withLock({ $0 }) else { return false }
        do throws(BellError) {
            try channel.send([identity, bytes])
            return true
        } catch {
            return false
        }
    }
}
