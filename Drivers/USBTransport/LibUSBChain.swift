import BellModel
public import DriverKit
import Synchronization

/// Transfers that belong together, of which the calling task hears once.
///
/// Short ones are under way at the same time: the kernel keeps the order of those on one endpoint, and each waking of a
/// thread costs as much as a transfer. A longer one is submitted in the completion of the one before, because a write that
/// ends in the midst must not be followed by the next.
final class LibUSBChain: Sendable {
    /// A transfer that is prepared, and how its end is judged.
    struct Link: Sendable {
        var transfer: LibUSBTransfer
        /// Bytes of a write, all of which the device must take; nil for a read.
        var written: Int?
    }

    private struct State {
        /// The next one to be submitted.
        var next = 0
        var ended = 0
        /// The first one, in the order of the chain, that did not go through, and why.
        var broken: (place: Int, error: BellError)?
        var bytes: [UInt8] = []
        var cancelled: BellError?
        var completion: (@Sendable (USBChainOutcome) -> Void)?
    }

    private let links: [Link]
    /// How many may be under way.
    private let width: Int
    private let state = Mutex(State())

    init(_ links: [Link], areShort: Bool) {
        self.links = links
        width = areShort ? links.count : 1
    }

    /// Starts. `completion` is called once, on the event thread or here, when no transfer is under way any more.
    func start(_ completion: @escaping @Sendable (USBChainOutcome) -> Void) {
        state.withLock { $0.completion = completion }
        for _ in 0..<width { submitNext() }
    }

    /// Cancels what is under way, and begins no other.
    func cancel(_ reason: BellError) {
        state.withLock { $0.cancelled = reason }
        for link in links { link.transfer.cancel(reason) }
    }

    private func submitNext() {
        let place = state.withLock { state -> Int? in
            guard state.next < links.count, state.broken == nil else { return nil }
            if let reason = state.cancelled {
                state.broken = (state.next, reason)
                return nil
            }
            defer { state.next += 1 }
            return state.next
        }
        guard let place else { return finishIfOver() }
        links[place].transfer.start { [self] (transfer, outcome) in ended(place, transfer, outcome) }
    }

    private func ended(_ place: Int, _ transfer: LibUSBTransfer, _ outcome: LibUSBTransfer.Outcome) {
        let error = links[place].failure(outcome)
        state.withLock { state in
            state.ended += 1
            if let error, place < state.broken?.place ?? .max { state.broken = (place, error) }
            if error == nil, links[place].written == nil { state.bytes = Array(transfer.buffer.prefix(outcome.moved)) }
        }
        if let error { for link in links[(place + 1)...] { link.transfer.cancel(error) } }
        submitNext()
    }

    private func finishIfOver() {
        let (completion, outcome) = state.withLock { state in
            guard state.ended == state.next, state.next == links.count || state.broken != nil else {
                return (nil as (@Sendable (USBChainOutcome) -> Void)?, USBChainOutcome(completed: 0))
            }
            defer { state.completion = nil }
            guard let broken = state.broken else {
                return (state.completion, USBChainOutcome(completed: links.count, bytes: state.bytes))
            }
            let hasRunOn = state.next > broken.place + 1
            return (
                state.completion,
                USBChainOutcome(completed: broken.place, error: broken.error, hasRunOn: hasRunOn)
            )
        }
        completion?(outcome)
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
            let areShort = areShort(steps)
            for step in steps {
                bytes += step.byteCount
                patience += step.timeout
                // What begins with the first one has the time of those before it too.
                links.append(try link(for: step, timeout: areShort ? patience : step.timeout))
            }
            let chain = LibUSBChain(links, areShort: areShort)
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

    /// Whether each write is one packet, which the device takes whole or not at all.
    private func areShort(_ steps: [USBStep]) -> Bool {
        steps.allSatisfy { step in
            guard case .write(let bytes, let address, _) = step else { return true }
            return bytes.count < endpoints.first { $0.address == address }?.maximumPacket ?? 0
        }
    }

    private func link(for step: USBStep, timeout: Duration) throws(BellError) -> LibUSBChain.Link {
        let (count, timeout) = (step.byteCount, LibUSBInterface.milliseconds(timeout))
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
