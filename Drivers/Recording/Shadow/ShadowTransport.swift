public import BellModel
public import DriverKit
import Synchronization

/// A board's transport with a second board in its shadow: both get the host's frames, only the first one is heard.
///
/// The way to the primary does nothing but put frames into a bounded queue; opening, sending, reading and comparing
/// happen on a task of their own. A shadow that does not follow, dies or floods is given up.
public final class ShadowTransport: Transport {
    public let incoming: AsyncThrowingStream<[UInt8], any Error>
    private let primary: any Transport
    private let inbox: ShadowInbox
    private let task: Task<Void, Never>

    /// - Parameters:
    ///   - shadow: Opened meanwhile; the primary does not wait for it.
    ///   - watch: Is told of differences.
    public init(primary: any Transport, shadow: @escaping TransportOpener, watch: ShadowWatch) {
        self.primary = primary
        let inbox = ShadowInbox(limit: watch.options.waiting) { watch.dropped($0) }
        self.inbox = inbox
        let source = primary.incoming
        incoming = AsyncThrowingStream { () async throws -> [UInt8]? in
            var iterator = source.makeAsyncIterator()
            let frame = try await iterator.next()
            if let frame { inbox.post(.primary(frame), size: frame.count) } else { inbox.finish() }
            return frame
        }
        task = Task { await ShadowTransport.run(shadow, inbox, watch) }
    }

    deinit { inbox.finish() }

    public func send(_ frame: [UInt8]) throws(BellError) {
        // Before it is sent: the primary's answer must not be compared before the request is known.
        inbox.post(.host(frame), size: frame.count)
        try primary.send(frame)
    }

    public func close() {
        primary.close()
        inbox.finish()
    }

    /// The shadow's life: ends when the inbox does, or when the shadow is given up.
    private static func run(_ open: TransportOpener, _ inbox: ShadowInbox, _ watch: ShadowWatch) async {
        let shadow: any Transport
        do throws(BellError) {
            shadow = try await open()
        } catch {
            return inbox.giveUp("it could not be opened: \(error.what)")
        }
        let generation = watch.reset()
        let source = shadow.incoming
        let reader = Task {
            var cause = "it closed the connection"
            do {
                for try await frame in source { inbox.post(.shadow(frame), size: frame.count) }
            } catch {
                cause = BellError(wrapping: error).what
            }
            inbox.giveUp(cause)
        }
        let ticker = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(100))
                inbox.post(.tick, size: 0)
            }
        }
        for await (input, time) in inbox.stream {
            inbox.taken(input)
            if inbox.isGivenUp { break }
            let (frames, refusal) = watch.handle(input, at: time, generation: generation)
            if let refusal {
                inbox.giveUp(refusal)
                break
            }
            for frame in frames {
                do throws(BellError) { try shadow.send(frame) } catch { inbox.giveUp(error.what) }
            }
        }
        reader.cancel()
        ticker.cancel()
        shadow.close()
    }
}

/// What waits to be compared: bounded, never waits.
final class ShadowInbox: Sendable {
    let stream: AsyncStream<(ShadowMachine.Input, Duration)>
    private let continuation: AsyncStream<(ShadowMachine.Input, Duration)>.Continuation
    private let waiting = Atomic<Int>(0)
    private let limit: Int
    private let start = ContinuousClock.now
    private let isOver = Atomic<Bool>(false)
    private let wasGivenUp = Atomic<Bool>(false)
    private let onGiveUp: @Sendable (String) -> Void
    /// Frames of no size cost memory too.
    private static let overhead = 256

    init(limit: Int, onGiveUp: @escaping @Sendable (String) -> Void) {
        self.limit = limit
        self.onGiveUp = onGiveUp
        (stream, continuation) = AsyncStream.makeStream(of: (ShadowMachine.Input, Duration).self)
    }

    var isGivenUp: Bool { wasGivenUp.load(ordering: .acquiring) }

    func post(_ input: ShadowMachine.Input, size: Int) {
        guard !isOver.load(ordering: .acquiring) else { return }
        let total = waiting.add(size + ShadowInbox.overhead, ordering: .relaxed).newValue
        guard total <= limit else { return giveUp("more than \(limit) bytes waited for it") }
        continuation.yield((input, ContinuousClock.now - start))
    }

    func taken(_ input: ShadowMachine.Input) {
        let size =
            switch input {
            case .host(let bytes), .primary(let bytes), .shadow(let bytes): bytes.count
            case .tick: 0
            }
        waiting.subtract(size + ShadowInbox.overhead, ordering: .relaxed)
    }

    /// The connection is over; only the first end counts.
    func finish() {
        isOver.store(true, ordering: .releasing)
        continuation.finish()
    }

    /// The shadow is over, and the connection is not.
    func giveUp(_ cause: String) {
        guard !isOver.exchange(true, ordering: .acquiringAndReleasing) else { return }
        wasGivenUp.store(true, ordering: .releasing)
        continuation.finish()
        onGiveUp(cause)
    }
}
