public import BellModel

/// What an instrument says of itself.
public struct InstrumentIdentity: Equatable, Sendable {
    public var vendor: String
    public var model: String
    public var serial: String
    public var firmware: String
    /// Simulated instruments say so themselves.
    public var isSimulated: Bool

    public init(vendor: String, model: String, serial: String, firmware: String, isSimulated: Bool) {
        self.vendor = vendor
        self.model = model
        self.serial = serial
        self.firmware = firmware
        self.isSimulated = isSimulated
    }

    public var json: JSON {
        [
            "vendor": .string(vendor), "model": .string(model), "serial": .string(serial),
            "firmware": .string(firmware), "simulated": .bool(isSimulated),
        ]
    }
}
