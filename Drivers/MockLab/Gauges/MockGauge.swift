public import BellModel
public import DriverKit

/// A gauge of a virtual laboratory in this process, as any other instrument.
///
/// Its time is the laboratory's: it moves with trials and shots.
public actor MockGauge: Instrument {
    public nonisolated let name: String
    private let gauge: GaugeTruth
    private let laboratory: VirtualLab
    private var isConnected = false

    /// - Parameters:
    ///   - name: The device's name in the laboratory file.
    ///   - gauge: One of the laboratory's ``VirtualLab/gauges``.
    public init(name: String, gauge: GaugeTruth, laboratory: VirtualLab) {
        self.name = name
        self.gauge = gauge
        self.laboratory = laboratory
    }

    /// - Throws: `instrument.not-connected` when the profile has made it fall silent, or the laboratory has been stopped.
    public func connect() throws(BellError) -> InstrumentIdentity {
        isConnected = false
        guard laboratory.problems(ofGauge: gauge.name) != nil else { throw silence }
        isConnected = true
        return gauge.identity
    }

    public func settings() -> [InstrumentSetting] { isConnected ? gauge.settings : [] }

    public func read(_ key: String) throws(BellError) -> InstrumentValue {
        _ = try setting(key)
        guard let value = laboratory.read(gauge: gauge.name, key) else { throw silence }
        return value
    }

    /// - Throws: `instrument.read-only`, always, for what there is.
    public func set(_ key: String, to value: InstrumentValue) throws(BellError) -> InstrumentValue {
        try setting(key).check(value, of: name)
        return value
    }

    public func problems() throws(BellError) -> [String] {
        guard isConnected else { throw notConnected }
        guard let problems = laboratory.problems(ofGauge: gauge.name) else { throw silence }
        return problems
    }

    /// A gauge moves nothing.
    public func makeSafe() throws(BellError) {
        guard isConnected else { throw notConnected }
    }

    public func close() { isConnected = false }

    private func setting(_ key: String) throws(BellError) -> InstrumentSetting {
        guard isConnected else { throw notConnected }
        if let setting = gauge.settings.first(where: { $0.key == key }) { return setting }
        throw .unknownSetting(key, of: name, known: gauge.readings.map(\.key))
    }

    private var notConnected: BellError {
        BellError(.instrumentNotConnected, "The gauge is not connected.", at: name)
    }

    private var silence: BellError {
        BellError(
            .instrumentNotConnected, "The gauge does not answer.", at: name,
            cause: "the simulated gauge \(gauge.name) has fallen silent (silent_at in its profile)")
    }
}
