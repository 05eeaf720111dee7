import BellModel
import BellRandomness

/// A host source of bits at one instant, for status and telemetry; never a bit's value.
struct HostBitStatus: Equatable, Sendable {
    enum Health: String, Sendable {
        /// Every bit so far since the last startup test has passed.
        case ok
        /// The startup test is under way: nothing is handed out.
        case startup
        /// A test failed; nothing is handed out until the campaign asks again and a new startup test passes.
        case alarm
        /// Too many alarms: out of use until a person intervenes.
        case failed
        /// The tty is gone.
        case unplugged
    }

    /// The address, without options.
    var name: String
    var health: Health
    /// Bits tested, a file's possibly more than once.
    var tested: UInt64
    var alarms: UInt64
    /// Bits that have passed and wait for trials; always 0 for a file.
    var waiting: Int
    /// Passed bits of a startup test that is under way.
    var startupPassed: Int?
    /// H of the tests, bits a bit.
    var minEntropy: Double
    /// Cutoffs of the repetition count and the adaptive proportion test.
    var cutoffs: [Int]
    /// The last alarm.
    var lastAlarm: HealthFailure?
    /// Why a device is not there.
    var absence: String?

    var json: JSON {
        [
            "source": .string(name), "health": .string(health.rawValue), "tested_bits": JSON(count: tested),
            "alarms": JSON(count: alarms), "waiting_bits": JSON(count: UInt64(waiting)),
            "startup_bits": startupPassed.map { JSON(count: UInt64($0)) } ?? .null,
            "min_entropy": .double(minEntropy),
            "cutoffs": .array(cutoffs.map { JSON(count: UInt64($0)) }),
            "last_alarm": lastAlarm.map { alarm in
                [
                    "test": .string(alarm.test.rawValue), "bit": JSON(count: alarm.position),
                    "count": JSON(count: UInt64(alarm.count)),
                ]
            } ?? .null,
            "absence": JSON(absence),
        ]
    }
}
