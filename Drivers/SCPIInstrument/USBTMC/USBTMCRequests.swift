import BellModel
public import DriverKit

/// The control requests of USBTMC and USB488, as setup packets.
///
/// - SeeAlso: USBTMC 1.0, section 4.2 (tables 15 to 38); USB488 1.0, section 4.3.
public enum USBTMCRequest {
    /// Class request to an interface, and to an endpoint; the device answers.
    private static let toInterface: UInt8 = 0xA1
    private static let toEndpoint: UInt8 = 0xA2

    public static func initiateAbortOut(tag: UInt8, endpoint: UInt8) -> USBControlRequest {
        .init(type: toEndpoint, request: 1, value: UInt16(tag), index: UInt16(endpoint), length: 2)
    }
    public static func checkAbortOut(endpoint: UInt8) -> USBControlRequest {
        .init(type: toEndpoint, request: 2, index: UInt16(endpoint), length: 8)
    }
    public static func initiateAbortIn(tag: UInt8, endpoint: UInt8) -> USBControlRequest {
        .init(type: toEndpoint, request: 3, value: UInt16(tag), index: UInt16(endpoint), length: 2)
    }
    public static func checkAbortIn(endpoint: UInt8) -> USBControlRequest {
        .init(type: toEndpoint, request: 4, index: UInt16(endpoint), length: 8)
    }
    public static func initiateClear(interface: UInt8) -> USBControlRequest {
        .init(type: toInterface, request: 5, index: UInt16(interface), length: 1)
    }
    public static func checkClear(interface: UInt8) -> USBControlRequest {
        .init(type: toInterface, request: 6, index: UInt16(interface), length: 2)
    }
    public static func capabilities(interface: UInt8) -> USBControlRequest {
        .init(type: toInterface, request: 7, index: UInt16(interface), length: 0x18)
    }
    public static func indicatorPulse(interface: UInt8) -> USBControlRequest {
        .init(type: toInterface, request: 64, index: UInt16(interface), length: 1)
    }
    /// - Parameter tag: 2 … 127.
    public static func readStatusByte(tag: UInt8, interface: UInt8) -> USBControlRequest {
        .init(type: toInterface, request: 128, value: UInt16(tag), index: UInt16(interface), length: 3)
    }
    public static func remoteEnable(_ isOn: Bool, interface: UInt8) -> USBControlRequest {
        .init(type: toInterface, request: 160, value: isOn ? 1 : 0, index: UInt16(interface), length: 1)
    }
    public static func goToLocal(interface: UInt8) -> USBControlRequest {
        .init(type: toInterface, request: 161, index: UInt16(interface), length: 1)
    }
    public static func localLockout(interface: UInt8) -> USBControlRequest {
        .init(type: toInterface, request: 162, index: UInt16(interface), length: 1)
    }
}

/// The first byte of every answer to a control request (USBTMC table 16; USB488 table 10).
public struct USBTMCStatus: RawRepresentable, Equatable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let success = USBTMCStatus(rawValue: 0x01)
    public static let pending = USBTMCStatus(rawValue: 0x02)
    /// The interrupt endpoint still holds an older notification.
    public static let interruptBusy = USBTMCStatus(rawValue: 0x20)
    public static let failed = USBTMCStatus(rawValue: 0x80)
    public static let notInProgress = USBTMCStatus(rawValue: 0x81)
    public static let splitNotInProgress = USBTMCStatus(rawValue: 0x82)
    public static let splitInProgress = USBTMCStatus(rawValue: 0x83)

    /// The standard's name, or the number.
    public var text: String {
        switch self {
        case .success: "SUCCESS"
        case .pending: "PENDING"
        case .interruptBusy: "INTERRUPT_IN_BUSY"
        case .failed: "FAILED"
        case .notInProgress: "TRANSFER_NOT_IN_PROGRESS"
        case .splitNotInProgress: "SPLIT_NOT_IN_PROGRESS"
        case .splitInProgress: "SPLIT_IN_PROGRESS"
        default: "status \(rawValue)"
        }
    }
}
