import Dispatch
import Testing

/// Runs a suite's tests on threads of their own, because they wait in system calls: the few threads that Swift shares
/// among all tasks must stay free for the tasks that the tests wait for.
struct Blocking: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    private final class Executor: TaskExecutor {
        let queue = DispatchQueue(label: "blocking tests", attributes: .concurrent)
        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(Executor(), operation: function)
    }
}

extension Trait where Self == Blocking {
    static var blocking: Self { Self() }
}
