/// Decides which bytes of a random source may be used, from its health tests; a pure value.
///
/// Every start and every alarm is followed by a startup test: so many fresh samples must pass, and are not used. A failure is
/// an alarm: nothing may be used any more until somebody asks for a new startup test. Several alarms within a span of
/// samples are a persistent failure, which only a person ends.
///
/// - SeeAlso: NIST SP 800-90B (January 2018), section 4.3, requirements on startup, intermittent and persistent failures.
public struct HealthMonitor: Sendable {
    public enum State: Equatable, Sendable {
        /// So many samples of the startup test have passed.
        case startup(passed: Int)
        case healthy
        /// A test failed; ``HealthMonitor/restart()`` begins a new startup test.
        case alarm(HealthFailure)
        /// Too many alarms; only ``HealthMonitor/reset()`` helps.
        case failed(HealthFailure)
    }

    /// How much is asked of a source.
    public struct Policy: Sendable {
        /// Samples of a startup test: at least 1024 (SP 800-90B, section 4.3), here one or two whole windows.
        public static let startupSamples = 1024
        /// So many alarms are a persistent failure …
        public var alarms = 3
        /// … when they come within so many tested samples: 2^24, 22 minutes at 12.5 kbit/s. A sound source has three false
        /// alarms at α = 2^-40 in there with a probability near (2^24 · 2^-40)^3 / 6 < 2^-50.
        public var span: UInt64 = 1 << 24

        public init() {}
    }

    public private(set) var state = State.startup(passed: 0)
    /// All alarms so far, persistent ones included.
    public private(set) var alarms: UInt64 = 0
    public let policy: Policy
    private var tests: HealthTests
    /// Positions of the last alarms.
    private var recent: [UInt64] = []

    public init(_ cutoffs: HealthCutoffs, policy: Policy = Policy()) {
        self.policy = policy
        tests = HealthTests(cutoffs)
    }

    public var cutoffs: HealthCutoffs { tests.cutoffs }
    /// Samples tested so far; dropped ones are not among them.
    public var tested: UInt64 { tests.tested }

    /// Bytes that the startup test still needs.
    public var startupBytesMissing: Int {
        guard case .startup(let passed) = state else { return 0 }
        return (Policy.startupSamples - passed) / samplesPerByte
    }

    private var samplesPerByte: Int { cutoffs.samples == .bits ? 8 : 1 }

    /// Tests bytes as they come.
    ///
    /// - Returns: Those that may be used: the end of `bytes`, nothing when a test failed anywhere in them.
    public mutating func accept(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = bytes
        switch state {
        case .alarm, .failed: return []
        case .healthy: break
        case .startup(let passed):
            let part = rest.prefix(startupBytesMissing)
            if let failure = tests.test(part) { return refuse(failure) }
            rest = rest.dropFirst(part.count)
            let reached = passed + part.count * samplesPerByte
            state = reached < Policy.startupSamples ? .startup(passed: reached) : .healthy
        }
        if let failure = tests.test(rest) { return refuse(failure) }
        return rest
    }

    private mutating func refuse(_ failure: HealthFailure) -> ArraySlice<UInt8> {
        alarms += 1
        recent = recent.suffix(policy.alarms - 1) + [failure.position]
        let isPersistent = recent.count == policy.alarms && failure.position - recent[0] < policy.span
        state = isPersistent ? .failed(failure) : .alarm(failure)
        return []
    }

    /// Begins a new startup test: after an alarm, or because the source was opened anew. A persistent failure stays.
    public mutating func restart() {
        if case .failed = state { return }
        tests.reset()
        state = .startup(passed: 0)
    }

    /// Begins anew after a person has looked at the source; alarms so far no longer count towards a persistent failure.
    public mutating func reset() {
        recent = []
        tests.reset()
        state = .startup(passed: 0)
    }
}
