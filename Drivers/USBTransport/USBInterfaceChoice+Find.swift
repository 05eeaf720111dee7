import DriverKit

/// One interface of a configuration, in its first alternate setting.
struct USBInterfaceDescription: Equatable, Sendable {
    /// `bConfigurationValue` of its configuration.
    var configuration: UInt8
    var number: UInt8
    var classCode: UInt8
    var subclass: UInt8
    var protocolCode: UInt8
    /// Bulk and interrupt endpoints.
    var endpoints: [USBEndpoint]
}

extension USBInterfaceChoice {
    /// The interface that is wanted: the first that matches, in the configuration that is set rather than in another.
    func find(in interfaces: [USBInterfaceDescription], current: UInt8) -> USBInterfaceDescription? {
        let matches = interfaces.filter(matches)
        return matches.first { $0.configuration == current } ?? matches.first
    }

    private func matches(_ interface: USBInterfaceDescription) -> Bool {
        switch self {
        case .number(let number): interface.number == number
        case .kind(let classCode, let subclass, let protocolCode):
            interface.classCode == classCode && (subclass ?? interface.subclass) == interface.subclass
                && (protocolCode ?? interface.protocolCode) == interface.protocolCode
        }
    }

    /// For errors.
    var text: String {
        switch self {
        case .number(let number): "interface \(number)"
        case .kind(let classCode, let subclass, let protocolCode):
            "interface of class 0x\(String(classCode, radix: 16)), subclass "
                + (subclass.map { "0x" + String($0, radix: 16) } ?? "any") + ", protocol "
                + (protocolCode.map { "0x" + String($0, radix: 16) } ?? "any")
        }
    }
}
