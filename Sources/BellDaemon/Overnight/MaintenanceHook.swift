import BellCampaign
import BellModel
import Synchronization

/// How campaigns reach whoever looks after them between blocks; filled once, because that one needs the runner itself.
final class MaintenanceHook: Sendable {
    private let keeper = Mutex<OvernightKeeper?>(nil)

    func set(_ keeper: OvernightKeeper) { self.keeper.withLock { $0 = keeper } }

    /// Refuses a plan whose policy names what this laboratory does not have.
    func check(_ plan: MaintenancePlan) throws(BellError) { try keeper.withLock { $0 }?.check(plan) }

    func maintain(
        _ moment: MaintenanceMoment, _ plan: SealedPlan, _ record: @escaping @Sendable (JSON) async -> Void
    ) async -> MaintenanceVerdict {
        guard let keeper = keeper.withLock({ $0 }) else { return .ready }
        return await keeper.maintain(moment, plan, record)
    }
}
