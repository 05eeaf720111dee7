/// A simulated instrument on USB, as a profile names it.
public struct MockInstrument: Equatable, Sendable {
    /// Its name in the profile; `mock://<lab>/<name>` reaches it.
    public var name: String
    /// `microwave-source`, or a Mini-Circuits model such as `RC-2SP6T-A12`.
    public var model: String
    public var serial: String

    public init(name: String, model: String, serial: String) {
        self.name = name
        self.model = model
        self.serial = serial
    }
}
