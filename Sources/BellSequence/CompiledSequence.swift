public import BellModel
public import BellTiming

/// A sequence made ready for two boards, with everything that was calculated on the way.
public struct CompiledSequence: Equatable, Sendable {
    public var name: String
    /// The path of the sequence file.
    public var source: String
    /// The laboratory whose calibration was used.
    public var laboratory: String
    public var programs: PerNode<NodeProgram>
    /// Operations on the boards' grids, sorted by time.
    public var operations: PerNode<[PlacedOperation]>
    public var budgets: PerNode<LocalityBudget>
    public var survey: TimingSurvey
    public var nominalMargins: NominalMargins

    /// Whether locality is an assumption because the host feeds the input bits.
    public var assumesLocality: Bool { programs.alice.inputBits == .host }
    public var table: TimingTable { TimingTable(self) }

    init(
        name: String, source: String, laboratory: String, programs: PerNode<NodeProgram>,
        operations: PerNode<[PlacedOperation]>,
        budgets: PerNode<LocalityBudget>, survey: TimingSurvey, nominalMargins: NominalMargins
    ) {
        self.name = name
        self.source = source
        self.laboratory = laboratory
        self.programs = programs
        self.operations = operations
        self.budgets = budgets
        self.survey = survey
        self.nominalMargins = nominalMargins
    }
}
