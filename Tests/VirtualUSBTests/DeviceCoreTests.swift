import DriverKit
import Synchronization
import Testing

@testable import VirtualUSB

/// The device as a pure value, with a clock that the test holds.
@Suite struct DeviceCoreTests {
    private final class Log: Sendable {
        let entries = Mutex<[(UInt64, USBTransferOutcome)]>([])
    }

    /// A core and what became of its transfers.
    private final class Scene {
        var core: DeviceCore
        private var lastID: UInt64 = 0
        private let log = Log()

        init(isPaced: Bool = false, faults: [USBFault] = []) {
            core = DeviceCore(model: LoopDevice(), faults: faults)
            core.isPaced = isPaced
            core.configure(1)
            _ = core.takeEffects()
        }

        func submit(_ work: USBTransfer.Work, _ endpoint: UInt8, at now: UInt64 = 0) -> UInt64 {
            lastID += 1
            let id = lastID
            let transfer = USBTransfer(id: id, work: work) { [log] outcome in
                log.entries.withLock { $0.append((id, outcome)) }
            }
            core.submit(transfer, to: endpoint, generation: core.generation, now: now)
            return id
        }

        /// What ended since the last call, in order.
        func ended() -> [String] {
            for case .finish(let complete, let outcome) in core.takeEffects() { complete(outcome) }
            return log.entries.withLock { log in
                defer { log = [] }
                return log.map { "\($0.0): \($0.1)" }
            }
        }
    }

    @Test("Reads wait their turn and are served in the order of their submission")
    func order() {
        let scene = Scene()
        _ = scene.submit(.read(64), 0x81)
        _ = scene.submit(.read(64), 0x81)
        #expect(scene.ended() == [])
        _ = scene.submit(.write([1]), 0x01)
        #expect(scene.ended() == ["3: done([])", "1: done([1])"])
        _ = scene.submit(.write([2]), 0x01)
        #expect(scene.ended() == ["4: done([])", "2: done([2])"])
    }

    @Test("A write that finds no room is taken after a read has made some")
    func room() {
        let scene = Scene()
        for number in 0..<5 as Range<UInt8> { _ = scene.submit(.write([number]), 0x01) }
        #expect(scene.ended() == (1...4).map { "\($0): done([])" })
        _ = scene.submit(.read(64), 0x81)
        #expect(scene.ended() == ["6: done([0])", "5: done([])"])
    }

    @Test("A cancelled transfer leaves the others alone; one that is over cannot be cancelled")
    func cancel() {
        let scene = Scene()
        let first = scene.submit(.read(64), 0x81)
        let second = scene.submit(.read(64), 0x81)
        scene.core.cancel(second)
        #expect(scene.ended() == ["2: cancelled"])
        _ = scene.submit(.write([9]), 0x01)
        #expect(scene.ended() == ["3: done([])", "1: done([9])"])
        scene.core.cancel(first)
        #expect(scene.ended() == [])
    }

    @Test("A stall ends what waits behind it, too")
    func stall() {
        let scene = Scene()
        for _ in 0..<3 { _ = scene.submit(.read(64), 0x81) }
        _ = scene.submit(.write(Array("refuse".utf8)), 0x01)
        #expect(scene.ended() == ["4: done([])", "1: stall", "2: stall", "3: stall"])
        #expect(scene.core.isHalted(0x81) == true)
    }

    @Test("Before it is configured a device has only endpoint 0")
    func unconfigured() {
        let scene = Scene()
        scene.core.configure(0)
        _ = scene.submit(.read(64), 0x81)
        #expect(scene.ended() == ["1: stall"])
    }

    @Test("A handle from before a re-plug is of no use")
    func generations() {
        let scene = Scene()
        let old = scene.core.generation
        scene.core.unplug()
        scene.core.plug()
        let transfer = USBTransfer(id: 99, work: .read(1)) { _ in }
        scene.core.submit(transfer, to: 0x81, generation: old, now: 0)
        let outcomes = scene.core.takeEffects().compactMap { effect in
            if case .finish(_, let outcome) = effect { outcome } else { nil }
        }
        #expect(outcomes == [.unplugged])
    }

    // bInterval 4 at high speed: 2^3 microframes of 125 µs.
    private static let interval: UInt64 = 1_000_000

    @Test("A paced report is on its way until the next boundary of the interval, each transfer in one of its own")
    func pacing() {
        let scene = Scene(isPaced: true)
        let interval = Self.interval
        let start = 7 * interval + 300_000
        _ = scene.submit(.read(64), 0x82, at: start)
        _ = scene.submit(.write([1]), 0x02, at: start)
        #expect(scene.ended() == [])
        #expect(scene.core.nextDue == 8 * interval)
        scene.core.serveAll(now: 8 * interval - 1)
        #expect(scene.ended() == [])
        // The write reaches the device at a boundary, the answer leaves at the following one.
        scene.core.serveAll(now: 8 * interval)
        #expect(scene.ended() == ["2: done([])"])
        #expect(scene.core.nextDue == 9 * interval)
        scene.core.serveAll(now: 9 * interval)
        #expect(scene.ended() == ["1: done([1])"])
        #expect(scene.core.nextDue == nil)
    }

    @Test("Three waiting reports need three intervals, and a late look does not make up for lost ones")
    func threeReports() {
        let scene = Scene(isPaced: true)
        let interval = Self.interval
        for number in 0..<3 as Range<UInt8> { _ = scene.submit(.write([number]), 0x02, at: 100) }
        for boundary in 1...3 as ClosedRange<UInt64> { scene.core.serveAll(now: boundary * interval) }
        #expect(scene.ended() == ["1: done([])", "2: done([])", "3: done([])"])
        for _ in 0..<3 { _ = scene.submit(.read(64), 0x82, at: 10 * interval + 1) }
        scene.core.serveAll(now: 20 * interval)
        #expect(scene.ended() == ["4: done([0])"])
        scene.core.serveAll(now: 21 * interval)
        #expect(scene.ended() == ["5: done([1])"])
        scene.core.serveAll(now: 22 * interval)
        #expect(scene.ended() == ["6: done([2])"])
    }

    @Test("A report that is taken back while it is on its way is delivered, not lost")
    func cancelledReport() {
        let scene = Scene(isPaced: true)
        _ = scene.submit(.write([5]), 0x02, at: 1)
        scene.core.serveAll(now: Self.interval)
        let read = scene.submit(.read(64), 0x82, at: Self.interval + 1)
        #expect(scene.ended() == ["1: done([])"])
        scene.core.cancel(read)
        #expect(scene.ended() == ["2: done([5])"])
    }

    @Test("Bulk endpoints know no interval")
    func bulk() {
        let scene = Scene(isPaced: true)
        _ = scene.submit(.write([1]), 0x01, at: 5)
        #expect(scene.ended() == ["1: done([])"])
        #expect(scene.core.nextDue == nil)
    }

    @Test("Faults pull the cable at the named place, and numbering starts anew after a re-plug")
    func faults() {
        let scene = Scene(faults: [.unplug(endpoint: 0x81, transfer: 2)])
        _ = scene.submit(.read(64), 0x81)
        _ = scene.submit(.read(64), 0x81)
        #expect(scene.ended() == ["1: unplugged", "2: unplugged"])
        scene.core.plug()
        scene.core.configure(1)
        _ = scene.submit(.read(64), 0x81)
        #expect(scene.core.isPlugged)
        _ = scene.submit(.read(64), 0x81)
        #expect(!scene.core.isPlugged)
    }
}
