/// Decides when a pipe that fails again and again is given up; a pure value.
///
/// A stall is a device's way to refuse, and an I/O error may be a disturbed cable: both are mended by clearing the halt,
/// unless they repeat without a good transfer in between. An endless row of empty transfers is firmware that has lost
/// its way.
struct USBPipeHealth: Equatable, Sendable {
    /// Failures within ``window`` that are mended; one more ends the pipe.
    static let tolerated = 3
    static let window: Duration = .seconds(1)
    /// Empty transfers in a row that are borne; sigrok's fx2lafw gives up at the same number.
    static let emptyLimit = 64

    enum Verdict: Equatable, Sendable {
        case goOn
        case giveUp
    }

    /// When the failures since the last good transfer happened.
    private var failures: [Duration] = []
    private var emptyInARow = 0
    /// Failures of all time, for reports.
    private(set) var totalFailures: UInt64 = 0
    /// Empty transfers of all time, for reports.
    private(set) var totalEmpty: UInt64 = 0

    /// A transfer went well.
    mutating func noteTransfer(bytes: Int) -> Verdict {
        guard bytes == 0 else {
            failures.removeAll()
            emptyInARow = 0
            return .goOn
        }
        totalEmpty += 1
        emptyInARow += 1
        return emptyInARow > USBPipeHealth.emptyLimit ? .giveUp : .goOn
    }

    /// A transfer failed in a way that can be mended.
    ///
    /// - Parameter now: On any clock that never goes back.
    mutating func noteFailure(at now: Duration) -> Verdict {
        totalFailures += 1
        failures.removeAll { now - $0 >= USBPipeHealth.window }
        failures.append(now)
        return failures.count > USBPipeHealth.tolerated ? .giveUp : .goOn
    }
}
