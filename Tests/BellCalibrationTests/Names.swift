import BellCalibration

/// Foundation has a type of this name, too.
typealias Measurement = BellCalibration.Measurement
