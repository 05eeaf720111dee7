public import BellModel

/// One transfer of a chain (``USBInterface/chain(_:)``).
public enum USBStep: Sendable {
    /// As ``USBInterface/write(_:to:timeout:)``.
    case write([UInt8], to: UInt8, timeout: Duration)
    /// As ``USBInterface/read(_:from:timeout:)``.
    case read(Int, from: UInt8, timeout: Duration)
}

/// How far a chain came.
public struct USBChainOutcome: Sendable {
    /// Steps that went through, from the first one on; what came after them was not begun, or failed.
    public var completed: Int
    /// What the last of these has read; empty when it was a write.
    public var bytes: [UInt8]
    /// Why the next one failed; nil when all went through.
    public var error: BellError?

    /// Whether steps behind the one that failed may have reached the device.
    public var hasRunOn: Bool

    public init(completed: Int, bytes: [UInt8] = [], error: BellError? = nil, hasRunOn: Bool = false) {
        self.completed = completed
        self.bytes = bytes
        self.error = error
        self.hasRunOn = hasRunOn
    }
}

extension USBInterface {
    public func chain(_ steps: [USBStep]) async -> USBChainOutcome {
        var outcome = USBChainOutcome(completed: 0)
        for step in steps {
            do throws(BellError) {
                switch step {
                case .write(let bytes, let endpoint, let timeout):
                    try await write(bytes, to: endpoint, timeout: timeout)
                    outcome.bytes = []
                case .read(let count, let endpoint, let timeout):
                    outcome.bytes = try await read(count, from: endpoint, timeout: timeout)
                }
                outcome.completed += 1
            } catch {
                return USBChainOutcome(completed: outcome.completed, error: error)
            }
        }
        return outcome
    }
}
