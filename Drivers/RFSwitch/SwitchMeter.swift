import BellModel

/// The operations of one box's relays: counts, and warns before they are worn. Trouble with keeping the counts is reported
/// and never stops a switch.
struct SwitchMeter: Sendable {
    /// The part of the rated life after which it warns.
    static let warning = 0.9
    /// What a setting shows at most.
    static let limit = 1_000_000_000

    /// Nil before the counts were asked for.
    private(set) var counts: SwitchCounts?
    private var loadError: BellError?
    /// Why the counts were not kept the last time.
    var saveError: BellError?

    /// Whether stored counts are still to be loaded.
    var isEmpty: Bool { counts == nil || loadError != nil }

    /// What is to be kept; nil as long as there are stored counts that could not be read, so that they are not replaced.
    var toSave: SwitchCounts? { loadError == nil ? counts : nil }

    /// Takes the stored counts, or why they cannot be read, for a box with that many switches.
    mutating func begin(_ stored: Result<SwitchCounts?, BellError>, switches: Int) {
        let begun = counts ?? SwitchCounts(operations: [])
        switch stored {
        case .success(let stored):
            // What was counted while the stored counts could not be read comes on top.
            let (old, new) = ((stored ?? SwitchCounts(operations: [])).resized(switches), begun.resized(switches))
            counts = SwitchCounts(operations: zip(old.operations, new.operations).map(&+))
            loadError = nil
        case .failure(let error):
            counts = begun.resized(switches)
            loadError = error
        }
    }

    mutating func count(_ index: Int) { counts?.count(index) }

    /// The operations of one switch, for its setting.
    func operations(_ index: Int) -> Int {
        guard let counts, counts.operations.indices.contains(index) else { return 0 }
        return min(Int(clamping: counts.operations[index]), SwitchMeter.limit)
    }

    /// Worn switches and counts that cannot be kept, a sentence each.
    func problems(_ layout: SwitchLayout) -> [String] {
        var problems: [String] = []
        if let rated = layout.ratedOperations {
            for index in 0..<layout.count where Double(operations(index)) > Double(rated) * SwitchMeter.warning {
                problems.append(
                    "switch \(MiniCircuitsModel.letter(index)) has made \(operations(index)) of \(rated) rated operations "
                        + "(\(layout.lifeSource)): have a spare ready")
            }
        }
        if let loadError {
            problems.append("the operations counted before cannot be read: \(loadError.what) \(loadError.cause ?? "")")
        }
        if let saveError { problems.append("the operations cannot be kept: \(saveError.what)") }
        return problems
    }
}
