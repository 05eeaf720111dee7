import BellControl
import BellHost
import BellModel
import BellSequence
import BellZeroMQ
import Devices
import DriverConformance
import DriverKit
import Synchronization

/// `bellctl device check`: the conformance kit, by the daemon that has the device, or directly.
enum DeviceCheckCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let target = invocation.positional(0) ?? ""
        if !target.contains("://"), try isServed(invocation) { return try byDaemon(target, invocation) }
        let signals = try SignalCount()
        return try directly(target, invocation, isInterrupted: { signals.count > 0 })
    }

    /// Whether a daemon answers, whatever it says.
    private static func isServed(_ invocation: Invocation) throws(BellError) -> Bool {
        do throws(BellError) {
            _ = try invocation.call("ping", timeoutMilliseconds: 2000)
            return true
        } catch {
            return error.code != .controlUnreachable
        }
    }

    /// Refuses devices that the daemon of this state directory has: a check would take them from it between two arms.
    private static func refuseServed(
        _ devices: [Laboratory.Device], _ invocation: Invocation
    ) throws(BellError) {
        let lock = try invocation.stateDirectory().file("belld.lock")
        guard isLockHeld(lock) else { return }
        guard try isServed(invocation) else {
            throw BellError(
                .conformanceBusy, "belld runs and does not answer, so that nobody knows which devices it uses.",
                at: lock, state: "nothing was sent to any device",
                fix: "try again; if it stays so, stop belld, or name another state directory (--state)")
        }
        let run = try invocation.runDirectory().path
        let served = try invocation.call("device.list")["devices"]?.arrayValue ?? []
        for row in served {
            guard let name = row["name"]?.stringValue, let text = row["at"]?.stringValue,
                let address = try? DeviceAddress(text, place: "belld")
            else { continue }
            guard let device = devices.first(where: { $0.address.isSamePlace(as: address, runDirectory: run) })
            else { continue }
            throw BellError(
                .conformanceBusy, "The running belld has \(device.address.text): it is its device \(name).",
                at: device.address.text, state: "nothing was sent to it",
                fix: "let belld make the check, `bellctl device check \(name)`, or stop belld first")
        }
    }

    // MARK: By the daemon

    /// The daemon makes the check; what it says of its progress is asked for meanwhile.
    private static func byDaemon(_ name: String, _ invocation: Invocation) throws(BellError) -> Reply {
        let endpoint = try invocation.runDirectory().endpoint("control")
        let allowsOutput = invocation.flag("allow-output")
        let pending = try DirectAccess.startOnThread { () throws(BellError) in
            let client = try ControlClient(context: try ZeroMQContext(), endpoint: endpoint)
            return try client.call(
                "device.check", ["device": .string(name), "allow_output": .bool(allowsOutput)],
                timeoutMilliseconds: 300_000)
        }
        let screen = ProgressScreen(console: invocation.console)
        while pending.finished == nil {
            pause(milliseconds: 200)
            guard invocation.console.isTerminal, let status = try? invocation.call("status") else { continue }
            let message = status["events"]?.arrayValue?.last { $0["device"]?.stringValue == name }?["message"]
            guard let text = Style.safe(message?.stringValue, limit: 100) else { continue }
            let words = text.split(separator: " ")
            let numbers = words.compactMap { Double($0.filter(\.isNumber)) }
            screen.draw(fraction: numbers.count >= 2 ? (numbers[0] - 1) / max(numbers[1], 1) : 0, fields: [text])
        }
        screen.end()
        let report = try pending.wait()
        let lines = (report["text"]?.stringValue ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        return Reply(
            json: report, text: ended(lines.map { Style.safe(String($0)) ?? "" }.joined(separator: "\n")),
            exit: report["passed"]?.boolValue == true ? .ok : .hardware)
    }

    // MARK: Directly

    /// - Parameter isInterrupted: Whether the check should end early, with the device safe.
    static func directly(
        _ target: String, _ invocation: Invocation, isInterrupted: () -> Bool
    ) throws(BellError) -> Reply {
        let lab = invocation.text("lab") ?? ""
        let laboratory = try LabFile.laboratory(text: try readText(lab), source: lab)
        let device = try device(target, in: laboratory, invocation)
        let partner = device.driver == .board ? try partner(of: device, in: laboratory, invocation) : nil
        try refuseServed([device, partner].compactMap { $0 }, invocation)
        let access = try DirectAccess(invocation, lab: lab)
        defer { access.close() }
        let latest = Latest()
        let title = device.name == device.address.text ? device.name : "\(device.name) at \(device.address.text)"
        let pending: DirectAccess.Pending<ConformanceReport>
        if device.driver == .board {
            var options = BoardConformanceOptions(
                way: device.address.isByteStream ? .stream : .messages, allowOutput: invocation.flag("allow-output"))
            if device.address.takesManyHosts || partner?.address.takesManyHosts == true {
                options.lookout = BoardConformanceOptions.usualLookout
            }
            if let node = device.node { options.isTriggerMaster = laboratory.triggerMaster == node }
            if invocation.flag("ask-to-pull") { options.askToPull = { await latest.ask() } }
            let kit = BoardConformance(
                name: title, opener: try access.devices.opener(of: device.address),
                partner: try partner.map { (partner) throws(BellError) in
                    try access.devices.opener(of: partner.address)
                }, options: options)
            pending = DirectAccess.start { () async throws(BellError) in try await kit.run { latest.set($0) } }
        } else {
            let instrument = try access.devices.instrument(
                name: title, driver: device.driver, address: device.address)
            let isAllowed = invocation.flag("allow-output")
            let kit = InstrumentConformance(
                instrument, options: InstrumentConformanceOptions(allowSetting: isAllowed, allowOutput: isAllowed))
            pending = DirectAccess.start { () async throws(BellError) in await kit.run { latest.set($0) } }
        }
        let report = try watch(pending, latest, invocation.console, isInterrupted)
        return Reply(json: report.json, text: report.text, exit: report.exitCode)
    }

    /// Draws the progress; Ctrl-C ends the check early and leaves the device safe.
    private static func watch(
        _ pending: DirectAccess.Pending<ConformanceReport>, _ latest: Latest, _ console: Console,
        _ isInterrupted: () -> Bool
    ) throws(BellError) -> ConformanceReport {
        let screen = ProgressScreen(console: console)
        while pending.finished == nil {
            pause(milliseconds: 50)
            if isInterrupted() { pending.cancel() }
            if latest.takeQuestion() {
                screen.note("pull the device's cable, put it in again, then press Return")
                _ = readLine()
                latest.answer()
            }
            guard let progress = latest.value else { continue }
            screen.draw(
                fraction: Double(progress.number - 1) / Double(max(progress.total, 1)),
                fields: ["\(progress.number) of \(progress.total)", progress.title])
        }
        screen.end()
        return try pending.wait()
    }

    /// A device of lab.yaml, or what the options say of an address.
    private static func device(
        _ target: String, in laboratory: Laboratory, _ invocation: Invocation
    ) throws(BellError) -> Laboratory.Device {
        guard target.contains("://") else { return try LabFile.device(target, in: laboratory) }
        let address = try DeviceAddress(target, place: "DEVICE")
        if let known = laboratory.devices.first(where: { $0.address.way == address.way }) { return known }
        return Laboratory.Device(
            name: target, driver: Laboratory.Driver(rawValue: invocation.text("driver") ?? "") ?? .board, node: nil,
            address: address, limits: nil, place: SourcePlace(file: laboratory.source, line: 1))
    }

    /// The other board: the one that is named, else the other node's for a board of lab.yaml.
    private static func partner(
        of device: Laboratory.Device, in laboratory: Laboratory, _ invocation: Invocation
    ) throws(BellError) -> Laboratory.Device? {
        if let name = invocation.text("partner") { return try Self.device(name, in: laboratory, invocation) }
        return device.node.map { laboratory.boards[$0.other] }
    }
}

extension DeviceAddress {
    /// Whether several hosts can reach it at once: ZeroMQ. A USB interface has one owner.
    fileprivate var takesManyHosts: Bool {
        switch way {
        case .run, .ipc, .tcp: true
        case .mock, .usb, .replay, .socket: false
        }
    }

    /// Whether both lead to one device. Simulated and recorded ones live inside the process that names them.
    fileprivate func isSamePlace(as other: DeviceAddress, runDirectory: String) -> Bool {
        switch way {
        case .mock, .replay: return false
        case .run, .ipc, .tcp, .usb, .socket: break
        }
        if way == other.way { return true }
        guard let mine = zeroMQEndpoint(runDirectory: runDirectory) else { return false }
        return mine == other.zeroMQEndpoint(runDirectory: runDirectory)
    }
}

/// What a check that runs in a task has to say to the thread that draws.
private final class Latest: Sendable {
    private struct State {
        var progress: ConformanceProgress?
        var question: CheckedContinuation<Void, Never>?
        var isAsked = false
    }

    private let state = Mutex(State())

    var value: ConformanceProgress? { state.withLock { $0.progress } }

    func set(_ progress: ConformanceProgress) { state.withLock { $0.progress = progress } }

    /// Waits until a person has answered.
    func ask() async {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                state.question = continuation
                state.isAsked = true
            }
        }
    }

    /// Whether a question is new.
    func takeQuestion() -> Bool {
        state.withLock { state in
            defer { state.isAsked = false }
            return state.isAsked
        }
    }

    func answer() {
        state.withLock { state in
            defer { state.question = nil }
            return state.question
        }?.resume()
    }
}
