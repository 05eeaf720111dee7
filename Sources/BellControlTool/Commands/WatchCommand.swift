import BellCommandLine
import BellControl
import BellHost
import BellModel
import BellZeroMQ

/// `bellctl campaign watch`: follows the telemetry until the certificate exists.
enum WatchCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        try watch(invocation, campaign: invocation.positional(0))
    }

    /// - Parameter campaign: Its id; nil for the current one.
    static func watch(_ invocation: Invocation, campaign: String?) throws(BellError) -> Reply {
        let signals = try SignalCount()
        do throws(BellError) {
            return try watch(
                campaign, in: try invocation.runDirectory(), console: invocation.console,
                isDetached: { signals.count > 0 })
        } catch {
            throw invocation.unreachable(error, directory: try invocation.stateDirectory())
        }
    }

    /// - Parameter isDetached: Whether the person has had enough.
    static func watch(
        _ campaign: String?, in directory: RunDirectory, console: Console, isDetached: () -> Bool
    ) throws(BellError) -> Reply {
        let context = try ZeroMQContext()
        let control = try ControlClient(context: context, endpoint: directory.endpoint("control"))
        let telemetry = try TelemetrySubscriber(
            context: context, telemetryEndpoint: directory.endpoint("telemetry"), control: control)
        let screen = ProgressScreen(console: console)
        defer { screen.end() }
        return try follow(campaign, telemetry: telemetry, control: control, isDetached: isDetached, screen: screen)
    }

    private static func follow(
        _ wanted: String?, telemetry: TelemetrySubscriber, control: ControlClient, isDetached: () -> Bool,
        screen: ProgressScreen
    ) throws(BellError) -> Reply {
        var campaign = wanted
        var machine = WatchMachine(isTerminal: screen.console.isTerminal)
        var lostSince: UInt64?
        while true {
            if isDetached() { return detached(campaign, screen: screen) }
            var seen: CampaignView?
            do throws(BellError) {
                _ = try telemetry.next(timeoutMilliseconds: 100)
                seen = try view(of: campaign, telemetry: telemetry, control: control)
                if seen == nil, campaign == nil { throw noCampaign() }
                campaign = campaign ?? seen?.id
                lostSince = nil
            } catch {
                guard error.code == .controlUnreachable, campaign != nil else { throw error }
                let now = monotonicNanoseconds()
                if lostSince == nil { screen.note("the daemon does not answer; waiting for it to come back") }
                lostSince = lostSince ?? now
                // A supervisor starts belld again within half a second, at worst within 30 s.
                if now &- (lostSince ?? now) > 60_000_000_000 { throw error }
            }
            switch machine.step(seen, now: monotonicNanoseconds()) {
            case .wait(let draw): if draw, let seen { screen.draw(seen) }
            case .certificate(let path):
                if let seen { screen.draw(seen) }
                screen.end()
                return try CertificateReply.make(
                    try CertificateFile(path: path), isWhole: false, style: screen.console.style)
            case .withoutCertificate(let state):
                throw BellError(
                    .toolNoCertificate, "The campaign is \(state), but there is no certificate.", at: campaign,
                    state: "its trials are stored",
                    fix: "look with `bellctl status` and `bellctl log --of bellcert`; bellcert issues it when it runs")
            case .interrupted:
                throw BellError(
                    BellError.Code("tool.interrupted", exit: .interrupted), "The campaign was interrupted.",
                    at: campaign, state: "its trials are stored; no certificate yet",
                    fix: "`bellctl lab up` resumes it")
            }
        }
    }

    private static func view(
        of campaign: String?, telemetry: TelemetrySubscriber, control: ControlClient
    ) throws(BellError) -> CampaignView? {
        let current = CampaignView(telemetry.snapshot?.state["campaign"])
        if let current, campaign == nil || current.id == campaign { return current }
        do throws(BellError) {
            // One that is over is not in the telemetry any more; without a name the latest is meant.
            return CampaignView(try control.call("campaign.show", campaign.map { ["campaign": .string($0)] } ?? [:]))
        } catch {
            guard campaign == nil, error.code.exit == .usage else { throw error }
            return nil
        }
    }

    private static func noCampaign() -> BellError {
        BellError(
            .toolNoCampaign, "No campaign is running.", fix: "start one with `bellctl campaign start PLAN --watch`")
    }

    private static func detached(_ campaign: String?, screen: ProgressScreen) -> Reply {
        screen.end()
        return Reply(
            json: ["campaign": JSON(campaign), "detached": true],
            text: "detached; the campaign goes on, `bellctl campaign watch` shows it again\n", exit: .interrupted)
    }
}
