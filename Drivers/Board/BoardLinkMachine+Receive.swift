import BellModel
import DriverKit

extension BoardLinkMachine {
    /// Takes bytes that arrived as one frame.
    mutating func receive(_ bytes: [UInt8], at now: Duration) {
        lastReceived = now
        let frame: Frame
        do throws(FrameError) {
            frame = try Frame.decode(bytes)
        } catch {
            return takeGarbage(error, at: now)
        }
        checkSequence(of: frame, at: now)
        do throws(FrameError) {
            take(try BoardMessage(frame), of: frame, at: now)
        } catch {
            report(.garbled(error))
            // A sound frame of a type or content that is not understood: the sender is told, the connection stays.
            if frame.type != MessageType.error.rawValue {
                send(.error(ErrorReport(error)), replyTo: frame.sequence, at: now)
            }
            if let waiting = pending.removeValue(forKey: frame.replyTo) {
                complete(waiting, .failure(error.bellError(at: name)))
            }
        }
    }

    private mutating func takeGarbage(_ error: FrameError, at now: Duration) {
        if case .wrongVersion = error { return fail(error.bellError(at: name)) }
        report(.garbled(error))
        // Something was lost with it. While greeting, HELLO's own time-out looks after that.
        if phase == .up { resync(at: now) }
    }

    /// Finds lost frames by their numbers. Repeated and late frames are judged by their content alone.
    private mutating func checkSequence(of frame: Frame, at now: Duration) {
        guard phase == .up, let next = expected else { return }
        let distance = frame.sequence &- next
        guard distance < 1 << 31 else { return }
        expected = SequenceCounter.successor(of: frame.sequence)
        if distance > 0 { resync(at: now) }
    }

    private mutating func take(_ message: BoardMessage, of frame: Frame, at now: Duration) {
        if frame.replyTo != 0 {
            if let waiting = pending.removeValue(forKey: frame.replyTo) {
                return takeReply(message, to: waiting, sequence: frame.sequence, at: now)
            }
            // The answer to a heartbeat, or to a request that was given up.
            switch message {
            case .error, .trials, .clock, .armEnd, .chunkSignature, .fault: break
            default: return
            }
        }
        // Before CAPABILITIES nothing is known of the board's boot and arms; the replay brings it again.
        guard phase == .up else { return }
        switch message {
        case .trials(let trials):
            guard checkBoot(trials.bootID) else { return }
            take(ledger.take(trials, isReplay: isReplaying, mayRelease: !isRepairing && !wantsResync))
        case .clock(let clock):
            guard checkBoot(clock.bootID) else { return }
            take(ledger.take(clock, isReplay: isReplaying))
        case .chunkSignature(let signature):
            guard checkBoot(signature.bootID) else { return }
            take(ledger.take(signature, isReplay: isReplaying))
        case .armEnd(let end):
            let mayRelease = !isRepairing && !wantsResync
            take(ledger.take(end, isReplay: isReplaying, mayRelease: mayRelease, at: now))
        case .status(let status): takeUnsolicited(status, at: now)
        case .fault(let fault): report(.reported(fault))
        case .error(let error): takeUnsolicited(error)
        case .ping(let token): send(.pong(token: token), replyTo: frame.sequence, at: now)
        case .pong, .ok, .capabilities, .programLoaded, .armed, .shots, .rawRandom, .nodeKey: break
        case .hello, .program, .hostBits, .arm, .start, .stop, .safe, .statusRequest, .acknowledge, .shotsRequest,
            .rawRandomRequest, .nodeKeyRequest:
            report(.unexpected(message.type))
            let text = "\(message.type.name) goes from host to board"
            send(.error(ErrorReport(code: .unknownType, text: text)), replyTo: frame.sequence, at: now)
        }
    }

    private mutating func take(_ outcome: SpoolLedger.Outcome) {
        switch outcome {
        case .deliver(let events): for event in events { actions.append(.deliver(event)) }
        case .repeated, .acknowledged: repeatedMessages &+= 1
        case .fault(let fault): report(fault)
        case .overflow:
            fail(
                BellError(
                    .boardContradiction, "The board sent more unacknowledged data than its spool holds.", at: name,
                    fix: "compare the board's firmware with docs/board-protocol.md, \"Spool\""))
        }
    }

    /// Outside of a replay all data are of the boot that CAPABILITIES named; another one ends the connection.
    private mutating func checkBoot(_ bootID: UInt64) -> Bool {
        guard !isReplaying, let known = capabilities?.bootID, known != bootID else { return true }
        failRebooted()
        return false
    }

    private mutating func failRebooted() { fail(rebooted) }

    private var rebooted: BellError {
        BellError(
            .boardRebooted, "The board has started anew, or another host has greeted it.", at: name,
            state: "after a restart its program is gone, and what it had kept may be lost",
            fix:
                "nothing to do when it was switched on just now; else check its supply, and that no other belld uses it"
        )
    }

    // MARK: Replies

    private mutating func takeReply(
        _ message: BoardMessage, to waiting: Pending, sequence: UInt32, at now: Duration
    ) {
        if case .error(let report) = message {
            if report.code == .helloRequired { return failRebooted(completing: waiting) }
            if case .arm(let order)? = waiting.request { ledger.forget(order) }
            let error = report.bellError(to: waiting.request?.message.type ?? .hello, at: name)
            complete(waiting, .failure(error))
            if waiting.request == nil { fail(error) }
            return
        }
        guard let request = waiting.request else {
            return takeGreeting(message, waiting: waiting, sequence: sequence, at: now)
        }
        if case .status(let status) = message, status.bootID != capabilities?.bootID {
            return failRebooted(completing: waiting)
        }
        if let reply = request.reply(from: message) { return complete(waiting, .success(reply)) }
        let code: BellError.Code = message.type == .programLoaded ? .boardProgramMismatch : .boardProtocol
        complete(
            waiting,
            .failure(
                BellError(
                    code, "The board's \(message.type.name) does not answer \(request.message.type.name).", at: name,
                    fix: "compare the board's firmware with docs/board-protocol.md")))
    }

    private mutating func takeGreeting(
        _ message: BoardMessage, waiting: Pending, sequence: UInt32, at now: Duration
    ) {
        guard case .capabilities(let board) = message else {
            let error = BellError(.boardProtocol, "The board answered HELLO with \(message.type.name).", at: name)
            complete(waiting, .failure(error))
            return fail(error)
        }
        guard board.node == node else {
            let error = BellError(
                .boardWrongNode, "This is \(board.node.name)'s board (serial \(board.serial)), not \(node.name)'s.",
                at: name, fix: "exchange the two addresses in the laboratory file, or the two cables")
            complete(waiting, .failure(error))
            return fail(error)
        }
        let known = capabilities?.bootID
        if phase == .up, known != board.bootID { return failRebooted(completing: waiting) }
        let isNewConnection = phase == .greeting
        phase = .up
        capabilities = board
        expected = SequenceCounter.successor(of: sequence)
        isReplaying = true
        wantsResync = false
        replayDeadline = now + timeouts.replay
        ledger.setLimit(spool: board.spoolTrials)
        if isNewConnection {
            let isReboot = known.map { $0 != board.bootID } ?? false
            actions.append(.deliver(.connected(board, isReboot: isReboot)))
        }
        complete(waiting, .success(.capabilities(board)))
    }

    private mutating func failRebooted(completing waiting: Pending) {
        complete(waiting, .failure(rebooted))
        failRebooted()
    }

    private mutating func complete(_ waiting: Pending, _ result: Result<BoardReply, BellError>) {
        if let token = waiting.token { actions.append(.complete(token: token, result)) }
    }

    // MARK: Unsolicited

    /// The first unsolicited status after CAPABILITIES ends the replay.
    private mutating func takeUnsolicited(_ status: BoardStatus, at now: Duration) {
        guard status.bootID == capabilities?.bootID else { return failRebooted() }
        if let order = status.armed { ledger.expect(order) }
        guard isReplaying else { return }
        isReplaying = false
        // Frames lost within the replay itself: once more, but not for ever.
        if wantsResync {
            failedReplays += 1
            guard failedReplays < 3 else {
                return fail(
                    BellError(
                        .boardProtocol, "Frames were lost in three replays in a row.", at: name,
                        fix: "check the cable; use a shorter one or another port"))
            }
            return resync(at: now)
        }
        failedReplays = 0
        isRepairing = false
        for event in ledger.releaseHeldEnds() { actions.append(.deliver(event)) }
        actions.append(.deliver(.replayEnd(status)))
        for message in ledger.takeUnheard() { send(.acknowledge(message), at: now) }
    }

    private mutating func takeUnsolicited(_ error: ErrorReport) {
        if error.code == .helloRequired { return failRebooted() }
        report(.refused(error))
    }
}

extension ErrorReport {
    /// The error of a request that the board refused.
    func bellError(to type: MessageType, at place: String) -> BellError {
        let (code, fix): (BellError.Code, String) =
            switch self.code {
            case .wrongVersion: (.boardWrongVersion, "update the board's firmware or bridge to protocol version 1")
            case .wrongState: (.boardState, "wait for the arm's end, or stop it")
            case .spoolFull:
                (.boardSpoolFull, "wait until the records are on disk and acknowledged, or use smaller arms")
            case .badProgram: (.boardProgram, "compile the sequence for this board's limits")
            case .unsupported: (.boardUnsupported, "use a board that has it, or a plan that does not need it")
            case .noHostBits: (.boardNoHostBits, "send HOST_BITS for the arm first")
            case .hardware: (.boardHardware, "look at the board's own log")
            default: (.boardRefused, "compare the board's firmware with docs/board-protocol.md")
            }
        return BellError(
            code, "The board refused \(type.name): \(text)", at: place, cause: "ERROR \(self.code.name)", fix: fix)
    }
}
