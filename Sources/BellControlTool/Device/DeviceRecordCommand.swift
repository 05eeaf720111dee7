import BellHost
import BellModel
import Recording

/// `bellctl device record` and `bellctl device recording`.
enum DeviceRecordCommand {
    static func record(_ invocation: Invocation) throws(BellError) -> Reply {
        let device = invocation.positional(0) ?? ""
        if invocation.flag("stop") {
            let answer = try invocation.call("device.record.stop", ["device": .string(device)])
            let records = NumberText.count(answer["records"]?.countValue)
            let early = Style.safe(answer["ended_early"]?["what"]?.stringValue).map { "; it had ended before: \($0)" }
            return Reply(json: answer, text: "recorded \(records) records of \(device)\(early ?? "")\n")
        }
        guard let file = invocation.positional(1) else {
            throw BellError(
                .toolArgument, "Where the recording goes is not said.", at: "bellctl device record \(device)",
                fix: "write bellctl device record \(device) FILE.belltrace, or --stop to end a recording")
        }
        let path = absolutePath(file)
        let answer = try invocation.call("device.record", ["device": .string(device), "file": .string(path)])
        return Reply(
            json: answer,
            text: "recording \(device) into \(path); `bellctl device record \(device) --stop` ends it\n"
                + (answer["replayable"]?.boolValue == false
                    ? "during a campaign an instrument is not greeted anew: a replay begins where it next connects\n"
                    : ""))
    }

    static func show(_ invocation: Invocation) throws(BellError) -> Reply {
        let path = invocation.positional(0) ?? ""
        let trace = try Trace(file: path)
        let frames = Int(try invocation.count("frames", in: 0...1_000_000))
        let summary = RecordingSummary(trace, frames: frames)
        return Reply(json: summary.json, text: ended(summary.text))
    }
}
