import BellModel

/// `bellctl status`.
enum StatusCommand {
    static func status(_ invocation: Invocation) throws(BellError) -> Reply {
        let status = try invocation.call("status")
        return Reply(
            json: status, text: StatusText.render(status, style: invocation.console.style),
            exit: CampaignView(status["campaign"])?.exit ?? .ok)
    }
}
