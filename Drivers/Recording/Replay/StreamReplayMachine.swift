import BellModel
import DriverKit

/// A recorded stream as a value: the written bytes must be the recorded ones, however they are cut.
struct StreamReplayMachine: Sendable {
    private var operations: ReplayOperations
    private let path: String
    /// Bytes of the present recorded write that have been written again.
    private var written = 0
    /// What a read with a smaller limit has left over.
    private var leftOver: ArraySlice<UInt8> = []
    private(set) var divergence: BellError?

    init(_ operations: ReplayOperations, path: String) {
        self.operations = operations
        self.path = path
    }

    var unsentCalls: Int { operations.steps.count { !$0.isDone && !$0.isRead } }

    /// Compares what is written with what was.
    mutating func write(_ bytes: [UInt8]) -> Result<[UInt8], BellError> {
        if let divergence { return .failure(divergence) }
        var rest = bytes[...]
        repeat {
            guard let place = operations.next(where: { !$0.isRead }) else {
                return diverge(bytes, nil)
            }
            let step = operations.steps[place]
            let recorded = step.operation.sent[written...]
            let count = min(recorded.count, rest.count)
            guard recorded.prefix(count) == rest.prefix(count) else { return diverge(bytes, step) }
            rest = rest.dropFirst(count)
            written += count
            guard written == step.operation.sent.count else { break }
            written = 0
            operations.finish(place)
            if case .failure(let error) = step.operation.result { return .failure(error) }
        } while !rest.isEmpty
        return .success([])
    }

    mutating func read(upTo limit: Int) -> ReplayOperations.Answer {
        if let divergence { return .done(.failure(divergence)) }
        if leftOver.isEmpty {
            guard let place = operations.next(where: \.isRead) else {
                if !operations.isExhausted { return .wait }
                _ = diverge([], nil)
                return .done(.failure(divergence ?? BellError(.streamClosed, "The recording has ended.", at: path)))
            }
            guard operations.isDue(place) else { return .wait }
            operations.finish(place)
            switch operations.steps[place].operation.result {
            case .success(let bytes) where !bytes.isEmpty: leftOver = bytes[...]
            case let result: return .done(result)
            }
        }
        defer { leftOver = leftOver.dropFirst(limit) }
        return .done(.success(Array(leftOver.prefix(limit))))
    }

    private mutating func diverge(
        _ bytes: [UInt8], _ step: ReplayOperations.Step?
    ) -> Result<[UInt8], BellError> {
        let what = bytes.isEmpty ? "a read" : "a write of \(bytes.count) bytes"
        let error = ReplayOperations.divergence(what, sent: bytes, expected: step, path: path)
        divergence = error
        return .failure(error)
    }
}
