import BellModel
import DriverKit

/// The arm that a board is armed with or runs.
struct BoardArm: Sendable {
    let order: ArmOrder
    /// Input bits from the host, or nil when the board makes them.
    let hostBits: PackedBits?
    /// From the pulse to the start event, in ticks.
    let startTick: UInt32
    /// From the start event to the stop event, in ticks.
    let stopDelta: UInt32
    let clockEvery: UInt32
    /// Records made.
    var made: UInt32 = 0
    /// Index of the pulse that started the first trial; nil before the first.
    var firstPulse: UInt64?
    /// At the first pulse, every `clockEvery`-th after it and, once the arm is over, the last.
    var clock: [ClockRecord] = []
    /// The last pulse, which gets a clock record when no other follows.
    var lastPulse: ClockRecord?

    var isRunning: Bool { firstPulse != nil }
    var remaining: UInt32 { order.count - made }
    /// Index of the next record.
    var nextIndex: UInt64 { order.firstIndex + UInt64(made) }

    /// Takes note of consecutive pulses.
    mutating func count(firstPulse pulse: UInt64, ticks: [UInt64]) {
        if firstPulse == nil { firstPulse = pulse }
        for (place, tick) in ticks.enumerated() {
            let record = ClockRecord(pulse: pulse + UInt64(place), tick: tick)
            if (Int(made) + place).isMultiple(of: Int(max(clockEvery, 1))) { clock.append(record) }
        }
        if let tick = ticks.last { lastPulse = ClockRecord(pulse: pulse + UInt64(ticks.count - 1), tick: tick) }
        made += UInt32(ticks.count)
    }

    /// All clock records, the last pulse's included.
    var finalClock: [ClockRecord] {
        guard let lastPulse, lastPulse.pulse != clock.last?.pulse else { return clock }
        return clock + [lastPulse]
    }
}
