import BellModel
import BellSequence
import Devices
import DriverKit
import Recording
import Synchronization

/// Simulated boards that run beside real ones, and what was found different.
final class BoardShadows: Sendable {
    private struct State {
        var watches: [String: ShadowWatch] = [:]
        var tasks: [Task<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let event: @Sendable (JSON) -> Void

    /// - Parameter event: Takes what telemetry shows as an `event`.
    init(event: @escaping @Sendable (JSON) -> Void) { self.event = event }

    /// The opener of a board, with its shadow if lab.yaml names one.
    func opener(
        of device: Laboratory.Device, beside open: @escaping TransportOpener, access: DeviceAccess
    ) throws(BellError) -> TransportOpener {
        guard let address = device.shadow else { return open }
        let watch = ShadowWatch()
        let (name, event) = (device.name, event)
        let task = Task {
            for await notice in watch.notices {
                event([
                    "level": "warn", "device": .string(name), "message": .string("\(name): \(notice.text)"),
                ])
            }
        }
        state.withLock { state in
            state.watches[name] = watch
            state.tasks.append(task)
        }
        return watch.opener(primary: open, shadow: try access.opener(of: address))
    }

    /// A shadow's numbers, for `device.show`; nil for a board without one.
    func json(of name: String) -> JSON? {
        guard let summary = state.withLock({ $0.watches[name] })?.summary else { return nil }
        var differences: [String: JSON] = [:]
        for (what, count) in summary.differences { differences[what.rawValue] = JSON(count: count) }
        return [
            "answers_compared": JSON(count: summary.answers), "arms_compared": JSON(count: summary.arms),
            "arms_not_comparable": JSON(count: summary.incomparableArms), "differences": .object(differences),
        ]
    }

    func stop() {
        for task in state.withLock({ $0.tasks }) { task.cancel() }
    }
}

extension ShadowNotice {
    /// One line for people.
    fileprivate var text: String {
        switch self {
        case .difference(let difference): "the shadow differs: \(difference.text)"
        case .notComparable(let arm): "the shadow's partner is none, so its arms (from \(arm) on) are not compared"
        case .dropped(let error): error.cause.map { "\(error.what) (\($0))" } ?? error.what
        }
    }
}
