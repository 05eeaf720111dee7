import BellModel
import DriverKit

/// What a board keeps until the host has it on disk: records, clock records and arm ends, in the order they were made.
struct Spool: Sendable {
    private struct Item: Sendable {
        var campaign: CampaignID
        /// May be dropped when everything below this index is acknowledged.
        var endIndex: UInt64
        var records: Int
        var message: BoardMessage
    }

    /// Records that there is room for at all.
    let capacity: Int
    /// Records kept.
    private(set) var used = 0
    private var items: [Item] = []

    init(capacity: Int) { self.capacity = capacity }

    var free: Int { capacity - used }

    /// Everything that is not acknowledged, oldest first.
    var messages: [BoardMessage] { items.map(\.message) }

    /// Keeps a message; `records` of them count against the capacity.
    mutating func keep(_ message: BoardMessage, campaign: CampaignID, endIndex: UInt64, records: Int) {
        items.append(Item(campaign: campaign, endIndex: endIndex, records: records, message: message))
        used += records
    }

    /// Drops what lies wholly below the acknowledged index of the campaign.
    mutating func drop(_ acknowledgement: Acknowledgement) {
        items.removeAll { item in
            guard item.campaign == acknowledgement.campaign, item.endIndex <= acknowledgement.nextIndex else {
                return false
            }
            used -= item.records
            return true
        }
    }
}
