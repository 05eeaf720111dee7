import BellModel
import DriverKit

/// Greeting a device, its control functions, and what is done when something fails.
extension USBTMCMachine {
    var hasRemoteControl: Bool { capabilities.hasRemoteControl && !quirks.contains(.noRemoteControl) }

    // MARK: Opening

    /// Capabilities, then a clear: the program before us may have ended in the middle of a reply.
    mutating func open() -> USBTMCAction {
        isLost = false
        debt = nil
        isOwedEnd = false
        state = .readingCapabilities
        return .control(USBTMCRequest.capabilities(interface: pipes.interface), timeout: patience.control)
    }

    mutating func greeted(_ event: USBTMCEvent) -> USBTMCAction {
        capabilities = USBTMCCapabilities()
        switch event {
        case .bytes(let answer) where answer.first == USBTMCStatus.success.rawValue:
            capabilities = USBTMCCapabilities(answer)
        case .failed(let error) where error.code != .usbStall && error.code != .usbTimeout: return lose(error)
        default: break
        }
        return recover(from: quirks.contains(.resetOnOpen) ? .reset : .clear, then: .enableRemote)
    }

    // MARK: Functions

    mutating func ask(_ request: USBControlRequest, if isSupported: Bool) -> USBTMCAction {
        guard isSupported else { return finish(.unsupported) }
        state = .asking
        return .control(request, timeout: patience.control)
    }

    mutating func answered(_ event: USBTMCEvent) -> USBTMCAction {
        switch event {
        case .bytes(let answer):
            let status = USBTMCStatus(rawValue: answer.first ?? 0)
            guard status == .success else { return refuse(.usbtmcRefused("the request", status)) }
            return finish(.done)
        case .failed(let error): return refuse(error)
        case .done: return finish(.done)
        }
    }

    /// Without an interrupt endpoint the status byte is in the answer, with one it comes there.
    mutating func readStatus(timeout: Duration) -> USBTMCAction {
        let tag = tags.nextStatus()
        state = .readingStatus(tag: tag, timeout: timeout)
        return .control(
            USBTMCRequest.readStatusByte(tag: tag, interface: pipes.interface), timeout: patience.control)
    }

    mutating func statusAnswered(_ event: USBTMCEvent, tag: UInt8, timeout: Duration) -> USBTMCAction {
        switch event {
        case .failed(let error): return refuse(error)
        case .done: return refuse(.usbtmc("the answer to READ_STATUS_BYTE is empty"))
        case .bytes(let answer):
            let status = USBTMCStatus(rawValue: answer.first ?? 0)
            guard status == .success, answer.count >= 3 else {
                return refuse(.usbtmcRefused("READ_STATUS_BYTE", status))
            }
            guard answer[1] == tag else {
                return refuse(.usbtmc("the device answers status request \(answer[1]), but \(tag) was asked"))
            }
            guard pipes.interruptIn != nil else { return finish(.statusByte(answer[2])) }
            return awaitStatus(tag: tag, timeout: timeout, left: 8)
        }
    }

    /// - Parameter left: Answers to older requests that are passed over.
    private mutating func awaitStatus(tag: UInt8, timeout: Duration, left: Int) -> USBTMCAction {
        state = .awaitingStatus(tag: tag, timeout: timeout, left: left)
        return .notification(timeout: timeout)
    }

    mutating func notified(_ event: USBTMCEvent, tag: UInt8, timeout: Duration, left: Int) -> USBTMCAction {
        switch event {
        case .failed(let error): return refuse(error)
        case .bytes(let bytes) where bytes.count >= 2 && bytes[0] == 0x80 | tag: return finish(.statusByte(bytes[1]))
        case .bytes, .done:
            guard left > 0 else { return refuse(.usbtmc("the answer to READ_STATUS_BYTE \(tag) does not come")) }
            return awaitStatus(tag: tag, timeout: timeout, left: left - 1)
        }
    }

    // MARK: Failures

    /// Ends an operation that failed without touching the bulk pipes.
    private mutating func refuse(_ error: BellError) -> USBTMCAction {
        guard error.code != .usbUnplugged, error.code != .usbClosed else { return lose(error) }
        state = .idle
        return .finish(.failure(error))
    }

    /// Ends an operation that failed on a bulk pipe, when the device has been brought back.
    ///
    /// - Parameter halted: The pipe's direction, true for IN; nil when the pipe is well.
    mutating func fail(_ error: BellError, from rung: USBTMCRecovery.Rung, halted: Bool?) -> USBTMCAction {
        switch error.code {
        case .usbUnplugged, .usbClosed, .usbNotFound: return lose(error)
        case .usbCancelled:
            // A cancelled task cannot wait for anything; whoever comes next does it.
            debt = rung
            state = .idle
            return .finish(.failure(error))
        case .usbTimeout: return recover(from: rung, then: .fail(error))
        case .usbStall: return recover(from: .clear, halted: halted, then: .fail(error))
        default: return recover(from: .clear, then: .fail(error))
        }
    }

    mutating func recover(from rung: USBTMCRecovery.Rung, halted: Bool? = nil, then: Then) -> USBTMCAction {
        var recovery = USBTMCRecovery(from: rung, halted: halted, tags: tags, pipes: pipes, patience: patience)
        isOwedEnd = false
        let step = recovery.begin()
        return follow(step, recovery, then: then)
    }

    mutating func follow(_ step: USBTMCRecovery.Step, _ recovery: USBTMCRecovery, then: Then) -> USBTMCAction {
        switch step {
        case .act(let action):
            state = .recovering(recovery, then: then)
            return action
        case .recovered(let rung):
            state = .idle
            switch then {
            case .operation(let operation): return begin(operation)
            case .finish: return finish(.done)
            case .enableRemote:
                return ask(USBTMCRequest.remoteEnable(true, interface: pipes.interface), if: hasRemoteControl)
            case .fail(var error):
                error.state = rung.outcome
                return .finish(.failure(error))
            }
        case .lost(let error):
            guard case .fail(var first) = then else { return lose(error) }
            first.state =
                "the device could not be brought back (\(error.what)); it is out of use until it is connected anew"
            return lose(first)
        }
    }

    private mutating func lose(_ error: BellError) -> USBTMCAction {
        isLost = true
        state = .idle
        return .finish(.failure(error))
    }
}

extension USBTMCRecovery.Rung {
    /// What state the device is in after this rung.
    var outcome: String {
        switch self {
        case .abortOut, .abortIn: "the transfer was aborted; the next command can be sent"
        case .clear: "the device was cleared, a late answer is dropped; the next command can be sent"
        case .reset: "the device was reset; the next command can be sent"
        case .reopen: "the device was opened anew; the next command can be sent"
        case .lost: "the device is out of use until it is connected anew"
        }
    }
}

extension BellError {
    /// `instrument.not-connected`.
    static let usbtmcLost = BellError(
        .instrumentNotConnected, "The instrument's link was lost.",
        fix: "plug it in or switch it on; it is connected anew at the next check")
}
