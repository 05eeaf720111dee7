import Synchronization
import Testing

@testable import DriverKit

struct TurnstileTests {
    private final class Log: Sendable {
        private let entries = Mutex<[Int]>([])
        var all: [Int] { entries.withLock { $0 } }
        func add(_ entry: Int) { entries.withLock { $0.append(entry) } }
    }

    /// Starts a task and returns when it waits, as the `place`-th.
    private func queue(
        _ place: Int, at turnstile: Turnstile, _ body: @escaping @Sendable () -> Void
    ) async -> Task<Void, Never> {
        let task = Task {
            await turnstile.enter()
            body()
            turnstile.leave()
        }
        while turnstile.waitingCount < place { await Task.yield() }
        return task
    }

    @Test("tasks enter in the order in which they came, a cancelled one too")
    func order() async {
        let (turnstile, log) = (Turnstile(), Log())
        await turnstile.enter()
        var tasks: [Task<Void, Never>] = []
        for number in 1...20 { tasks.append(await queue(number, at: turnstile) { log.add(number) }) }
        tasks[4].cancel()
        #expect(log.all.isEmpty)
        turnstile.leave()
        for task in tasks { await task.value }
        #expect(log.all == Array(1...20))
        #expect(await turnstile.enter(behind: 0))
    }

    /// How many are in, and how many ever were.
    private final class Room: Sendable {
        private let count = Mutex((now: 0, most: 0))
        var most: Int { count.withLock { $0.most } }
        func enter() { count.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
        func leave() { count.withLock { $0.now -= 1 } }
    }

    @Test("one task is in at a time, however many want to be")
    func exclusion() async {
        let (turnstile, room) = (Turnstile(), Room())
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await turnstile.enter()
                    room.enter()
                    await Task.yield()
                    room.leave()
                    turnstile.leave()
                }
            }
        }
        #expect(room.most == 1)
        #expect(turnstile.waitingCount == 0)
    }

    /// What a driver is: an actor whose calls go through a turnstile.
    private actor Driver {
        private let turnstile = Turnstile()
        private(set) var came: [Int] = []
        private(set) var entered: [Int] = []

        func call(_ number: Int) async {
            came.append(number)
            await turnstile.enter()
            defer { turnstile.leave() }
            entered.append(number)
            await Task.yield()
        }
    }

    @Test("an actor's calls get their turns in the order in which the actor took them")
    func actorOrder() async {
        let driver = Driver()
        await withTaskGroup { group in
            for number in 0..<500 { group.addTask { await driver.call(number) } }
        }
        #expect(await driver.came.count == 500)
        #expect(await driver.entered == driver.came)
    }

    @Test("a task is turned away when as many wait as may, and only then")
    func limit() async {
        let (turnstile, log) = (Turnstile(), Log())
        #expect(await turnstile.enter(behind: 0))
        #expect(await !turnstile.enter(behind: 0))
        let first = await queue(1, at: turnstile) { log.add(1) }
        let second = await queue(2, at: turnstile) { log.add(2) }
        #expect(await !turnstile.enter(behind: 2))
        turnstile.leave()
        await first.value
        await second.value
        #expect(log.all == [1, 2])
        #expect(await turnstile.enter(behind: 2))
    }
}
