public import BellHost
public import BellModel
import BellPool

/// Takes from the public pools of a state directory: measured ones first, then simulated ones, the oldest first.
public struct PoolSupply: BitSupply {
    private let state: StateDirectory
    private let log: Logger
    /// Pools of which the log has told; they are tried again and again.
    private var told: Set<CampaignID> = []

    public init(state: StateDirectory, log: Logger) {
        self.state = state
        self.log = log
    }

    /// Bits of a pulse.
    private static let bits: UInt64 = 512

    /// Looks at the ledger anew each time: pools come while the beacon runs.
    ///
    /// - Throws: `pool.…`, `sqlite.…`; a pool that is damaged is logged and left out.
    public mutating func take() throws(BellError) -> CertifiedValue? {
        guard fileExists(PoolLedger.path(in: state)) else { return nil }
        let ledger = try PoolLedger.open(state: state)
        let pools = try ledger.pools().filter { $0.kind == .public && $0.left >= Self.bits }
        for pool in pools.filter({ !$0.isSimulated }) + pools.filter(\.isSimulated) {
            do throws(BellError) {
                let withdrawal = try ledger.take(bits: Self.bits, from: pool.campaign, purpose: .beacon)
                guard let value = Value512(bytes: try pool.read(withdrawal)) else { continue }
                let origin = PulseOrigin(
                    campaign: pool.campaign, firstBit: withdrawal.first, isSimulated: pool.isSimulated)
                return CertifiedValue(value: value, origin: origin)
            } catch {
                if told.insert(pool.campaign).inserted { log.error("pool cannot be used", error) }
            }
        }
        return nil
    }
}
