/// What a plugged-in USB device says of itself before any interface of it is claimed.
public struct USBIdentity: Hashable, Sendable {
    /// Vendor and product numbers of the device descriptor.
    public var vendor: UInt16
    public var product: UInt16
    /// The device's serial string; nil when it has none or it could not be read (``problem`` then says why).
    public var serial: String?
    /// Manufacturer and product strings; empty when the device has none or they could not be read.
    public var manufacturer: String
    public var productName: String
    /// Where it is plugged in: bus and the ports from the root, for example `1-2.4`. Stays the same over a re-plug.
    public var port: String
    /// Bus and address of this plugging-in; both change when it is plugged in again.
    public var bus: UInt8
    public var address: UInt8
    /// Why strings could not be read, for example missing permission, with the way to mend it.
    public var problem: String?

    public init(
        vendor: UInt16, product: UInt16, serial: String?, manufacturer: String = "", productName: String = "",
        port: String = "", bus: UInt8 = 0, address: UInt8 = 0, problem: String? = nil
    ) {
        self.vendor = vendor
        self.product = product
        self.serial = serial
        self.manufacturer = manufacturer
        self.productName = productName
        self.port = port
        self.bus = bus
        self.address = address
        self.problem = problem
    }

    /// `20ce:0022 serial 1180301 at port 1-2.4`, for errors and tables.
    public var text: String {
        let numbers = USBIdentity.hexadecimal(vendor) + ":" + USBIdentity.hexadecimal(product)
        return numbers + (serial.map { " serial \($0)" } ?? " without serial")
            + (port.isEmpty ? "" : " at port \(port)")
    }

    /// Four hexadecimal digits.
    public static func hexadecimal(_ number: UInt16) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
