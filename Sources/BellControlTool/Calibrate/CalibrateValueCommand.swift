import BellModel

/// `bellctl calibrate status|accept|refuse|cancel|routines`: what needs no measuring.
enum CalibrateValueCommand {
    static func status(_ invocation: Invocation) throws(BellError) -> Reply {
        let status = try invocation.call("calibrate.status")
        return Reply(
            json: status,
            text: CalibrateStatusText.text(status, node: invocation.text("node"), style: invocation.console.style))
    }

    static func accept(_ invocation: Invocation) throws(BellError) -> Reply {
        let answer = try decide("calibrate.accept", invocation)
        let values = answer["values"]?.arrayValue ?? []
        return Reply(json: answer, text: "in force now, from the next block on:\n" + CalibrateText.values(values))
    }

    static func refuse(_ invocation: Invocation) throws(BellError) -> Reply {
        let answer = try decide("calibrate.refuse", invocation)
        let run = Style.safe(answer["run"]?.stringValue, limit: 120) ?? ""
        return Reply(json: answer, text: "refused \(run); the old values stay in force\n")
    }

    private static func decide(_ method: String, _ invocation: Invocation) throws(BellError) -> JSON {
        try invocation.call(
            method,
            [
                "what": .string(invocation.positional(0) ?? ""), "by": .string(CalibrateCommand.person(invocation)),
            ], timeoutMilliseconds: 30_000)
    }

    static func cancel(_ invocation: Invocation) throws(BellError) -> Reply {
        let answer = try invocation.call("calibrate.cancel")
        let what = Style.safe(answer["cancelling"]?.stringValue, limit: 100) ?? ""
        return Reply(json: answer, text: "ends the calibration of \(what); what was not accepted stays as it was\n")
    }

    static func routines(_ invocation: Invocation) throws(BellError) -> Reply {
        let answer = try invocation.call("calibrate.routines")
        return Reply(
            json: answer,
            text: CalibrateText.routines(answer["routines"]?.arrayValue ?? [], style: invocation.console.style))
    }
}
