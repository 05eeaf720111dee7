import BellModel
import BellSequence
import Board
import Devices
import DriverKit
import Recording

/// The control protocol's `device.…` methods; docs/control-protocol.md describes each.
struct DeviceMethods: Sendable {
    let laboratory: Laboratory
    let boards: DeviceKeeper
    let instruments: InstrumentKeeper
    let runner: CampaignRunner
    let taps: DeviceTaps
    let shadows: BoardShadows
    let access: DeviceAccess
    /// Shows an `event`.
    let telemetry: @Sendable (JSON) -> Void

    static let names = [
        "device.list", "device.show", "device.set", "device.safe", "device.check",
        "device.record", "device.record.stop", "device.ended", "device.raw_random",
    ]

    /// Answers a method of ``names``; nil for another one.
    func answer(_ method: String, _ reader: inout JSONReader) async throws(BellError) -> JSON? {
        switch method {
        case "device.list":
            try reader.finish()
            return ["devices": .array(await list())]
        case "device.show":
            let device = try reader.string("device")
            try reader.finish()
            if var board = await boards.json(named: device)?.objectValue {
                board["shadow"] = shadows.json(of: device)
                board["recording"] = .bool(taps[device]?.isRecording ?? false)
                return .object(board)
            }
            var instrument = try await instruments.details(device).objectValue ?? [:]
            instrument["recording"] = .bool(taps[device]?.isRecording ?? false)
            return .object(instrument)
        case "device.set":
            let device = try reader.string("device")
            let key = try reader.string("key")
            let value = try reader.string("value")
            try reader.finish()
            try await refuseBoard(device)
            return try await visit("\(device) cannot be set") { () async throws(BellError) in
                try await boards.refuseWhileRunning()
                return try await instruments.set(device, key, to: value)
            }
        case "device.record":
            let device = try reader.string("device")
            let file = try reader.string("file")
            try reader.finish()
            return try await record(device, file)
        case "device.record.stop":
            let device = try reader.string("device")
            try reader.finish()
            return try await stopRecording(device)
        case "device.check":
            let device = try reader.string("device")
            let options = try CheckOptions(&reader)
            try reader.finish()
            return try await check(device, options)
        case "device.ended":
            let device = try reader.string("device")
            let how = try reader.string("how")
            try reader.finish()
            return ["device": .string(device), "noted": .bool(await instruments.processEnded(device, how: how))]
        case "device.safe":
            let device = try reader.string("device")
            try reader.finish()
            return try await visit("\(device) cannot be made safe") { () async throws(BellError) in
                guard let node = boards.node(named: device) else { return try await instruments.makeSafe(device) }
                try await boards.boards[node].safe()
                return ["device": .string(device), "safe": true]
            }
        case "device.raw_random":
            let device = try reader.string("device")
            let bits = try reader.count("bits")
            try reader.finish()
            return try await rawRandom(device, bits)
        default: return nil
        }
    }

    /// Most bits of one answer: 128 KiB, twice that as digits.
    private static let largestRandom: UInt64 = 1 << 20

    /// Fresh bits of a board's own generator, which no trial uses; refused while a campaign is under way.
    private func rawRandom(_ device: String, _ bits: UInt64) async throws(BellError) -> JSON {
        guard let node = boards.node(named: device) else {
            throw BellError(
                .deviceUnknown, "\(device) is no board: only boards have a generator of their own.",
                at: "lab.yaml devices", fix: "name a board; `bellctl device list` shows them")
        }
        guard (1...Self.largestRandom).contains(bits) else {
            throw BellError(
                .jsonShape, "\(bits) bits of a generator were asked for.", at: "device.raw_random bits",
                fix: "ask for 1 to \(Self.largestRandom) bits at a time")
        }
        return try await visit("\(device) cannot give bits of its generator") { () async throws(BellError) in
            let random = try await boards.boards[node].rawRandomBits(UInt32(bits))
            // Unlike outcomes they belong to no campaign yet; they go to the person who asked and are not kept here.
            return ["device": .string(device), "bits": JSON(count: bits), "packed": .string(random.bytes.hex)]
        }
    }

    /// Does what a person asked for while no campaign is under way or begins.
    private func visit(
        _ refusal: String, _ body: () async throws(BellError) -> JSON
    ) async throws(BellError) -> JSON {
        try await runner.beginVisit(refusal)
        do throws(BellError) {
            let answer = try await body()
            await runner.endVisit()
            return answer
        } catch {
            await runner.endVisit()
            throw error
        }
    }

    /// All devices in the order of the laboratory file.
    private func list() async -> [JSON] {
        var devices: [JSON] = []
        for device in laboratory.devices {
            let board = await boards.json(named: device.name)
            if let shown = board { devices.append(shown) }
            if board == nil, let shown = await instruments.json(named: device.name) { devices.append(shown) }
        }
        return devices
    }

    private func refuseBoard(_ name: String) async throws(BellError) {
        guard boards.node(named: name) != nil else { return }
        throw BellError(
            .deviceUnknown, "\(name) is a board: it plays programs and has no settings.", at: "lab.yaml devices",
            fix: "change the sequence or the calibration instead")
    }
}

extension BellError.Code {
    /// No device of that name stands in lab.yaml.
    static let deviceUnknown = BellError.Code("device.unknown", exit: .usage)
}
