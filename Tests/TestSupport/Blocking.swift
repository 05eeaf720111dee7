import BellHost
import Dispatch
import Synchronization
public import Testing

/// Runs each test on a thread of its own, because it waits in system calls: the few threads that Swift shares among all
/// tasks must stay free for what it waits for, and Dispatch adds a thread a second only.
public struct Blocking: SuiteTrait, TestTrait, TestScoping {
    public let isRecursive = true

    private final class Executor: TaskExecutor {
        private let jobs = Mutex<[UnownedJob]>([])
        private let count = DispatchSemaphore(value: 0)
        private let isOver = Atomic<Bool>(false)

        func begin() throws {
            try startThread(named: "blocking test") { [self] in
                while true {
                    count.wait()
                    if isOver.load(ordering: .sequentiallyConsistent) { return }
                    let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                    job?.runSynchronously(on: asUnownedTaskExecutor())
                }
            }
        }

        func end() {
            isOver.store(true, ordering: .sequentiallyConsistent)
            count.signal()
        }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            jobs.withLock { $0.append(job) }
            count.signal()
        }
    }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // Once a test case; the suite and the function around it have nothing that waits.
        guard testCase != nil else { return try await function() }
        let executor = Executor()
        try executor.begin()
        defer { executor.end() }
        try await withTaskExecutorPreference(executor, operation: function)
    }
}

extension Trait where Self == Blocking {
    /// Each test on a thread of its own.
    public static var blocking: Self { Self() }
}
