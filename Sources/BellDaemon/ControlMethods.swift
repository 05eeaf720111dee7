import BellCampaign
import BellControl
import BellCrypto
import BellModel
import BellStream
import Glibc

/// The control protocol's methods; docs/control-protocol.md describes each.
struct ControlMethods: Sendable {
    let runner: CampaignRunner
    let devices: DeviceMethods
    let calibration: CalibrationMethods
    let telemetry: TelemetryPublisher
    let outcomes: OutcomeServer

    /// Every method, for the error that names them.
    static let names =
        [
            "ping", "status", "telemetry.snapshot", "campaign.seal", "campaign.anchor", "campaign.start",
            "campaign.pause", "campaign.resume", "campaign.stop", "campaign.abandon", "campaign.list", "campaign.show",
            "daemon.shutdown",
        ] + DeviceMethods.names + CalibrationMethods.names

    /// Answered on the reactor's thread, from what is in memory.
    func fast(_ method: String, _ params: JSON) throws(BellError) -> JSON? {
        switch method {
        case "ping": ["pong": true]
        case "status", "telemetry.snapshot": telemetry.snapshot
        default: nil
        }
    }

    /// Answered in a task.
    func slow(_ method: String, _ params: JSON) async throws(BellError) -> JSON {
        var reader = try JSONReader(params, path: "params")
        switch method {
        case "campaign.start":
            if let name = try campaign(&reader) {
                try reader.finish()
                return try await runner.start(sealed: name)
            }
            return try await runner.start(planPath: try planPath(&reader))
        case "campaign.seal":
            let beacon = try reader.optional("beacon").map { (json) throws(BellError) in
                try BeaconPulse(json: json, path: "params.beacon")
            }
            return try await runner.seal(planPath: try planPath(&reader), beacon: beacon)
        case "campaign.anchor":
            let name = try named(&reader)
            let anchor = try PlanAnchor(json: try reader.value("anchor"), path: "params.anchor")
            try reader.finish()
            return try await runner.anchor(name, anchor)
        case "campaign.abandon":
            let name = try named(&reader)
            let reason = try reader.string("reason")
            try reader.finish()
            return try await runner.abandon(name, reason: reason)
        case "campaign.pause": return try await request(&reader) { $0.pause = true }
        case "campaign.stop": return try await request(&reader) { $0.stop = true }
        case "campaign.resume":
            let name = try campaign(&reader)
            try reader.finish()
            return try await runner.resume(name)
        case "campaign.list":
            try reader.finish()
            return ["campaigns": try await runner.list()]
        case "campaign.show":
            let name = try campaign(&reader)
            try reader.finish()
            return try await runner.show(name)
        case "daemon.shutdown":
            try reader.finish()
            // The same way out as for everybody else: finish the block, then end.
            kill(getpid(), SIGTERM)
            return ["ending": true]
        default:
            if let answer = try await devices.answer(method, &reader) { return answer }
            if let answer = try await calibration.answer(method, &reader) { return answer }
            throw BellError.unknownMethod(method, known: ControlMethods.names)
        }
    }

    private func planPath(_ reader: inout JSONReader) throws(BellError) -> String {
        let path = try reader.string("plan_path")
        try reader.finish()
        guard path.hasPrefix("/") else {
            throw BellError(
                .controlBadRequest, "The plan's path \"\(path)\" is relative.", at: "params.plan_path",
                fix: "send an absolute path; bellctl does")
        }
        return path
    }

    /// What must not happen to another campaign than a person meant needs its name.
    private func named(_ reader: inout JSONReader) throws(BellError) -> String {
        guard let name = try campaign(&reader) else {
            throw BellError(
                .jsonShape, "No campaign is named.", at: "params.campaign", fix: "give its number or identifier")
        }
        return name
    }

    private func request(
        _ reader: inout JSONReader, _ change: @Sendable (inout CampaignRequests) -> Void
    ) async throws(BellError) -> JSON {
        let name = try campaign(&reader)
        try reader.finish()
        return try await runner.request(name, change)
    }

    /// The campaign that is meant: a text or a number; nil when none is named. Anything else must not pass for none.
    private func campaign(_ reader: inout JSONReader) throws(BellError) -> String? {
        switch reader.optional("campaign") {
        case nil: nil
        case .string(let name)?: name
        case .int(let number)?: String(number)
        case let other?:
            throw BellError(
                .jsonShape, "A campaign cannot be called \(other.text.prefix(80)).", at: "params.campaign",
                fix: "give its number, identifier or name")
        }
    }
}
