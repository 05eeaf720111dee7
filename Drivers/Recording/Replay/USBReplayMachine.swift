import BellModel
import DriverKit

/// A recorded USB interface as a value: each endpoint's transfers in their recorded order.
struct USBReplayMachine: Sendable {
    private var operations: ReplayOperations
    private let path: String
    /// What the driver did that the recording does not have; everything fails from then on.
    private(set) var divergence: BellError?

    init(_ operations: ReplayOperations, path: String) {
        self.operations = operations
        self.path = path
    }

    /// Calls that were recorded and have not been made so far, reads left out.
    var unsentCalls: Int { operations.steps.count { !$0.isDone && !$0.isRead } }

    /// What comes of a call.
    mutating func answer(_ call: TraceOperation.Call) -> ReplayOperations.Answer {
        if let divergence { return .done(.failure(divergence)) }
        let next = operations.next { $0.operation.call.lane == call.lane }
        guard let next else {
            // Whoever listens without an end is not wrong while others still work.
            if case .read = call, !operations.isExhausted { return .wait }
            return diverge(call, nil)
        }
        let step = operations.steps[next]
        if case .read(let count, _) = call {
            guard operations.isDue(next), !ReplayOperations.isGivenUp(step.operation) else { return .wait }
            if case .success(let bytes) = step.operation.result, bytes.count > count { return diverge(call, step) }
        } else if call != step.operation.call {
            return diverge(call, step)
        }
        operations.finish(next)
        return .done(step.operation.result)
    }

    private mutating func diverge(
        _ call: TraceOperation.Call, _ step: ReplayOperations.Step?
    ) -> ReplayOperations.Answer {
        let now = TraceOperation(began: 0, call: call, result: .success([]))
        let error = ReplayOperations.divergence("a \(call.text)", sent: now.sent, expected: step, path: path)
        divergence = error
        return .done(.failure(error))
    }
}

extension TraceOperation.Call {
    /// Calls of one lane keep their order among themselves.
    fileprivate var lane: UInt16 {
        switch self {
        case .write(_, let endpoint), .read(_, let endpoint): UInt16(endpoint)
        case .control, .clearHalt, .reset: 0x100
        }
    }
}
