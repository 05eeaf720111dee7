import BellModel
import BellZeroMQ
import Synchronization
import Testing
import TestSupport

@Suite struct ReactorTests {
    let context: ZeroMQContext
    let reactor: Reactor
    let folder: TemporaryFolder

    init() throws {
        context = try ZeroMQContext()
        reactor = try Reactor(context: context, name: "test reactor")
        folder = try TemporaryFolder()
    }

    /// A ROUTER that answers every message with itself, from its callback.
    private func echo(_ bind: String) throws -> Channel {
        let own = Shared<Channel>()
        let channel = try reactor.open(.router, bind: [bind]) { parts in try? own.value?.send(parts) }
        own.value = channel
        return channel
    }

    @Test("a server on the reactor answers over ipc and tcp", arguments: ["ipc", "tcp"])
    func requests(transport: String) throws {
        let server = try echo(transport == "ipc" ? folder.endpoint("a") : "tcp://127.0.0.1:*")
        let client = try Socket(context, kind: .dealer)
        try client.connect(server.endpoint)
        for i in 0..<200 {
            try client.send([[], [UInt8](number: i)], timeoutMilliseconds: 5000)
            let answer = try client.receive(timeoutMilliseconds: 5000)
            #expect(answer == [[], [UInt8](number: i)])
        }
        reactor.shutdown()
    }

    @Test("what is sent under one lock from a thread and from the reactor arrives in the lock's order")
    func oneOrder() async throws {
        let sums = Collector()
        let sink = try reactor.open(.pull, bind: [folder.endpoint("sink")]) { sums.add($0) }
        let sender = try Reactor(context: context, name: "sender")
        let room = SocketOptions(queuedMessages: 20_000)
        let output = try sender.open(.push, connect: [sink.endpoint], options: room) { _ in }
        let number = Mutex<Int>(0)
        let sendNext: @Sendable () -> Void = {
            number.withLock { number in
                if (try? output.send([[UInt8](number: number)])) != nil { number += 1 }
            }
        }
        // Each message of the clock sends one number on the sender's own thread.
        let ticks = try sender.open(.pull, bind: [folder.endpoint("ticks")]) { _ in sendNext() }
        let clock = try Socket(context, kind: .push)
        try clock.connect(ticks.endpoint)
        let other = Task.detached { for _ in 0..<5000 { sendNext() } }
        for _ in 0..<5000 { try clock.send([[0]], timeoutMilliseconds: 5000) }
        await other.value
        let received = await sums.wait(for: 10_000)
        let isInOrder = received == (0..<10_000).map { [[UInt8](number: $0)] }
        #expect(received.count == 10_000)
        #expect(isInOrder)
        sender.shutdown()
        reactor.shutdown()
    }

    @Test("nothing is lost or re-ordered when many threads send into small queues")
    func throughput() async throws {
        let options = SocketOptions(highWaterMark: 5, queuedMessages: 50)
        let sums = Collector()
        let server = try reactor.open(.pull, bind: [folder.endpoint("a")], options: options) { sums.add($0) }
        let sender = try Reactor(context: context, name: "sender")
        let client = try sender.open(.push, connect: [server.endpoint], options: options) { _ in }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for i in 0..<3000 {
                        while true {
                            do {
                                try client.send([[UInt8(task)], [UInt8](number: i)])
                                break
                            } catch { await Task.yield() }
                        }
                    }
                }
            }
        }
        let received = await sums.wait(for: 12_000)
        #expect(received.count == 12_000)
        for task in 0..<4 {
            #expect(received.filter { $0[0] == [UInt8(task)] }.map { $0[1].number } == Array(0..<3000))
        }
        sender.shutdown()
        reactor.shutdown()
    }

    @Test("a peer that does not read fills a bounded queue, and gets everything when it reads again")
    func backPressure() async throws {
        let got = Collector()
        let options = SocketOptions(highWaterMark: 4, queuedMessages: 10)
        let server = try reactor.open(.pull, bind: [folder.endpoint("a")], options: options) { got.add($0) }
        server.pause()
        let other = try Reactor(context: context, name: "client")
        let client = try other.open(.push, connect: [server.endpoint], options: options) { _ in }
        var sent = 0
        // ipc sockets buffer in the kernel, too: large messages make that room count little.
        let padding = [UInt8](repeating: 0, count: 100_000)
        let isFull = await eventually {
            do throws(BellError) {
                try client.send([[UInt8](number: sent), padding])
                sent += 1
                return false
            } catch {
                return error.code == .zeromqQueueFull && client.waiting == 10
            }
        }
        #expect(isFull)
        let before = got.all.count
        #expect(before <= sent - 10)
        server.resume()
        let received = await got.wait(for: sent)
        #expect(received.map { $0[0].number } == Array(0..<sent))
        #expect(client.waiting == 0)
    }

    @Test("a full peer of a ROUTER does not hold up the others")
    func routerFairness() async throws {
        let ready = Collector()
        let options = SocketOptions(highWaterMark: 2, routerMandatory: true, queuedMessages: 1000)
        let server = try reactor.open(.router, bind: [folder.endpoint("a")], options: options) { ready.add($0) }
        let slow = try Socket(context, kind: .dealer, options: .init(highWaterMark: 2, identity: [1, 1]))
        let quick = try Socket(context, kind: .dealer, options: .init(highWaterMark: 1000, identity: [2, 2]))
        try slow.connect(server.endpoint)
        try quick.connect(server.endpoint)
        try slow.send([[0]])
        try quick.send([[0]])
        _ = await ready.wait(for: 2)
        let padding = [UInt8](repeating: 0, count: 100_000)
        for i in 0..<100 { try server.send([[1, 1], [UInt8](number: i), padding]) }
        try server.send([[2, 2], [9]])
        let answer = try quick.receive(timeoutMilliseconds: 10_000)
        #expect(answer == [[9]])
        for i in 0..<100 {
            let part = try slow.receive(timeoutMilliseconds: 10_000)
            #expect(part?.first?.number == i)
        }
    }

    @Test("subscribers get what they asked for")
    func publish() async throws {
        let got = Collector()
        let all = Collector()
        let publisher = try reactor.open(.publish, bind: [folder.endpoint("a")]) { _ in }
        let options = SocketOptions(subscriptions: ["telemetry"])
        _ = try reactor.open(.subscribe, connect: [publisher.endpoint], options: options) { got.add($0) }
        _ = try reactor.open(.subscribe, connect: [publisher.endpoint]) { all.add($0) }
        // A subscription takes a moment to arrive; PUB drops what nobody wants yet.
        let arrived = await eventually {
            try? publisher.send([Array("telemetry".utf8), [1]])
            try? publisher.send([Array("other".utf8), [2]])
            return got.all.count >= 3 && all.all.contains { $0[1] == [2] }
        }
        #expect(arrived)
        #expect(got.all.allSatisfy { $0[1] == [1] })
    }

    @Test("what was sent before close arrives, nothing after it is taken")
    func close() async throws {
        let got = Collector()
        let server = try reactor.open(.pull, bind: [folder.endpoint("a")]) { got.add($0) }
        let client = try reactor.open(.push, connect: [server.endpoint]) { _ in }
        for i in 0..<100 { try client.send([[UInt8](number: i)]) }
        client.close()
        client.close()
        let error = #expect(throws: BellError.self) { try client.send([[1]]) }
        #expect(error?.code == .zeromqClosed)
        let received = await got.wait(for: 100)
        #expect(received.map { $0[0].number } == Array(0..<100))
    }

    @Test("shutdown ends with peers that are absent, and with messages that wait")
    func shutdown() throws {
        let other = try Reactor(context: context, name: "lonely")
        let options = SocketOptions(highWaterMark: 1)
        let client = try other.open(.dealer, connect: [folder.endpoint("b")], options: options) { _ in }
        for i in 0..<20 { try client.send([[UInt8](number: i)]) }
        other.shutdown()
        other.shutdown()
        #expect(throws: BellError.self) { try client.send([[1]]) }
        let error = #expect(throws: BellError.self) { _ = try other.open(.dealer) { _ in } }
        #expect(error?.code == .zeromqClosed)
    }

    @Test("a reactor can be shut down from its own callback")
    func ownShutdown() async throws {
        let got = Collector()
        let other = try Reactor(context: context, name: "own")
        let server = try other.open(.pull, bind: [folder.endpoint("c")]) { parts in
            got.add(parts)
            other.shutdown()
        }
        let client = try Socket(context, kind: .push, options: .init(lingerMilliseconds: 500))
        try client.connect(server.endpoint)
        try client.send([[1]])
        #expect(await got.wait(for: 1).count == 1)
        let isClosed = await eventually {
            do throws(BellError) { try server.send([[1]]) } catch { return error.code == .zeromqClosed }
            return false
        }
        #expect(isClosed)
    }

    @Test("a part over the limit ends that connection only")
    func oversized() async throws {
        let got = Collector()
        let options = SocketOptions(maxMessageBytes: 1000)
        let server = try reactor.open(.pull, bind: ["tcp://127.0.0.1:*"], options: options) { got.add($0) }
        let good = try Socket(context, kind: .push, options: .init(lingerMilliseconds: 500))
        let bad = try Socket(context, kind: .push)
        try good.connect(server.endpoint)
        try bad.connect(server.endpoint)
        try bad.send([[UInt8](repeating: 1, count: 1001)])
        try good.send([[UInt8](repeating: 2, count: 1000)])
        let received = await got.wait(for: 1)
        #expect(received.map { $0[0].count } == [1000])
    }

    @Test("an unknown peer is an error on the reactor's thread when asked for")
    func unroutable() async throws {
        let seen = Shared<BellError.Code>()
        let own = Shared<Channel>()
        let options = SocketOptions(routerMandatory: true)
        let server = try reactor.open(.router, bind: [folder.endpoint("a")], options: options) { _ in
            do throws(BellError) { try own.value?.send([[9, 9, 9], [1]]) } catch { seen.value = error.code }
        }
        own.value = server
        let client = try Socket(context, kind: .dealer)
        try client.connect(server.endpoint)
        try client.send([[1]])
        #expect(await eventually { seen.value == .zeromqUnroutable })
    }
}
