public import DriverKit

extension USBIdentity {
    /// Whether the device is a simulated one: its product string says so.
    ///
    /// Mini-Circuits boxes have only two characters for their firmware, and nothing else to say it in.
    public var isSimulated: Bool { productName.lowercased().contains("simulated") }
}
