import BellCampaign
import BellModel
import Synchronization

/// The state that was logged last.
final class LastState: Sendable {
    private let last = Mutex<(state: CampaignState, reason: String?)?>(nil)
    private let alarms = Mutex(0)

    func isNews(_ snapshot: CampaignSnapshot) -> Bool {
        let state = (state: snapshot.state, reason: snapshot.reason?.what)
        return last.withLock { last in
            defer { last = state }
            return last.map { $0 != state } ?? true
        }
    }

    /// Failed health tests that were not logged yet.
    func newAlarms(_ snapshot: CampaignSnapshot) -> ArraySlice<BellError> {
        alarms.withLock { logged in
            defer { logged = snapshot.alarms.count }
            return snapshot.alarms.dropFirst(logged)
        }
    }
}
