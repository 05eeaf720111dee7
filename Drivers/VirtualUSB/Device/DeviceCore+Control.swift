import DriverKit

/// Control requests: the standard ones are answered here, the others by the model.
///
/// - SeeAlso: USB 2.0, section 9.4.
extension DeviceCore {
    private enum Standard {
        static let getStatus: UInt8 = 0
        static let clearFeature: UInt8 = 1
        static let setFeature: UInt8 = 3
        static let setAddress: UInt8 = 5
        static let getDescriptor: UInt8 = 6
        static let getConfiguration: UInt8 = 8
        static let setConfiguration: UInt8 = 9
        static let getInterface: UInt8 = 10
        static let setInterface: UInt8 = 11
    }

    /// Runs a control request at once; whatever waits is offered again afterwards.
    ///
    /// - Parameter data: The data stage of an OUT request.
    mutating func control(_ request: USBControlRequest, data: [UInt8], now: UInt64) -> USBTransferOutcome {
        guard isPlugged else { return .unplugged }
        guard request.isIn || data.count == Int(request.length) else { return .stall }
        let answer = standard(request) ?? askModel(request, data)
        guard isPlugged else { return .unplugged }
        serveAll(now: now)
        switch answer {
        case .stall: return .stall
        case .data(let bytes): return .done(request.isIn ? Array(bytes.prefix(Int(request.length))) : [])
        }
    }

    private mutating func askModel(_ request: USBControlRequest, _ data: [UInt8]) -> USBControlAnswer {
        controls += 1
        if faults.unplugs(atControl: controls) {
            shownFaults += 1
            unplug()
            return .stall
        }
        return model.control(request, data: data)
    }

    /// The answer to a standard request, or nil for one that is the model's.
    private mutating func standard(_ request: USBControlRequest) -> USBControlAnswer? {
        let low = UInt8(truncatingIfNeeded: request.value)
        let endpoint = UInt8(truncatingIfNeeded: request.index)
        switch (request.type, request.request) {
        case (0x80, Standard.getStatus): return .data([1, 0])
        case (0x81, Standard.getStatus): return .data([0, 0])
        case (0x82, Standard.getStatus):
            if endpoint & 0x7F == 0 { return .data([0, 0]) }
            return isHalted(endpoint).map { .data([$0 ? 1 : 0, 0]) } ?? .stall
        case (0x02, Standard.clearFeature), (0x02, Standard.setFeature):
            // ENDPOINT_HALT is the only feature of an endpoint.
            guard request.value == 0 else { return .stall }
            if endpoint & 0x7F == 0 { return .data([]) }
            return setHalt(endpoint, request.request == Standard.setFeature) ? .data([]) : .stall
        case (0x00, Standard.clearFeature), (0x00, Standard.setFeature): return .stall
        case (0x00, Standard.setAddress): return .data([])
        case (0x80, Standard.getDescriptor): return descriptor(type: UInt8(request.value >> 8), index: low)
        case (0x80, Standard.getConfiguration): return .data([configuration])
        case (0x00, Standard.setConfiguration):
            guard request.value <= 1 else { return .stall }
            configure(low)
            return .data([])
        case (0x81, Standard.getInterface): return hasInterface(endpoint) ? .data([0]) : .stall
        case (0x01, Standard.setInterface):
            guard request.value == 0, let chosen = interface(endpoint) else { return .stall }
            for each in chosen.endpoints { _ = setHalt(each.address, false) }
            return .data([])
        default: return nil
        }
    }

    private func interface(_ number: UInt8) -> USBDescriptorSet.Interface? {
        descriptors.interfaces.first { $0.number == number }
    }

    private func hasInterface(_ number: UInt8) -> Bool { interface(number) != nil }

    private func descriptor(type: UInt8, index: UInt8) -> USBControlAnswer? {
        switch type {
        case 1: .data(descriptors.deviceDescriptor)
        case 2: index == 0 ? .data(descriptors.configurationDescriptor) : .stall
        case 3: descriptors.stringDescriptor(index).map { .data($0) } ?? .stall
        case 6: .data(descriptors.deviceQualifier)
        case 7: index == 0 ? .data(descriptors.otherSpeedConfiguration) : .stall
        default: nil
        }
    }
}
