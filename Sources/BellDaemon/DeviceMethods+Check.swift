import BellModel
import BellSequence
import Devices
import DriverConformance
import DriverKit
import Recording

/// What a conformance check may do.
struct CheckOptions: Sendable {
    var allowsOutput: Bool
    /// The other node's board takes part, so that arms with a trigger can be run.
    var withPartner: Bool

    init(_ reader: inout JSONReader) throws(BellError) {
        allowsOutput = reader.optional("allow_output")?.boolValue ?? false
        withPartner = reader.optional("partner")?.boolValue ?? true
    }
}

extension DeviceMethods {
    /// Runs the conformance kit against one of the daemon's own devices; refused while a campaign is under way. Ends early,
    /// with the device safe, when the daemon is to end.
    func check(_ name: String, _ options: CheckOptions) async throws(BellError) -> JSON {
        try await runner.beginCheck(of: name)
        let task = Task { () -> Result<JSON, BellError> in
            do throws(BellError) {
                if let node = boards.node(named: name) { return .success(try await checkBoard(name, node, options)) }
                return .success(try await checkInstrument(name, options))
            } catch {
                return .failure(error)
            }
        }
        await runner.setCancellation(ofCheck: { task.cancel() })
        let result = await task.value
        await runner.endCheck()
        return try result.get()
    }

    private func checkInstrument(_ name: String, _ options: CheckOptions) async throws(BellError) -> JSON {
        if options.allowsOutput { try await boards.refuseWhileRunning() }
        let kit = InstrumentConformance(
            try await instruments.lease(name),
            options: InstrumentConformanceOptions(
                allowSetting: options.allowsOutput, allowOutput: options.allowsOutput))
        let report = await kit.run { progress($0, name) }
        await instruments.endLease(name)
        return DeviceMethods.json(report)
    }

    /// The kit needs the boards for itself: belld's links are closed meanwhile and made anew afterwards.
    private func checkBoard(_ name: String, _ node: Node, _ options: CheckOptions) async throws(BellError) -> JSON {
        let board = laboratory.boards[node]
        let partner = options.withPartner ? try access.opener(of: laboratory.boards[node.other].address) : nil
        let kit = BoardConformance(
            name: "\(name) at \(board.address.text)", opener: try access.opener(of: board.address, tap: taps[name]),
            partner: partner,
            options: BoardConformanceOptions(
                way: board.address.isByteStream ? .stream : .messages, allowOutput: options.allowsOutput,
                isTriggerMaster: laboratory.triggerMaster == node))
        await boards.lease()
        do throws(BellError) {
            let report = try await kit.run { progress($0, name) }
            await boards.endLease()
            return DeviceMethods.json(report)
        } catch {
            await boards.endLease()
            throw error
        }
    }

    /// The report with its text, so that whoever asks need not know the kit.
    private static func json(_ report: ConformanceReport) -> JSON {
        var object = report.json.objectValue ?? [:]
        object["text"] = .string(report.text)
        return .object(object)
    }

    @Sendable private func progress(_ progress: ConformanceProgress, _ name: String) {
        telemetry([
            "level": "info", "device": .string(name),
            "message": .string("check \(progress.number) of \(progress.total): \(progress.title)"),
        ])
    }
}
