import DriverKit

/// Which campaign of the host stands for which recorded one.
struct CampaignMap: Sendable {
    private var hosts: [[UInt8]: [UInt8]] = [:]

    /// Where a payload names a campaign; nil when it does not.
    private static func place(in payload: ArraySlice<UInt8>, type: UInt16) -> Range<Int>? {
        let offset: Int
        switch MessageType(rawValue: type) {
        case .hostBits, .arm, .start, .acknowledge, .armed, .trials, .clock, .armEnd, .chunkSignature: offset = 0
        // Bit 2 of STATUS' flags: there is an arm.
        case .status where payload.count >= 2 && payload[payload.startIndex + 1] & 4 != 0: offset = 40
        default: return nil
        }
        guard payload.count >= offset + 16 else { return nil }
        return payload.startIndex + offset..<payload.startIndex + offset + 16
    }

    /// Whether a host's payload is the recorded one but for the campaign; learns which campaign that is.
    mutating func matches(host: ArraySlice<UInt8>, recorded: ArraySlice<UInt8>, type: UInt16) -> Bool {
        guard host.count == recorded.count, let there = CampaignMap.place(in: host, type: type),
            let here = CampaignMap.place(in: recorded, type: type)
        else { return host == recorded }
        guard host[there.upperBound...] == recorded[here.upperBound...],
            host[..<there.lowerBound] == recorded[..<here.lowerBound]
        else { return false }
        let (new, old) = (Array(host[there]), Array(recorded[here]))
        if let known = hosts[old] { return known == new }
        guard !hosts.values.contains(new) else { return false }
        hosts[old] = new
        return true
    }

    /// Writes the host's campaign in place of the recorded one.
    func translate(_ frame: inout Frame) {
        guard let place = CampaignMap.place(in: frame.payload, type: frame.type),
            let new = hosts[Array(frame.payload[place])], frame.payload[place] != new[...]
        else { return }
        frame.payload.replaceSubrange(place, with: new)
    }
}
