import BellModel
import BellRandomness
import Testing

@testable import BellDaemon

@Suite struct HostBitGateTests {
    private let gate: HostBitGate
    private let good = [UInt8](repeating: 0b0101_0110, count: 4096)
    private let stuck = [UInt8](repeating: 0xff, count: 64)

    init() throws { gate = HostBitGate(try HealthCutoffs(.bits, minEntropy: 1, falseAlarmExponent: 40)) }

    private func isAlarm(_ answer: HostBitGate.Answer, persistent: Bool) -> Bool {
        if case .alarm(_, persistent) = answer { true } else { false }
    }

    private func taken(_ count: Int) -> [UInt8]? {
        if case .bytes(let bytes, _) = gate.take(count) { bytes } else { nil }
    }

    @Test("what a startup test looked at is not handed out")
    func startup() {
        #expect(gate.missing(10) == 138)
        #expect(!gate.accept(good.prefix(137)))
        #expect(taken(10) == nil)
        #expect(gate.missing(10) == 1)
        #expect(!gate.accept([7]))
        #expect(taken(10) == Array(good.prefix(9)) + [7])
    }

    @Test("an alarm drops what was not handed out, is told once, and only then a new startup test begins")
    func alarm() {
        _ = gate.accept(good)
        _ = gate.accept(stuck)
        #expect(gate.now.waiting == 0)
        #expect(!gate.begin(), "the campaign has not heard of it")
        #expect(gate.missing(8) == 0)
        _ = gate.accept(good)
        #expect(isAlarm(gate.take(8), persistent: false))
        #expect(gate.begin())
        #expect(gate.missing(8) == 136)
        #expect(taken(8) == nil)
        _ = gate.accept(good)
        #expect(taken(8) == Array(good.prefix(8)))
        #expect(!gate.begin())
    }

    @Test("a source that is opened anew is tested anew; an alarm is still told")
    func reopened() {
        _ = gate.accept(good.prefix(148))
        gate.reopened()
        // What had passed is used, what comes is not before the startup test.
        #expect(taken(20) == Array(good.prefix(20)))
        #expect(gate.missing(1) == 129)
        _ = gate.accept(stuck)
        gate.reopened()
        #expect(isAlarm(gate.take(1), persistent: false))
    }

    @Test("the third alarm is final for the campaign, not for a person")
    func persistent() {
        for _ in 0..<2 {
            _ = gate.accept(stuck)
            #expect(isAlarm(gate.take(1), persistent: false))
            #expect(gate.begin())
        }
        _ = gate.accept(stuck)
        for _ in 0..<3 {
            #expect(isAlarm(gate.take(1), persistent: true))
            #expect(!gate.begin())
            gate.reopened()
        }
        #expect(gate.reset())
        #expect(!gate.reset(), "a sound source is left alone")
        _ = gate.accept(good)
        #expect(taken(1) != nil)
    }

    @Test("a queue that holds much asks for a pause, and for more once it is nearly empty")
    func queue() throws {
        var queue = HostBitQueue()
        let part = [UInt8](repeating: 7, count: 1 << 18)
        let pauses = (0..<4).map { _ in queue.append(part) }
        #expect(pauses == [false, false, false, true])
        #expect(queue.count == 1 << 20)
        #expect(queue.take(2 << 20) == nil)
        #expect(queue.take(1 << 19)?.hasRoom == false)
        // What was on its way does not make the pause forgotten.
        let late = queue.append([7])
        #expect(late)
        #expect(queue.take(1)?.hasRoom == false)
        let taken = queue.take((1 << 18) + 1)
        let last = try #require(taken)
        #expect(last.hasRoom)
        #expect(last.bytes.allSatisfy { $0 == 7 })
        #expect(queue.take(1)?.hasRoom == false)
        #expect(queue.count == (1 << 18) - 2)
        queue.removeAll()
        #expect(queue.count == 0)
    }
}
