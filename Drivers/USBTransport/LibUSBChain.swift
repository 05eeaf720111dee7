import BellModel
public import DriverKit
import Synchronization

/// Transfers one after the other, each submitted in the completion of the one before: no task has to wake between them.
final class LibUSBChain: Sendable {
    /// A transfer that is prepared, and how its end is judged.
    struct Link: Sendable {
        var transfer: LibUSBTransfer
        /// Bytes of a write, all of which the device must take; nil for a read.
        var written: Int?
    }

    private struct State {
        /// The one that is under way.
        var place = 0
        var cancelled: BellError?
    }

    private let links: [Link]
    private let state = Mutex(State())

    init(_ links: [Link]) { self.links = links }

    /// Starts with the first one. `completion` is called once, on the event thread or here.
    func start(_ completion: @escaping @Sendable (USBChainOutcome) -> Void) { run(0, completion) }

    /// Cancels the one that is under way, and begins no other.
    func cancel(_ reason: BellError) {
        let place = state.withLock { state in
            state.cancelled = reason
            return state.place
        }
        links[place].transfer.cancel(reason)
    }

    private func run(_ place: Int, _ completion: @escaping @Sendable (USBChainOutcome) -> Void) {
        let cancelled = state.withLock { state in
            state.place = place
            return state.cancelled
        }
        if let cancelled { return completion(USBChainOutcome(completed: place, error: cancelled)) }
        links[place].transfer.start { [self] (transfer, outcome) in
            if let error = links[place].failure(outcome) {
                completion(USBChainOutcome(completed: place, error: error))
            } else if place + 1 < links.count {
                run(place + 1, completion)
            } else {
                let bytes = links[place].written == nil ? Array(transfer.buffer.prefix(outcome.moved)) : []
                completion(USBChainOutcome(completed: links.count, bytes: bytes))
            }
        }
    }
}

extension LibUSBChain.Link {
    /// Why a transfer's end is a failure; nil when it went through.
    fileprivate func failure(_ outcome: LibUSBTransfer.Outcome) -> BellError? {
        if let error = outcome.error {
            guard let written else { return outcome.isTimeout && outcome.moved > 0 ? nil : error }
            var error = error
            error.state = "\(outcome.moved) of \(written) bytes were written"
            return error
        }
        guard let written, outcome.moved != written else { return nil }
        return transfer.short(outcome.moved)
    }
}

extension LibUSBInterface {
    public func chain(_ steps: [USBStep]) async -> USBChainOutcome {
        guard !steps.isEmpty else { return USBChainOutcome(completed: 0) }
        do throws(BellError) {
            var links: [LibUSBChain.Link] = []
            var (bytes, patience) = (0, Duration.zero)
            for step in steps {
                links.append(try link(for: step))
                bytes += step.byteCount
                patience += step.timeout
            }
            let chain = LibUSBChain(links)
            let budget = handle.context.budget
            try await budget.reserve(bytes, timeout: patience, at: place)
            defer { budget.release(bytes) }
            return await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    chain.start { outcome in continuation.resume(returning: outcome) }
                }
            } onCancel: {
                chain.cancel(.usbCancelled(at: place))
            }
        } catch {
            return USBChainOutcome(completed: 0, error: error)
        }
    }

    private func link(for step: USBStep) throws(BellError) -> LibUSBChain.Link {
        let (count, timeout) = (step.byteCount, LibUSBInterface.milliseconds(step.timeout))
        let what: String
        switch step {
        case .write(let bytes, let endpoint, _):
            let kind = try kind(of: endpoint, isIn: false)
            what = "A write of \(count) bytes to endpoint \(LibUSBInterface.hexadecimal(endpoint)) failed."
            let transfer = try LibUSBTransfer(
                kind, on: handle, endpoint: endpoint, count: count, timeout: timeout, what: what)
            transfer.buffer.copyBytes(from: bytes)
            return .init(transfer: transfer, written: count)
        case .read(_, let endpoint, _):
            let kind = try kind(of: endpoint, isIn: true)
            what = "A read of endpoint \(LibUSBInterface.hexadecimal(endpoint)) failed."
            let transfer = try LibUSBTransfer(
                kind, on: handle, endpoint: endpoint, count: count, timeout: timeout, what: what)
            return .init(transfer: transfer, written: nil)
        }
    }
}

extension USBStep {
    /// Bytes of memory that the transfer takes.
    fileprivate var byteCount: Int {
        switch self {
        case .write(let bytes, _, _): bytes.count
        case .read(let count, _, _): count
        }
    }

    fileprivate var timeout: Duration {
        switch self {
        case .write(_, _, let timeout), .read(_, _, let timeout): timeout
        }
    }
}
