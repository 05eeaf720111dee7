public import BellModel

/// One monitored value of an instrument, as it is now.
public struct InstrumentReading: Equatable, Sendable {
    /// The setting's key: `mixing_chamber_k`, `reference_locked`.
    public var key: String
    public var value: InstrumentValue
    /// Of numbers, as people write it: `K`, `dB`; nil for others, and where the driver does not say.
    public var unit: String?

    public init(key: String, value: InstrumentValue, unit: String? = nil) {
        self.key = key
        self.value = value
        self.unit = unit
    }
}

extension Instrument {
    /// Asks for everything that can only be read, in the order of ``settings()``: what a gauge is there for.
    ///
    /// - Throws: What ``read(_:)`` throws for the first that cannot be read.
    public func readings() async throws(BellError) -> [InstrumentReading] {
        var readings: [InstrumentReading] = []
        for setting in await settings() where !setting.isWritable {
            readings.append(InstrumentReading(key: setting.key, value: try await read(setting.key), unit: setting.unit))
        }
        return readings
    }
}
