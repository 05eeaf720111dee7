public import BellModel

/// An instrument beside the boards: a switch box, an attenuator, a microwave source; used between blocks, never in a trial.
///
/// The same calls whatever the way (USB, TCP, another process, simulated). One call at a time is performed; more wait.
/// After an error of the link the owner calls ``connect()`` again; the instrument keeps its state meanwhile.
public protocol Instrument: AnyObject, Sendable {
    /// The device's name in the laboratory file.
    var name: String { get }

    /// Opens the link (closing an old one), identifies the instrument and checks that it is of the right kind.
    ///
    /// - Throws: What the link throws; `instrument.wrong-device` when another kind of instrument answers.
    func connect() async throws(BellError) -> InstrumentIdentity

    /// What can be set and read; known once connected, empty before.
    func settings() async -> [InstrumentSetting]

    /// Asks the instrument for the present value.
    ///
    /// - Throws: `instrument.unknown-setting`, `instrument.not-connected`, or what the link throws.
    func read(_ key: String) async throws(BellError) -> InstrumentValue

    /// Sets a value, reads it back and compares.
    ///
    /// - Returns: What was read back.
    /// - Throws: `instrument.range` for a value outside of the setting's limits (nothing was sent), `instrument.read-back`
    ///   when the instrument reports another value, or what ``read(_:)`` throws.
    func set(_ key: String, to value: InstrumentValue) async throws(BellError) -> InstrumentValue

    /// What is wrong with the instrument now, one sentence each, for example "reference not locked"; empty when well. No
    /// block is begun with an instrument that has problems.
    func problems() async throws(BellError) -> [String]

    /// What a person should see to some day although the instrument does its work, one sentence each, for example a relay
    /// near the end of its rated life. Shown, and no reason to hold a campaign up.
    func warnings() async -> [String]

    /// Brings the instrument into its safe state: outputs off, switches as without power.
    func makeSafe() async throws(BellError)

    /// Closes the link; the instrument goes on as it is.
    func close() async
}

extension Instrument {
    public func warnings() async -> [String] { [] }
}

/// An instrument whose driver is a process of its own, which somebody else watches.
public protocol ProcessInstrument: Instrument {
    /// The driver process has ended; every call that waits for it fails at once.
    ///
    /// - Parameter how: `with status 4`, `by signal 9`.
    func processEnded(_ how: String) async
}
