import BellModel
import BellStream
import BellZeroMQ
import Dispatch
import Glibc
import Synchronization
import Testing
import TestSupport

@Suite("Outcome stream over sockets", .serialized, .blocking)
struct OutcomeSocketTests {
    private func endpoint(_ name: String) -> String {
        "ipc:///tmp/bs-\(name)-\(getpid())-\(UInt32.random(in: .min ... .max))"
    }

    private func remove(_ endpoint: String) { unlink(String(endpoint.dropFirst("ipc://".count))) }

    private func source(_ recordings: [Recording]) -> MemoryOutcomeSource {
        let source = MemoryOutcomeSource()
        for recording in recordings {
            source.add(recording.campaign, recording.begin)
            for item in recording.items { source.append(item, to: recording.campaign) }
        }
        return source
    }

    /// Runs a client until all campaigns are acknowledged, or for ten seconds.
    private func run(_ client: OutcomeClient, until isDone: () -> Bool) {
        let end = ContinuousClock.now + .seconds(20)
        client.run { !isDone() && ContinuousClock.now < end }
    }

    @Test("campaigns arrive whole, oldest first, through server and client")
    func whole() throws {
        let endpoint = endpoint("w")
        defer { remove(endpoint) }
        let recordings = try (1...3).map { try Recording($0, blocks: 4, arms: 50) }
        let source = source(recordings)
        let context = try ZeroMQContext()
        let reactor = try Reactor(context: context, name: "test")
        defer { reactor.shutdown() }
        let server = try OutcomeServer(reactor: reactor, endpoint: endpoint, source: source)
        defer { server.close() }
        let sink = MemorySink()
        var finished: [CampaignID] = []
        let client = try OutcomeClient(context: context, endpoint: endpoint, sink: sink) { event in
            if case .finished(let campaign) = event { finished.append(campaign) }
        }
        run(client) { (try? source.campaigns().isEmpty) ?? false }
        #expect(finished == recordings.map(\.campaign))
        for recording in recordings {
            let arms = recording.items.compactMap { if case .outcomes(let arm) = $0 { arm } else { nil } }
            let isSame = sink.durable[recording.campaign]?.arms == arms
            #expect(isSame)
            #expect(server.status.acknowledged[recording.campaign] == arms.last?.nextIndex)
        }
        #expect(server.status.connected)
        #expect(sink.commits < 600)
    }

    @Test("arms that come while the certifier is connected reach it, and a restarted server goes on")
    func live() throws {
        let endpoint = endpoint("l")
        defer { remove(endpoint) }
        let recording = try Recording(1, blocks: 2, arms: 40)
        let source = MemoryOutcomeSource()
        source.add(recording.campaign, recording.begin)
        let context = try ZeroMQContext()
        let isDone = Atomic<Bool>(false)
        // belld's side, on a thread of its own; half way it is torn down and begun anew.
        DispatchQueue(label: "belld").async {
            do {
                var items = recording.items[...]
                for life in 0..<2 {
                    let reactor = try Reactor(context: context, name: "test")
                    let server = try OutcomeServer(reactor: reactor, endpoint: endpoint, source: source)
                    let count = life == 0 ? items.count / 2 : items.count
                    for item in items.prefix(count) {
                        source.append(item, to: recording.campaign)
                        server.notify(recording.campaign)
                        usleep(1000)
                    }
                    items = items.dropFirst(count)
                    for _ in 0..<2000 where life == 1 && !source.acknowledgement(of: recording.campaign).end {
                        usleep(5000)
                    }
                    server.close()
                    reactor.shutdown()
                }
            } catch {
                Issue.record(error)
            }
            isDone.store(true, ordering: .releasing)
        }
        let sink = MemorySink()
        let client = try OutcomeClient(context: context, endpoint: endpoint, sink: sink)
        run(client) { isDone.load(ordering: .acquiring) }
        let arms = recording.items.compactMap { if case .outcomes(let arm) = $0 { arm } else { nil } }
        let isSame = sink.durable[recording.campaign]?.arms == arms
        #expect(isSame)
        #expect(source.acknowledgement(of: recording.campaign).end)
    }

    @Test("a full disk at the certifier stops the acknowledgements, and space lets it go on")
    func fullDisk() throws {
        let endpoint = endpoint("f")
        defer { remove(endpoint) }
        let recording = try Recording(1)
        let source = source([recording])
        let context = try ZeroMQContext()
        let reactor = try Reactor(context: context, name: "test")
        defer { reactor.shutdown() }
        let server = try OutcomeServer(reactor: reactor, endpoint: endpoint, source: source)
        defer { server.close() }
        let sink = MemorySink()
        var calls = 0
        sink.fault = { () throws(BellError) in
            calls += 1
            if calls > 12 && calls < 15 {
                throw BellError(.init("sqlite.full", exit: .experiment), "The disk is full.")
            }
        }
        var failures = 0
        let client = try OutcomeClient(context: context, endpoint: endpoint, sink: sink) { event in
            if case .failed = event { failures += 1 }
        }
        run(client) { source.acknowledgement(of: recording.campaign).end }
        #expect(failures == 2)
        let arms = recording.items.compactMap { if case .outcomes(let arm) = $0 { arm } else { nil } }
        let isSame = sink.durable[recording.campaign]?.arms == arms
        #expect(isSame)
    }

    @Test("garbage from anybody is counted and answered, and the certifier is served on")
    func garbage() throws {
        let endpoint = endpoint("g")
        defer { remove(endpoint) }
        let recording = try Recording(1)
        let source = source([recording])
        let context = try ZeroMQContext()
        let reactor = try Reactor(context: context, name: "test")
        defer { reactor.shutdown() }
        let server = try OutcomeServer(reactor: reactor, endpoint: endpoint, source: source)
        defer { server.close() }
        let stranger = try Socket(context, kind: .dealer)
        try stranger.connect(endpoint)
        for bytes: [UInt8] in [[], [1, 2, 3], StreamFrame.magic, StreamFrame.alive(session: 1).encoded] {
            try stranger.send([bytes], timeoutMilliseconds: 5000)
            let answer = try #require(try stranger.receive(timeoutMilliseconds: 5000))
            guard case .refused = try StreamFrame(decoding: answer[0]) else {
                Issue.record("it was not refused")
                return
            }
        }
        try stranger.send([[1], [2], [3]], timeoutMilliseconds: 5000)
        let client = try OutcomeClient(context: context, endpoint: endpoint, sink: MemorySink())
        run(client) { source.acknowledgement(of: recording.campaign).end }
        #expect(source.acknowledgement(of: recording.campaign).end)
        #expect(server.status.malformed >= 3)
    }
}
