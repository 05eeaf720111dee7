/// The two continuous health tests of SP 800-90B, as a pure value that is fed with samples.
///
/// However the samples are cut into chunks, the verdict and its position are those of one pass. After a failure nothing
/// more is tested until ``reset()``. When both tests fail at one sample, the repetition count is told.
///
/// - SeeAlso: NIST SP 800-90B (January 2018), sections 4.4.1 and 4.4.2.
public struct HealthTests: Sendable {
    public let cutoffs: HealthCutoffs
    /// Samples tested since the value was made; a reset does not take it back.
    public internal(set) var tested: UInt64 = 0
    /// What failed since the last reset.
    public private(set) var failure: HealthFailure?

    /// The sample before, and how often it came in a row; a run of 0 before the first one.
    var last: UInt8 = 0
    var run = 0
    /// The value that this window counts, how often it came, and the samples of the window so far.
    var counted: UInt8 = 0
    var count = 0
    var place = 0

    public init(_ cutoffs: HealthCutoffs) { self.cutoffs = cutoffs }

    /// Tests that begin a window after samples that are known already: only the run that reaches over the edge is taken from
    /// them.
    ///
    /// - Parameter preceding: Packed samples; those of the run at their end count, at most one fewer than the cutoff.
    public init(_ cutoffs: HealthCutoffs, after preceding: ArraySlice<UInt8>) {
        self.cutoffs = cutoffs
        let width = cutoffs.samples == .bits ? 8 : 1
        guard let end = preceding.last else { return }
        last = cutoffs.samples == .bits ? end & 1 : end
        count: for byte in preceding.reversed() {
            for bit in 0..<width {
                let sample = width == 8 ? byte >> UInt8(bit) & 1 : byte
                guard sample == last, run < cutoffs.repetition - 1 else { break count }
                run += 1
            }
        }
    }

    /// Tests further samples: packed bits, or bytes.
    ///
    /// - Returns: The first failure since the last reset, if there is one; what comes after it is not tested.
    @discardableResult
    public mutating func test(_ bytes: ArraySlice<UInt8>) -> HealthFailure? {
        guard failure == nil else { return failure }
        switch cutoffs.samples {
        case .bits: bytes.withUnsafeBytes { testBits($0) }
        case .bytes: for byte in bytes where failure == nil { step(byte) }
        }
        return failure
    }

    @discardableResult
    public mutating func test(_ bytes: [UInt8]) -> HealthFailure? { test(bytes[...]) }

    /// Forgets the run, the window and the failure, as when a source is started anew.
    public mutating func reset() {
        failure = nil
        (last, run, counted, count, place) = (0, 0, 0, 0, 0)
    }

    /// Both tests as the standard writes them, for one sample.
    mutating func step(_ sample: UInt8) {
        if run > 0, sample == last {
            run += 1
        } else {
            last = sample
            run = 1
        }
        if place == 0 {
            counted = sample
            count = 1
        } else if sample == counted {
            count += 1
        }
        place = place + 1 == cutoffs.window ? 0 : place + 1
        if run >= cutoffs.repetition {
            failure = HealthFailure(test: .repetitionCount, position: tested, count: run)
        } else if count >= cutoffs.proportion {
            failure = HealthFailure(test: .adaptiveProportion, position: tested, count: count)
        }
        tested += 1
    }
}
