import BellModel
import Synchronization

extension BellError.Code {
    /// Ctrl-C or SIGTERM ended the measurement.
    static let benchInterrupted = BellError.Code("bench.interrupted", exit: .interrupted)
    /// A program that takes part did not do its work.
    static let benchProgram = BellError.Code("bench.program", exit: .internal)
    /// A peer came to another result from the same data.
    static let benchDisagreement = BellError.Code("bench.disagreement", exit: .internal)
}

/// Remembers that a signal came; every wait looks at it.
final class Interruption: Sendable {
    private let flag = Atomic<Bool>(false)

    func happened() { flag.store(true, ordering: .relaxed) }

    /// Throws `bench.interrupted` once a signal came.
    func check() throws(BellError) {
        guard flag.load(ordering: .relaxed) else { return }
        throw BellError(
            .benchInterrupted, "The measurement was interrupted.", state: "everything that it started is stopped")
    }
}
