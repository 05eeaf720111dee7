import BellHost
import BellModel

/// The campaign commands that ask the daemon and return: pause, resume, stop, list, show.
enum CampaignControlCommand {
    static func change(_ invocation: Invocation, method: String, done: String) throws(BellError) -> Reply {
        var params: [String: JSON] = [:]
        if let id = invocation.positional(0) { params["campaign"] = .string(id) }
        let answer = try invocation.call(method, .object(params), timeoutMilliseconds: 60_000)
        let name = Style.safe(answer["campaign"]?.stringValue) ?? invocation.positional(0) ?? ""
        return Reply(json: answer, text: "campaign \(name)\(name.isEmpty ? "" : " ")\(done)\n")
    }

    static func list(_ invocation: Invocation) throws(BellError) -> Reply {
        let answer = try invocation.call("campaign.list")
        let campaigns = answer.arrayValue ?? answer["campaigns"]?.arrayValue ?? []
        return Reply(
            json: ["campaigns": .array(campaigns)], text: CampaignText.list(campaigns, style: invocation.console.style))
    }

    static func show(_ invocation: Invocation) throws(BellError) -> Reply {
        if invocation.flag("certificate") {
            let files = try CampaignFiles.find(invocation.positional(0), in: try invocation.stateDirectory())
            return try CertificateReply.make(
                try CertificateFile(path: files.certificate), isWhole: true, style: invocation.console.style)
        }
        var params: [String: JSON] = [:]
        if let id = invocation.positional(0) { params["campaign"] = .string(id) }
        let answer = try invocation.call("campaign.show", .object(params))
        guard let campaign = CampaignView(answer) else {
            return Reply(json: answer, text: "no campaign; start one with `bellctl campaign start PLAN`\n")
        }
        let style = invocation.console.style
        var text = CampaignText.details(campaign, style: style)
        // A damaged certificate is the business of `campaign verify`.
        if let path = campaign.certificate,
            let certificate = try? CertificateReply.make(
                try CertificateFile(path: path), isWhole: false, style: style)
        {
            text += "\n" + certificate.text
        }
        return Reply(json: answer, text: text, exit: campaign.exit)
    }
}
