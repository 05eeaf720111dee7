public import DriverKit

/// The class requests of the simulated source.
extension USBTMCSource {
    private static let success: UInt8 = 1
    private static let pending: UInt8 = 2
    private static let failed: UInt8 = 0x80
    private static let notInProgress: UInt8 = 0x81

    public mutating func control(_ request: USBControlRequest, data: [UInt8]) -> USBControlAnswer {
        switch (request.type, request.request) {
        case (0xA2, 1):
            return .data([abortOut(tag: UInt8(truncatingIfNeeded: request.value)), UInt8(request.value & 255)])
        case (0xA2, 2): return .data([checked(), 0, 0, 0, 0, 0, 0, 0])
        case (0xA2, 3):
            return .data([abortIn(tag: UInt8(truncatingIfNeeded: request.value)), UInt8(request.value & 255)])
        case (0xA2, 4): return .data(checkAbortIn())
        case (0xA1, 5): return .data([initiateClear()])
        case (0xA1, 6): return .data(checkClear())
        case (0xA1, 7): return .data(capabilities)
        case (0xA1, 64):
            indications += 1
            return .data([USBTMCSource.success])
        case (0xA1, 128): return .data(statusByte(tag: UInt8(truncatingIfNeeded: request.value)))
        case (0xA1, 160):
            isRemote = request.value == 1
            return .data([USBTMCSource.success])
        case (0xA1, 161):
            isRemote = false
            return .data([USBTMCSource.success])
        case (0xA1, 162): return .data([USBTMCSource.success])
        default: return .stall
        }
    }

    /// 24 bytes: pulse; TermChar; USBTMC and USB488 1.00; 488.2, remote control and trigger; SCPI, SR1, RL1, DT1.
    private var capabilities: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 24)
        bytes[0] = USBTMCSource.success
        (bytes[2], bytes[3]) = (0x00, 0x01)
        bytes[4] = 0x04
        bytes[5] = 0x01
        (bytes[12], bytes[13]) = (0x00, 0x01)
        bytes[14] = 0x07
        bytes[15] = hasInterrupt ? 0x0F : 0x0B
        return bytes
    }

    // MARK: Aborts

    private mutating func abortOut(tag: UInt8) -> UInt8 {
        guard !faults.contains(.refuseAbort) else { return USBTMCSource.failed }
        guard tag == deafTag || tag == incoming?.tag else { return USBTMCSource.notInProgress }
        deafTag = nil
        incoming = nil
        dropMessage()
        pendingChecks = 1
        return USBTMCSource.success
    }

    private mutating func abortIn(tag: UInt8) -> UInt8 {
        guard !faults.contains(.refuseAbort) else { return USBTMCSource.failed }
        guard tag == request?.tag || tag == outgoing?.tag || isEndless else {
            wake(.abort)
            return USBTMCSource.notInProgress
        }
        request = nil
        outgoing = nil
        answers = []
        owesEmptyPacket = true
        pendingChecks = 1
        wake(.abort)
        return USBTMCSource.success
    }

    private mutating func checked() -> UInt8 {
        guard pendingChecks > 0 else { return USBTMCSource.success }
        pendingChecks -= 1
        return USBTMCSource.pending
    }

    private mutating func checkAbortIn() -> [UInt8] {
        if owesEmptyPacket || isEndless { return [USBTMCSource.pending, 1, 0, 0, 0, 0, 0, 0] }
        return [checked(), 0, 0, 0, 0, 0, 0, 0]
    }

    // MARK: Clear

    private mutating func initiateClear() -> UInt8 {
        guard !faults.contains(.refuseClear) else { return USBTMCSource.failed }
        let wasSending = outgoing != nil
        forget()
        owesEmptyPacket = wasSending
        pendingChecks = 1
        if late?.until == .abort { late = nil }
        return USBTMCSource.success
    }

    private mutating func checkClear() -> [UInt8] {
        if owesEmptyPacket || isEndless { return [USBTMCSource.pending, 1] }
        let status = checked()
        if status == USBTMCSource.success { wake(.clear) }
        return [status, 0]
    }

    // MARK: Status

    private mutating func statusByte(tag: UInt8) -> [UInt8] {
        guard (2...127).contains(tag) else { return [USBTMCSource.failed, tag, 0] }
        let service: UInt8 = source.wantsService(isAnswerWaiting: !answers.isEmpty) ? 0x40 : 0
        let byte = source.statusByte(isAnswerWaiting: !answers.isEmpty) | service
        guard hasInterrupt else { return [USBTMCSource.success, tag, byte] }
        notify([0x80 | tag, byte])
        return [USBTMCSource.success, tag, 0]
    }
}
