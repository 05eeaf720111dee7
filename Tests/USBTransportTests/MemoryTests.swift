import BellModel
import DriverKit
import Synchronization
import Testing

@testable import USBTransport

@Suite("The kernel's memory for USB transfers")
struct MemoryTests {
    @Test(
        "the kernel's parameter is read: 16 MiB unless it can be, 0 for none, always a little below",
        arguments: [
            (nil, 15 << 20), ("16\n", 15 << 20), ("", 15 << 20), ("x", 15 << 20), ("-3", 15 << 20), ("0\n", 4 << 30),
            ("1", 983_040), ("256", 240 << 20), ("4294967295", 4_294_967_295 * 983_040),
        ] as [(String?, Int)])
    func parameter(text: String?, limit: Int) {
        #expect(USBMemoryBudget.limit(kernelText: text) == limit)
    }

    @Test("who asks first is served first, and a small one does not overtake")
    func order() {
        let ledger = Ledger(limit: 100)
        #expect(ledger.request(60) == .taken)
        #expect(ledger.request(50) == .waits(1))
        #expect(ledger.request(10) == .waits(2))
        #expect(ledger.release(20) == [1, 2])
        #expect(ledger.used == 100)
        #expect(ledger.request(1) == .waits(3))
        #expect(ledger.release(100) == [3])
    }

    @Test("one that is larger than the limit is let through when nothing else is under way")
    func larger() {
        let ledger = Ledger(limit: 100)
        #expect(ledger.request(500) == .taken)
        #expect(ledger.request(1) == .waits(1))
        #expect(ledger.release(500) == [1])
        #expect(ledger.request(500) == .waits(2))
        #expect(ledger.release(1) == [2])
    }

    @Test("one that gives up lets the next ones pass")
    func withdrawal() {
        let ledger = Ledger(limit: 100)
        #expect(ledger.request(90) == .taken)
        #expect(ledger.request(50) == .waits(1))
        #expect(ledger.request(10) == .waits(2))
        let answer = ledger.withdraw(1)
        #expect(answer.wasWaiting)
        #expect(answer.served == [2])
        let again = ledger.withdraw(2)
        #expect(!again.wasWaiting)
        #expect(again.served.isEmpty)
        #expect(ledger.used == 100)
    }

    @Test("taking beyond the limit and giving back too much leave sane numbers")
    func extremes() {
        let ledger = Ledger(limit: 100)
        ledger.take(300)
        #expect(ledger.request(1) == .waits(1))
        #expect(ledger.release(250) == [1])
        #expect(ledger.used == 51)
        #expect(ledger.release(1000) == [])
        #expect(ledger.used == 0)
    }

    @Test("a transfer waits for memory and gets it")
    func waiting() async throws {
        let budget = USBMemoryBudget(limit: 100)
        try await budget.reserve(100, timeout: .seconds(60), at: "here")
        async let second: Void = budget.reserve(50, timeout: .seconds(60), at: "here")
        budget.release(100)
        try await second
        #expect(budget.used == 50)
    }

    @Test("without memory in time it is usb.memory, with the kernel's parameter in the fix")
    func timeout() async throws {
        let budget = USBMemoryBudget(limit: 100)
        budget.take(100)
        let error = await #expect(throws: BellError.self) {
            try await budget.reserve(50, timeout: .milliseconds(5), at: "here")
        }
        #expect(error?.code == .usbMemory)
        #expect(error?.place == "here")
        #expect(error?.fix?.contains("usbfs_memory_mb") == true)
        #expect(budget.used == 100)
    }

    @Test("a cancelled task does not wait for memory and takes none")
    func cancelled() async throws {
        let budget = USBMemoryBudget(limit: 100)
        budget.take(100)
        let task = Task { try await budget.reserve(50, timeout: .seconds(60), at: "here") }
        task.cancel()
        let result = await task.result
        #expect(throws: BellError.usbCancelled(at: "here")) { try result.get() }
        #expect(budget.used == 100)
        budget.release(100)
        #expect(budget.used == 0)
    }

    @Test("many tasks share it and all of it comes back")
    func many() async throws {
        let budget = USBMemoryBudget(limit: 1000)
        let most = Most()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let bytes = 100 + number % 7 * 100
                    try await budget.reserve(bytes, timeout: .seconds(60), at: "here")
                    most.value.withLock { $0 = max($0, budget.used) }
                    await Task.yield()
                    budget.release(bytes)
                }
            }
            try await group.waitForAll()
        }
        #expect(budget.used == 0)
        #expect(most.value.withLock { $0 } <= 1000)
    }

    private final class Most: Sendable {
        let value = Mutex(0)
    }

    /// A ledger whose changing calls can stand in an expectation.
    private final class Ledger {
        private var value: USBMemoryLedger

        init(limit: Int) { value = USBMemoryLedger(limit: limit) }

        var used: Int { value.used }
        func request(_ bytes: Int) -> USBMemoryLedger.Answer { value.request(bytes) }
        func take(_ bytes: Int) { value.take(bytes) }
        func release(_ bytes: Int) -> [UInt64] { value.release(bytes) }
        func withdraw(_ ticket: UInt64) -> (wasWaiting: Bool, served: [UInt64]) { value.withdraw(ticket) }
    }
}
