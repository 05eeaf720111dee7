import BellCalibration
import BellHost
import BellModel
import BellSequence
import DriverKit

/// The settings that a block depends on: set before it, watched during it.
extension InstrumentKeeper {
    /// Sets every instrument as the laboratory file says, for a block that is about to begin.
    ///
    /// - Parameter laboratory: Read anew, so that a changed setting takes effect; addresses stay those of the start.
    /// - Returns: What the block's record says: identity and values as read back, by the device's name; nil without
    ///   instruments.
    /// - Throws: The first instrument that cannot be reached, set or read back, or that reports something wrong.
    func prepare(_ laboratory: Laboratory) async throws(BellError) -> (frozen: JSON, isSimulated: Bool)? {
        for device in laboratory.instruments where !device.settings.isEmpty && !has(device.name) {
            throw BellError(
                .deviceUnknown, "\(device.name) has come into lab.yaml since belld was started, and cannot be set.",
                at: "\(device.place) devices.\(device.name)", state: "no block was begun",
                fix: "restart belld (the campaign goes on), or take the device's settings out of lab.yaml again")
        }
        guard !entries.isEmpty else { return nil }
        endBlock()
        var frozen: [String: JSON] = [:]
        var isSimulated = false
        for place in entries.indices {
            let name = entries[place].device.name
            let wanted = laboratory.devices.first { $0.name == name }?.settings ?? []
            // An instrument without settings is only shown; nothing depends on it.
            if wanted.isEmpty { continue }
            let instrument = entries[place].instrument
            if entries[place].problem != nil || entries[place].identity == nil { await connect(place) }
            if let problem = entries[place].problem { throw problem }
            guard let identity = entries[place].identity else { continue }
            var values: [String: InstrumentValue] = [:]
            for setting in wanted {
                values[setting.key] = try await apply(setting.key, setting.value, at: place, from: setting.place)
            }
            entries[place].settingCount += 1
            entries[place].frozen = values
            entries[place].confirmed = wallClockISO8601()
            let complaints = try await instrument.problems()
            if let complaint = complaints.first {
                throw BellError(
                    .instrumentFault, "\(name) is not well: \(complaint).", at: entries[place].device.address.text,
                    cause: complaints.dropFirst().joined(separator: "; "), state: "no block was begun",
                    fix: "mend it; the campaign goes on by itself")
            }
            isSimulated = isSimulated || identity.isSimulated
            frozen[name] = ["identity": identity.json, "settings": .object(values.mapValues(\.json))]
            show(place)
        }
        return (.object(frozen), isSimulated)
    }

    /// Why instruments may have left the settings of the block under way, since ``prepare(_:)``; nil while they stand.
    var unsettled: BellError? { BellError.all(departures) }

    /// Asks every instrument that the block under way depends on whether it is still set so.
    func confirm() async {
        for place in entries.indices where entries[place].frozen != nil { await look(place) }
    }

    /// What every instrument shows, for the gates between two blocks.
    ///
    /// - Parameter names: These are asked now; of the others the last look counts, at most seconds old.
    func readings(refreshing names: Set<String>) async -> [GateReading] {
        for place in entries.indices where names.contains(entries[place].device.name) {
            let entry = entries[place]
            if entry.identity != nil, entry.problem == nil, !entry.isLeased { await look(place) }
        }
        return entries.map(\.reading)
    }

    /// No block depends on the instruments any more.
    func endBlock() {
        departures = []
        for place in entries.indices { entries[place].frozen = nil }
    }

    func compare(_ values: [String: InstrumentValue], at place: Int) {
        guard let frozen = entries[place].frozen else { return }
        let others = frozen.filter { values[$0.key] != $0.value }.sorted { $0.key < $1.key }
        if others.isEmpty { return entries[place].confirmed = wallClockISO8601() }
        let texts = others.map { "\($0.key) is \(values[$0.key]?.text ?? "unknown") instead of \($0.value.text)" }
        departed(place, texts.joined(separator: ", "))
    }

    func departed(_ place: Int, _ why: String) {
        guard entries[place].frozen != nil else { return }
        entries[place].frozen = nil
        let name = entries[place].device.name
        let error = BellError(
            .instrumentUnsettled, "\(name) may have left the settings of the block: \(why).",
            at: entries[place].device.address.text,
            cause: "it was last seen as set at \(entries[place].confirmed)",
            state: "the trials since then count as they are; no further arm is begun in this block",
            fix: "the next block sets it anew by itself; if this comes again, look at its power and its cable")
        departures.append(error)
        telemetry("event", ["level": "warn", "message": .string(error.what), "device": .string(name)])
    }
}

extension BellError.Code {
    /// An instrument may have left the settings of the block under way.
    static let instrumentUnsettled = BellError.Code("instrument.unsettled", exit: .hardware)
}
