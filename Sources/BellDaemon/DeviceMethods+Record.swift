import BellControl
import BellModel
import BellSequence
import Recording

extension DeviceMethods {
    /// Begins to record a device's traffic. A board does not notice; an instrument is greeted again, unless a campaign or a
    /// check is under way, because its recording can be replayed only from a greeting on.
    func record(_ name: String, _ file: String) async throws(BellError) -> JSON {
        guard file.hasPrefix("/") else {
            throw BellError(
                .controlBadRequest, "The recording's path \"\(file)\" is relative.", at: "params.file",
                fix: "send an absolute path; bellctl does")
        }
        let tap = try tap(name)
        try tap.start(file: file) { [telemetry] end in
            guard let error = end.error else { return }
            telemetry(["level": "error", "device": .string(name), "message": .string("recording ended: \(error.what)")])
        }
        var answer: [String: JSON] = ["device": .string(name), "file": .string(file)]
        if boards.node(named: name) == nil { answer["replayable"] = .bool(try await greetAgain(name)) }
        return .object(answer)
    }

    /// Greets an instrument anew while nobody else has it; a campaign that is begun meanwhile waits for it.
    ///
    /// - Returns: False while a campaign is under way or being begun, or a check has a device for itself: then the
    ///   instrument is left as it is.
    private func greetAgain(_ name: String) async throws(BellError) -> Bool {
        do throws(BellError) {
            try await runner.beginVisit("\(name) cannot be greeted anew")
        } catch {
            guard error.code == .campaignBusy else { throw error }
            return false
        }
        do throws(BellError) {
            // A board may be at work on an arm that a crash left open.
            try await boards.refuseWhileRunning()
            try await instruments.greetAgain(name)
        } catch {
            await runner.endVisit()
            guard error.code == .campaignBusy else { throw error }
            return false
        }
        await runner.endVisit()
        return true
    }

    /// Ends a recording; what it has is on disk afterwards.
    func stopRecording(_ name: String) async throws(BellError) -> JSON {
        guard let end = try await tap(name).stop() else {
            throw BellError(
                .recordingNone, "\(name) is not being recorded.", at: name,
                fix: "`bellctl device record \(name) FILE` begins")
        }
        return [
            "device": .string(name), "bytes": JSON(count: end.bytes), "records": JSON(count: end.records),
            "ended_early": end.error?.json ?? .null,
        ]
    }

    private func tap(_ name: String) throws(BellError) -> RecorderTap {
        if let tap = taps[name] { return tap }
        let isThere = laboratory.devices.contains { $0.name == name }
        throw BellError(
            isThere ? .recordingUnsupported : .deviceUnknown,
            isThere
                ? "The traffic of \(name) is not recorded by belld." : "No device is called \"\(name.prefix(40))\".",
            at: "lab.yaml devices", cause: isThere ? "it is a replay, or a process speaks for it" : nil,
            fix: "devices: \(laboratory.devices.filter { taps[$0.name] != nil }.map(\.name).joined(separator: ", "))")
    }
}

extension BellError.Code {
    /// A device is not being recorded.
    static let recordingNone = BellError.Code("recording.none", exit: .usage)
    /// A device whose traffic does not pass a seam that is recorded.
    static let recordingUnsupported = BellError.Code("recording.unsupported", exit: .usage)
}
