import BellCalibration
import BellModel

extension GateWatch {
    /// The state's member `gates`: each gate with its limits and what it showed at the last look.
    ///
    /// - Parameters:
    ///   - now: Laboratory time of the look, in seconds.
    ///   - lookedAt: The same moment on the wall's clock, in seconds since 1970.
    func json(_ readings: [GateReading], _ findings: [GateFinding], now: Double, lookedAt: Double) -> [JSON] {
        gates.indices.map { place in
            let finding = findings.first { $0.place == place }
            var row = limits(of: gates[place])
            row["open"] = .bool(finding == nil)
            row["reason"] = JSON(finding?.reason)
            row["looked_at"] = .double(lookedAt)
            switch gates[place].source {
            case .reading(let device, let key):
                row["value"] = JSON(readings.first { $0.device == device }?.values[key])
            case .measured(_, let every):
                row.merge(basis(at: place)?.objectValue ?? [:]) { $1 }
                guard let last = measured(at: place)?.last else { break }
                row["age_s"] = .double(now - last.time)
                switch every {
                case .seconds(let seconds): row["next_s"] = .double(max(0, seconds - (now - last.time)))
                case .blocks(let count): row["next_block"] = JSON(count: last.block + count)
                }
            }
            return .object(row)
        }
    }

    /// What is judged of a measured value, for the record; nil for a gate that measures nothing, or has not yet.
    func basis(at place: Int) -> JSON? {
        guard let (last, change) = measured(at: place) else { return nil }
        var row = limits(of: gates[place])
        row["value"] = JSON(last.value)
        row["uncertainty"] = JSON(last.uncertainty)
        row["moved"] = JSON(change)
        row["item"] = .string(last.item.description)
        row["run"] = JSON(last.run)
        row["problem"] = last.value == nil ? JSON(last.problem) : .null
        row["laboratory_time"] = .double(last.time)
        row["block"] = JSON(count: last.block)
        return .object(row)
    }

    /// Why a value is measured now, for the record.
    func dueJSON(_ place: Int, _ item: CalibrationItem?, now: Double) -> JSON? {
        guard let item, case .measured(_, let every) = gates[place].source else { return nil }
        var row: [String: JSON] = [
            "gate": .string(gates[place].name), "item": .string(item.description), "laboratory_time": .double(now),
            "age_s": JSON(measured(at: place).map { now - $0.last.time }),
        ]
        switch every {
        case .seconds(let seconds): row["limit_s"] = .double(seconds)
        case .blocks(let count): row["limit_blocks"] = JSON(count: count)
        }
        return .object(row)
    }

    private func limits(of gate: MaintenancePlan.Gate) -> [String: JSON] {
        [
            "gate": .string(gate.name), "action": .string(gate.action.rawValue), "unit": .string(gate.unit),
            "min": JSON(gate.min), "max": JSON(gate.max), "change": JSON(gate.change),
        ]
    }
}
