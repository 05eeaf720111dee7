import BellModel
import DriverKit

/// Brings a device back after a failure, rung by rung, until it is ready for the next command.
///
/// An abort ends one transfer; a clear empties the device's input and output, so that no late answer stays behind; then
/// come a reset and a fresh opening. A rung that fails leads to the next. After the last one the device is lost.
///
/// - SeeAlso: USBTMC 1.0, sections 4.2.1.2 to 4.2.1.7.
struct USBTMCRecovery: Sendable {
    enum Rung: Int, Comparable, Sendable {
        case abortOut, abortIn, clear, reset, reopen, lost

        static func < (a: Rung, b: Rung) -> Bool { a.rawValue < b.rawValue }
    }

    enum Step: Equatable, Sendable {
        case act(USBTMCAction)
        /// The device is ready; the rung that did it.
        case recovered(Rung)
        /// It is not; what the last rung met.
        case lost(BellError)
    }

    private enum Phase {
        case unhalt, initiate, drain, check, pause, clearHalt, settle, clearAfter
    }

    private let pipes: USBTMCPipes
    private let patience: USBTMCPatience
    private let tags: USBTMCTags
    /// Rung to stop at when it works.
    private let goal: Rung
    private(set) var rung: Rung
    private var phase: Phase
    private var polls = 0
    private var drains = 0
    private var haltedIn: Bool?

    /// - Parameters:
    ///   - start: The first rung.
    ///   - halted: A stalled bulk endpoint's direction, to be cleared first; true for IN.
    init(
        from start: Rung, halted: Bool? = nil, tags: USBTMCTags, pipes: USBTMCPipes, patience: USBTMCPatience
    ) {
        self.pipes = pipes
        self.patience = patience
        self.tags = tags
        // An aborted read leaves an answer in the making, which a clear drops; an aborted write leaves none.
        goal = start == .abortIn ? .clear : start
        rung = start
        haltedIn = halted
        phase = halted == nil ? .initiate : .unhalt
    }

    /// The first action.
    mutating func begin() -> Step {
        if phase == .unhalt, let haltedIn { return .act(.clearHalt(isIn: haltedIn)) }
        return initiate()
    }

    /// Takes how the last action went.
    mutating func next(_ event: USBTMCEvent) -> Step {
        switch (phase, event) {
        case (.unhalt, _): return initiate()
        case (.initiate, .failed(let error)): return climb(error)
        case (.initiate, .bytes(let answer)): return initiated(USBTMCStatus(rawValue: answer.first ?? 0))
        case (.initiate, .done): return rung == .reset ? settle() : initiate(.clearAfter)
        case (.settle, _): return initiate(.clearAfter)
        case (.clearAfter, .bytes(let answer)):
            let status = USBTMCStatus(rawValue: answer.first ?? 0)
            guard status == .success else { return climb(.usbtmcRefused("INITIATE_CLEAR", status)) }
            return check()
        case (.clearAfter, .failed(let error)): return climb(error)
        case (.drain, .bytes(let bytes)):
            drains += 1
            // A short packet ends the transfer; a device that always has one more would keep us here.
            let goesOn = bytes.count == drainSize && drains < patience.mostDrains
            return goesOn ? .act(.read(drainSize, timeout: patience.drain)) : check()
        case (.drain, .failed(let error)) where error.code == .usbUnplugged || error.code == .usbClosed:
            return climb(error)
        // Nothing there any more, or the endpoint is halted: what the device thinks of it is asked next.
        case (.drain, _): return check()
        case (.check, .bytes(let answer)): return checked(answer)
        case (.check, .failed(let error)): return climb(error)
        case (.pause, _): return check()
        case (.clearHalt, .failed(let error)): return climb(error)
        case (.clearHalt, _): return succeeded()
        case (_, .done): return climb(.usbtmc("an action of the recovery gave nothing"))
        }
    }

    // MARK: Steps

    /// Bytes of a read that drains: some packets at once.
    private var drainSize: Int { 8 * pipes.packet }

    private mutating func initiate(_ phase: Phase = .initiate) -> Step {
        self.phase = phase
        polls = 0
        if phase == .clearAfter { return control(USBTMCRequest.initiateClear(interface: pipes.interface)) }
        switch rung {
        case .abortOut: return control(USBTMCRequest.initiateAbortOut(tag: tags.write, endpoint: pipes.bulkOut))
        case .abortIn: return control(USBTMCRequest.initiateAbortIn(tag: tags.read, endpoint: pipes.bulkIn))
        case .clear: return control(USBTMCRequest.initiateClear(interface: pipes.interface))
        case .reset: return .act(.reset)
        case .reopen: return .act(.reopen)
        case .lost: return .lost(.usbtmc("the device stays as it is"))
        }
    }

    private mutating func initiated(_ status: USBTMCStatus) -> Step {
        guard status == .success else {
            // An abort has nothing to do when the device has no such transfer any more.
            guard rung == .clear else { return succeeded() }
            return climb(.usbtmcRefused("INITIATE_CLEAR", status))
        }
        guard rung == .abortIn else { return check() }
        phase = .drain
        return .act(.read(drainSize, timeout: patience.drain))
    }

    private mutating func check() -> Step {
        phase = .check
        switch rung {
        case .abortOut: return control(USBTMCRequest.checkAbortOut(endpoint: pipes.bulkOut))
        case .abortIn: return control(USBTMCRequest.checkAbortIn(endpoint: pipes.bulkIn))
        default: return control(USBTMCRequest.checkClear(interface: pipes.interface))
        }
    }

    private mutating func checked(_ answer: [UInt8]) -> Step {
        let status = USBTMCStatus(rawValue: answer.first ?? 0)
        if status == .success {
            guard rung != .abortIn else { return succeeded() }
            phase = .clearHalt
            return .act(.clearHalt(isIn: false))
        }
        guard status == .pending else {
            return climb(.usbtmcRefused(rung < .clear ? "CHECK_ABORT_…_STATUS" : "CHECK_CLEAR_STATUS", status))
        }
        polls += 1
        guard polls <= patience.mostPolls else {
            return climb(
                BellError(.usbTimeout, "The device is still busy ending a transfer.", cause: "asked \(polls) times"))
        }
        if rung != .abortOut, answer.count > 1, answer[1] & 1 == 1 {
            guard drains < patience.mostDrains else {
                return climb(.usbtmc("the device sends short packets without end"))
            }
            phase = .drain
            return .act(.read(drainSize, timeout: patience.drain))
        }
        phase = .pause
        return .act(.sleep(patience.poll))
    }

    private mutating func settle() -> Step {
        phase = .settle
        return .act(.sleep(patience.settle))
    }

    private mutating func succeeded() -> Step {
        guard rung < goal else { return .recovered(rung) }
        rung = .clear
        return initiate()
    }

    private mutating func climb(_ error: BellError) -> Step {
        drains = 0
        // Only a reset makes a device come back as another one; one that goes by itself was pulled.
        if rung != .reset, error.code == .usbUnplugged || error.code == .usbClosed { rung = .lost }
        switch rung {
        case .abortOut, .abortIn: rung = .clear
        case .clear: rung = .reset
        case .reset: rung = .reopen
        case .reopen, .lost:
            rung = .lost
            return .lost(error)
        }
        return initiate()
    }

    private func control(_ request: USBControlRequest) -> Step { .act(.control(request, timeout: patience.control)) }
}

extension BellError {
    /// `instrument.protocol`: the device does not do what it was asked to.
    static func usbtmcRefused(_ request: String, _ status: USBTMCStatus) -> BellError {
        BellError(
            .instrumentProtocol, "The instrument refuses \(request).", cause: status.text,
            fix: "switch the instrument off and on")
    }
}
