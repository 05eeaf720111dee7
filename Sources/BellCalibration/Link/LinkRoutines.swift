/// The routines of the link between both nodes.
enum LinkRoutines {
    /// In an order in which each comes after those that it depends on.
    static let all: [any CalibrationRoutine] = [
        EmissionRoutine(), AbsorptionRoutine(), LinkDelayRoutine(), PhotonShapeRoutine(), LinkEfficiencyRoutine(),
        BellPhaseRoutine(), TomographyRoutine(), SValueRoutine(),
    ]
}
