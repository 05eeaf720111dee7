import BellCommandLine
import BellModel

/// `bellctl device list|show|set|safe`: what belld knows of its devices, and setting instruments between blocks.
enum DeviceCommand {
    static func list(_ invocation: Invocation) throws(BellError) -> Reply {
        let answer = try invocation.call("device.list")
        let devices = answer["devices"]?.arrayValue ?? []
        return Reply(
            json: ["devices": .array(devices)], text: DeviceText.list(devices, style: invocation.console.style))
    }

    static func show(_ invocation: Invocation) throws(BellError) -> Reply {
        let device = try invocation.call("device.show", ["device": .string(invocation.positional(0) ?? "")])
        return Reply(json: device, text: DeviceText.show(device, style: invocation.console.style))
    }

    /// Sets one value after the other; the first that fails ends it, and what was set before stays.
    static func set(_ invocation: Invocation) throws(BellError) -> Reply {
        let device = invocation.positional(0) ?? ""
        var pairs: [(key: String, value: String)] = []
        for text in invocation.command.positionals.dropFirst() {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw BellError(
                    .toolArgument, "\"\(text.prefix(80))\" is no setting.", at: "bellctl device set \(device)",
                    state: "nothing was set", fix: "write KEY=VALUE, for example power_dbm=-10")
            }
            pairs.append((parts[0], parts[1]))
        }
        var done: [JSON] = []
        var text = ""
        for pair in pairs {
            do throws(BellError) {
                let answer = try invocation.call(
                    "device.set",
                    ["device": .string(device), "key": .string(pair.key), "value": .string(pair.value)],
                    timeoutMilliseconds: 30_000)
                done.append(answer)
                let value = answer["value"].map { FieldText.scalar($0) } ?? pair.value
                text += "\(device) \(pair.key) = \(value), read back\n"
            } catch {
                guard !done.isEmpty else { throw error }
                var error = error
                let set = pairs.prefix(done.count).map(\.key).joined(separator: ", ")
                error.state = (error.state.map { "\($0); " } ?? "") + "set before it: \(set)"
                throw error
            }
        }
        return Reply(json: ["set": .array(done)], text: text)
    }

    static func safe(_ invocation: Invocation) throws(BellError) -> Reply {
        let device = invocation.positional(0) ?? ""
        let answer = try invocation.call("device.safe", ["device": .string(device)], timeoutMilliseconds: 30_000)
        return Reply(json: answer, text: "\(device) is in its safe state\n")
    }
}
