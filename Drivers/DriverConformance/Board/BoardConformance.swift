import BellCrypto
public import BellModel
import Board
public import DriverKit

/// Tries every rule of the board protocol on a board, mock or real, and tells which it keeps.
///
/// Speaks raw frames, so that it sees what the driver would forgive. Loads a silent program of its own, runs arms of a
/// campaign of its own and acknowledges nothing else; the board's program and any arm are gone afterwards, and it is
/// left safe. While it runs no other host may use the board. Under 30 s on a simulated board.
public struct BoardConformance: Sendable {
    private let name: String
    private let opener: TransportOpener
    private let partner: TransportOpener?
    private let options: BoardConformanceOptions

    /// How many checks a run makes.
    public static var checkCount: Int { BoardChecks.all.count }
    /// Every check's id, title, section of docs/board-protocol.md and rule, in the order in which they are made.
    public static var catalogue: [(id: String, title: String, section: String, rule: String)] {
        BoardChecks.all.map { ($0.id, $0.title, $0.section, $0.rule) }
    }

    /// - Parameters:
    ///   - name: What the report calls the board, for example `alice at usb://1209:be11/ALICE01`.
    ///   - opener: Makes a new connection to the board at each call.
    ///   - partner: The same for the other board, when both are there: a board that does not drive the trigger line
    ///     needs it for every check that runs trials.
    public init(
        name: String, opener: @escaping TransportOpener, partner: TransportOpener? = nil,
        options: BoardConformanceOptions = BoardConformanceOptions()
    ) {
        self.name = name
        self.opener = opener
        self.partner = partner
        self.options = options
    }

    /// Makes all checks, one after the other. Cancelling the task ends the run early and leaves the board safe.
    ///
    /// - Parameter progress: Called before each check.
    /// - Throws: `conformance.busy` when the board has an arm that is not the kit's, or another host talks to it; nothing
    ///   was done to it. All else, an absent board included, is in the report.
    public func run(
        progress: @Sendable (ConformanceProgress) -> Void = { _ in }
    ) async throws(BellError) -> ConformanceReport {
        guard let campaign = CampaignID(bytes: randomBytes(16)) else {
            throw BellError(.conformanceBlocked, "No campaign id could be drawn.", at: name)
        }
        let probe = makeProbe(name, opener, campaign)
        let other = partner.map { makeProbe("the partner of \(name)", $0, campaign) }
        var bench = BoardBench(name: name, probe: probe, partner: other, options: options, campaign: campaign)
        if !options.isForced { bench.absence = try await refuseBusy(probe, other) }
        var report = ConformanceReport(device: name)
        for (place, check) in BoardChecks.all.enumerated() {
            if Task.isCancelled { break }
            progress(
                ConformanceProgress(
                    number: place + 1, total: BoardChecks.all.count, id: check.id, title: check.title))
            let made = await make(check, &bench, report)
            // A check that was cut short tells nothing.
            if Task.isCancelled { break }
            report.checks.append(made)
        }
        report.wasInterrupted = Task.isCancelled
        await leaveSafe(bench)
        if let board = bench.capabilities {
            report.identity =
                "\(board.model), serial \(board.serial), firmware \(board.firmware), node \(board.node.name)"
            report.isSimulated = board.simulated
        }
        return report
    }

    /// After so many checks in a row without an answer, the others are not tried.
    private static let patience = 3

    private func makeProbe(_ name: String, _ opener: @escaping TransportOpener, _ campaign: CampaignID) -> BoardProbe {
        BoardProbe(
            name: name, opener: opener, clock: options.clock, timeouts: options.timeouts, campaign: campaign)
    }

    // MARK: One check

    private func make(_ check: BoardCheck, _ bench: inout BoardBench, _ report: ConformanceReport) async
        -> ConformanceCheck
    {
        let begin = options.clock.now()
        var made = ConformanceCheck(id: check.id, title: check.title, verdict: .passed)
        if let absence = bench.absence {
            made.verdict =
                check.id == BoardChecks.greetingID
                ? .failed(check.located(absence, board: name)) : .skipped("not run: no board")
            return made
        }
        let isLost = bench.silences >= BoardConformance.patience && check.id != BoardChecks.all.last?.id
        if let reason = isLost ? "the board does not answer any more" : unmet(check.need, bench) {
            made.verdict = .skipped(reason)
            return made
        }
        do throws(BellError) {
            // A check before may have lost the connection.
            if check.need != .nothing, await !bench.probe.isOpen { _ = try await bench.reconnect() }
            let outcome = try await check.run(&bench)
            bench.silences = 0
            switch outcome {
            case .passed(let measured): made.measurements = measured
            case .skipped(let reason): made.verdict = .skipped(reason)
            case .note(let text, let measured):
                made.verdict = .note(text)
                made.measurements = measured
            }
        } catch {
            made.verdict = .failed(check.located(error, board: name))
            // What follows begins on a fresh connection, whatever this check has left behind.
            if error.code != .conformanceViolation {
                bench.silences += 1
                await bench.probe.close()
            } else {
                bench.silences = 0
            }
        }
        made.duration = options.clock.now() - begin
        return made
    }

    private func unmet(_ need: BoardCheck.Need, _ bench: BoardBench) -> String? {
        switch need {
        case .nothing: return nil
        case .greeting, .trigger, .reference:
            if bench.capabilities == nil { return "the board has not told its capabilities" }
        }
        switch need {
        case .trigger: return bench.untriggered
        case .reference: return bench.reference == nil ? bench.untriggered ?? "there is no reference arm" : nil
        case .nothing, .greeting: return nil
        }
    }

    // MARK: What is there

    /// What a board shows before anything is done to it.
    private enum Presence {
        /// Somebody's arm is on it.
        case armed(ArmOrder)
        /// Another host talks to it.
        case shared
        /// Neither of both, or it does not tell, which the checks will say.
        case free
        /// Nothing came from there.
        case absent(BellError)
    }

    /// Refuses boards that somebody uses.
    ///
    /// - Returns: Why the board is not there, when it is not; its partner's absence the checks tell.
    private func refuseBusy(_ probe: BoardProbe, _ partner: BoardProbe?) async throws(BellError) -> BellError? {
        for one in [probe, partner].compactMap({ $0 }) {
            switch await look(one) {
            case .armed(let arm):
                throw BellError(
                    .conformanceBusy,
                    "The board has arm \(arm.arm) of campaign \(arm.campaign): it is in use, and was not touched.",
                    at: one.name, state: "the arm goes on; its records are kept for the campaign's host",
                    fix: "wait until the campaign is over, or force the check, which ends the arm and loses it")
            case .shared:
                throw BellError(
                    .conformanceBusy, "Another host talks to the board: it is in use, and was not touched.",
                    at: one.name, cause: "that host greeted it again while the check only listened",
                    state: "the other host goes on; its campaign, if it has one, lost no trial",
                    fix: "end the other program, for example a belld with another state directory, "
                        + "or let that belld make the check: `bellctl device check NAME --state DIRECTORY`")
            case .absent(let error): if one === probe { return error }
            case .free: break
            }
        }
        return nil
    }

    private func look(_ probe: BoardProbe) async -> Presence {
        var presence = Presence.free
        do throws(BellError) {
            try await probe.open()
            presence = try await lookThrough(probe)
        } catch {
            presence = await probe.isOpen ? .free : .absent(error)
        }
        await probe.close()
        return presence
    }

    /// Greets a board on an open connection and looks at what it has.
    private func lookThrough(_ probe: BoardProbe) async throws(BellError) -> Presence {
        do throws(BellError) {
            let greeting = try await BoardBench.greet(probe, timeouts: options.timeouts, clock: options.clock)
            var order = greeting.status?.armed
            // A long replay, or a board that does not end it, must not pass for a board without an arm.
            if greeting.status == nil, case .status(let status) = try await probe.ask(.statusRequest) {
                order = status.armed
            }
            if let order { return .armed(order) }
        } catch {
            // A board that does not know HELLO refuses a PING; where nothing comes at all there is no board.
            guard error.code == .conformanceNoAnswer else { throw error }
            let wasOpen = await probe.isOpen
            if wasOpen, (try? await probe.ask(.ping(token: 0x4e6f_6e65))) != nil { return .free }
            return .absent(error)
        }
        guard options.lookout > .zero else { return .free }
        // A host that the greeting has cut off greets again, and then it is this kit that the board does not know.
        await probe.collect(within: options.lookout)
        return try await probe.ask(.statusRequest).errorCode == .helloRequired ? .shared : .free
    }

    /// SAFE and ACK, also when the run was cancelled.
    private func leaveSafe(_ bench: BoardBench) async {
        await Task {
            do throws(BellError) {
                if await !bench.probe.isOpen, bench.capabilities != nil { _ = try await bench.reconnect() }
                if bench.capabilities != nil { try await bench.toIdle() }
            } catch {}  // an absent board; every check has said so
            await bench.probe.close()
            await bench.partner?.close()
        }.value
    }
}
