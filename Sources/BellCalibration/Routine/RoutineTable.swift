/// All calibration routines, each after those that it needs; independent ones in the order of a bring-up.
public enum RoutineTable {
    public static let all: [any CalibrationRoutine] = ofNode + TimingRoutines.all + LinkRoutines.all

    /// What is done at one node alone.
    static let ofNode: [any CalibrationRoutine] = [
        ResonatorSpectroscopy(),
        QubitSpectroscopy(),
        RabiAmplitude(),
        Ramsey(),
        ReadoutFrequency(),
        ReadoutPower(),
        ReadoutClouds(),
        FineHalfPi(),
        FinePi(),
        DragCoefficient(),
        // β changes the angle by a little.
        FineHalfPi("fine-half-pi-after-drag", after: ["drag"]),
        FinePi("fine-pi-after-drag", after: ["fine-half-pi-after-drag"]),
        // With pulses that are right the assignment errors are the readout's own.
        ReadoutClouds("readout-clouds-final", after: ["fine-pi-after-drag"]),
        // The path is measured with pulses as early as a trial's, and these follow switch_delay.
        SwitchDelayRoutine(),
        GatedPath(),
        AllXY(),
        Relaxation(),
        Echo(),
        RandomizedBenchmarking(),
        SwitchIsolation(),
        ThermalPopulation(),
        Anharmonicity(),
        RabiDuration(),
        ReadoutWindow(),
    ]
}
