import BellModel
import BellSequence

extension RoutineContext {
    /// A value in force with its standard uncertainty; nil when the files leave it out, or do not know the quantity.
    func held(_ path: CalibrationPath) -> Uncertain? {
        let (table, known) =
            switch path.place {
            case .node(let node): (values.nodes[node].values, Quantity.ofNode)
            case .link: (values.link, Quantity.ofLink)
            case .timing(let node): (values.timing[node], Quantity.ofTiming)
            }
        guard let quantity = known.first(where: { $0.name == path.quantity }), let value = table[quantity] else {
            return nil
        }
        return Uncertain(value.value, value.uncertainty)
    }

    func held(_ place: CalibrationPath.Place, _ quantity: String) -> Uncertain? {
        held(CalibrationPath(place, quantity))
    }

    /// As ``held(_:)``, for what a routine cannot do without.
    ///
    /// - Throws: `calibration.missing`.
    func needed(_ place: CalibrationPath.Place, _ quantity: String, for routine: String) throws(BellError) -> Uncertain
    {
        let path = CalibrationPath(place, quantity)
        if let value = held(path) { return value }
        throw BellError(
            .calibrationMissing, "\(routine) needs \(path), which was never measured.", at: values.laboratory,
            fix: "add it to the calibration file by hand, or run the routine that measures it")
    }

    /// Nanoseconds of a waveform sample of a node's board: starts of pulses are multiples of it.
    func sample(_ node: Node) -> Double {
        limits[node].tickRate.nanosecondsPerTick * Double(max(limits[node].ticksPerSample, 1))
    }
}
