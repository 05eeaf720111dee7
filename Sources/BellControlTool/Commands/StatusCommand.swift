import BellModel

/// `bellctl status` and `bellctl device …`.
enum StatusCommand {
    static func status(_ invocation: Invocation) throws(BellError) -> Reply {
        let status = try invocation.call("status")
        return Reply(json: status, text: StatusText.render(status, style: invocation.console.style))
    }

    static func devices(_ invocation: Invocation) throws(BellError) -> Reply {
        let answer = try invocation.call("device.list")
        let devices = answer.arrayValue ?? answer["devices"]?.arrayValue ?? []
        return Reply(
            json: ["devices": .array(devices)], text: DeviceText.list(devices, style: invocation.console.style))
    }

    static func check(_ invocation: Invocation) throws(BellError) -> Reply {
        let name = invocation.positional(0) ?? ""
        // A self-test may load and play a program.
        let result = try invocation.call("device.check", ["device": .string(name)], timeoutMilliseconds: 60_000)
        return Reply(
            json: result, text: DeviceText.check(name, result, style: invocation.console.style),
            exit: result["ok"]?.boolValue == false ? .hardware : .ok)
    }
}
