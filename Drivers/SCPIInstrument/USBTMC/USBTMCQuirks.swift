public import DriverKit

/// How a device departs from USBTMC, as data.
///
/// Taken from the tables of public programs: libsigrok 883c2ac1 `scpi_usbtmc_libusb.c` and python-usbtmc d9bfb20
/// `usbtmc.py`. None of these devices was at hand: the rows are what others met.
public struct USBTMCQuirks: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// REN_CONTROL, GO_TO_LOCAL and LOCAL_LOCKOUT upset it.
    public static let noRemoteControl = USBTMCQuirks(rawValue: 1 << 0)
    /// Must be reset when it is opened.
    public static let resetOnOpen = USBTMCQuirks(rawValue: 1 << 1)
    /// Answers with other bTags than it was asked with. The MsgID is still checked.
    public static let wrongTags = USBTMCQuirks(rawValue: 1 << 2)
    /// Sends one header for a whole reply, however many packets it takes, and a TransferSize that is too small for a block.
    public static let headerOnce = USBTMCQuirks(rawValue: 1 << 3)
    /// Answers the first read with an empty packet.
    public static let emptyFirstRead = USBTMCQuirks(rawValue: 1 << 4)

    private struct Row {
        var vendor: UInt16
        /// Empty for all products.
        var products: Set<UInt16>
        var quirks: USBTMCQuirks
    }

    private static let table: [Row] = [
        // Rigol DS1000, DS2000, DS4000, MSO5000 (libsigrok).
        Row(vendor: 0x1ab1, products: [0x0588, 0x04b0, 0x04b1, 0x0515], quirks: .noRemoteControl),
        // Rigol DS1000 (python-usbtmc).
        Row(vendor: 0x1ab1, products: [0x04ce, 0x0588], quirks: .headerOnce),
        // Some Rigol (libsigrok).
        Row(vendor: 0x1ab1, products: [], quirks: .emptyFirstRead),
        // Agilent DSO1000, a Rigol inside (libsigrok).
        Row(vendor: 0x0957, products: [0x0588], quirks: .noRemoteControl),
        // Yokogawa (libsigrok).
        Row(vendor: 0x0b21, products: [], quirks: .noRemoteControl),
        // Siglent (libsigrok).
        Row(vendor: 0xf4ec, products: [], quirks: [.noRemoteControl, .resetOnOpen]),
    ]

    /// What is known of a device; empty for most.
    public init(of device: USBIdentity) {
        self = USBTMCQuirks.table.reduce(into: []) { quirks, row in
            if row.vendor == device.vendor, row.products.isEmpty || row.products.contains(device.product) {
                quirks.formUnion(row.quirks)
            }
        }
    }
}
