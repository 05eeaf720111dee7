import BellModel
import BellRandomness
import Testing

@Suite struct HealthMonitorTests {
    private let cutoffs: HealthCutoffs
    /// Alternating bits, which pass.
    private let good = [UInt8](repeating: 0b0101_0101, count: 4096)
    private let stuck = [UInt8](repeating: 0xff, count: 64)

    init() throws { cutoffs = try HealthCutoffs(.bits, minEntropy: 1, falseAlarmExponent: 40) }

    private func isAlarm(_ monitor: HealthMonitor) -> Bool {
        if case .alarm = monitor.state { true } else { false }
    }

    @Test("the first 1024 bits are tested and not used, however they come", arguments: [1, 3, 127, 128, 129, 1000])
    func startup(part: Int) throws {
        var monitor = HealthMonitor(cutoffs)
        #expect(monitor.startupBytesMissing == 128)
        var used = 0
        var rest = good.prefix(1000)
        while !rest.isEmpty {
            used += monitor.accept(rest.prefix(part)).count
            rest = rest.dropFirst(part)
        }
        #expect(used == 1000 - 128)
        #expect(monitor.state == .healthy)
        #expect(monitor.tested == 8000)
        #expect(monitor.startupBytesMissing == 0)
    }

    @Test("127 bytes are no startup test")
    func startupBoundary() {
        var monitor = HealthMonitor(cutoffs)
        #expect(monitor.accept(good.prefix(127)).isEmpty)
        #expect(monitor.state == .startup(passed: 1016))
        #expect(monitor.accept(good.prefix(1)).isEmpty)
        #expect(monitor.state == .healthy)
        #expect(monitor.accept(good.prefix(1)).count == 1)
    }

    @Test("bytes have a startup test of 1024 samples, too")
    func startupOfBytes() throws {
        var monitor = HealthMonitor(try HealthCutoffs(.bytes, minEntropy: 1))
        let bytes = (0..<1100).map { UInt8(truncatingIfNeeded: $0) }
        #expect(monitor.accept(bytes[...]).count == 1100 - 1024)
    }

    @Test("a failure alarms, and nothing of what came with it is used")
    func alarm() {
        var monitor = HealthMonitor(cutoffs)
        _ = monitor.accept(good.prefix(200))
        #expect(monitor.accept((good.prefix(100) + stuck + good.prefix(100))[...]).isEmpty)
        #expect(
            monitor.state
                == .alarm(HealthFailure(test: .repetitionCount, position: 300 * 8 + 39, count: 41)))
        #expect(monitor.alarms == 1)
        // Good bits change nothing until somebody asks for a new startup test.
        #expect(monitor.accept(good[...]).isEmpty)
        #expect(isAlarm(monitor))
        monitor.restart()
        #expect(monitor.state == .startup(passed: 0))
        #expect(monitor.accept(good.prefix(130)).count == 2)
        #expect(monitor.state == .healthy)
        #expect(monitor.alarms == 1)
    }

    @Test("a failure in a startup test is an alarm")
    func startupFails() {
        var monitor = HealthMonitor(cutoffs)
        #expect(monitor.accept((good.prefix(50) + stuck)[...]).isEmpty)
        #expect(isAlarm(monitor))
    }

    @Test("three alarms within the span are final, until a person intervenes")
    func persistent() {
        var monitor = HealthMonitor(cutoffs)
        for _ in 0..<2 {
            _ = monitor.accept(stuck[...])
            #expect(isAlarm(monitor))
            monitor.restart()
            #expect(monitor.accept(good[...]).count == good.count - 128)
        }
        _ = monitor.accept(stuck[...])
        guard case .failed(let failure) = monitor.state else { return #expect(Bool(false), "\(monitor.state)") }
        #expect(failure.test == .repetitionCount)
        monitor.restart()
        #expect(monitor.accept(good[...]).isEmpty)
        #expect(monitor.state == .failed(failure))
        monitor.reset()
        #expect(monitor.accept(good[...]).count == good.count - 128)
        // The next alarm is the first again.
        _ = monitor.accept(stuck[...])
        #expect(isAlarm(monitor))
        #expect(monitor.alarms == 4)
    }

    @Test("alarms further apart than the span are not final", arguments: [0, 1] as [UInt64])
    func span(more: UInt64) {
        var policy = HealthMonitor.Policy()
        // Alarms come at 40, then each 41 + 4096·8 bits later: the third is two such steps after the first.
        policy.span = 2 * (41 + 4096 * 8) + more
        var monitor = HealthMonitor(cutoffs, policy: policy)
        for _ in 0..<2 {
            _ = monitor.accept(stuck[...])
            monitor.restart()
            _ = monitor.accept(good[...])
            // The good bits end with a one: reset, so that each run has its full length.
            monitor.restart()
        }
        _ = monitor.accept(stuck[...])
        #expect(isAlarm(monitor) == (more == 0))
    }

    @Test("a source that is opened anew begins with a startup test")
    func reopened() {
        var monitor = HealthMonitor(cutoffs)
        _ = monitor.accept(good[...])
        monitor.restart()
        #expect(monitor.accept(good.prefix(128)).isEmpty)
        #expect(monitor.accept(good.prefix(1)).count == 1)
        #expect(monitor.alarms == 0)
    }
}
