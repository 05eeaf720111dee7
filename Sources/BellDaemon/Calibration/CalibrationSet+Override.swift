import BellCalibration
import BellModel
import BellSequence

extension CalibrationSet {
    /// The set with some values replaced, before anybody has accepted them; each keeps its place in the file.
    ///
    /// - Throws: `calibration.routine` for a path that no file can hold, or a value that cannot be.
    func replacing(_ overrides: [CalibrationPath: Double]) throws(BellError) -> CalibrationSet {
        var set = self
        for (path, value) in overrides { try set.replace(path, by: value) }
        return set
    }

    private mutating func replace(_ path: CalibrationPath, by value: Double) throws(BellError) {
        let vocabulary =
            switch path.place {
            case .node: Quantity.ofNode
            case .link: Quantity.ofLink
            case .timing: Quantity.ofTiming
            }
        guard let quantity = vocabulary.first(where: { $0.name == path.quantity }) else {
            throw BellError(.calibrationRoutine, "A routine sets \(path), which no calibration file holds.")
        }
        guard quantity.range.contains(value) else {
            let range = "\(quantity.range.lowerBound)…\(quantity.range.upperBound) \(quantity.unit)"
            throw BellError(
                .calibrationRoutine, "A routine sets \(path) = \(value); possible is \(range).",
                state: BellError.oldValuesStay)
        }
        func replaced(_ table: inout ValueTable) {
            var entry =
                table[quantity]
                ?? CalibratedValue(
                    quantity, value: value, uncertainty: 0, time: "", routine: "override", run: "",
                    place: SourcePlace(file: table.source, line: 1))
            entry.value = value
            table[quantity] = entry
        }
        switch path.place {
        case .node(let node): replaced(&nodes[node].values)
        case .link: replaced(&link)
        case .timing(let node): replaced(&timing[node])
        }
    }
}
