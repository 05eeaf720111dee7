import BellModel
import DriverKit
import Synchronization

@testable import BellSequence

/// An instrument that a test sets the mood of.
final class FakeInstrument: Instrument {
    struct State {
        var isSimulated = true
        var connectError: BellError?
        var readError: BellError?
        var setError: BellError?
        /// What is read back instead of what was set.
        var reads: [String: InstrumentValue] = [:]
        var problems: [String] = []
        var values: [String: InstrumentValue] = ["output": .toggle(false), "power_dbm": .number(-60)]
        /// `connect`, `set power_dbm=-10.0`, `safe`, `close`: what changes something, in order.
        var calls: [String] = []
        var isConnected = false
    }

    let name: String
    let state: Mutex<State>

    init(_ name: String = "lo", change: (inout State) -> Void = { _ in }) {
        self.name = name
        var state = State()
        change(&state)
        self.state = Mutex(state)
    }

    var calls: [String] { state.withLock { $0.calls } }

    func connect() async throws(BellError) -> InstrumentIdentity {
        let result = state.withLock { state -> Result<Bool, BellError> in
            state.calls.append("connect")
            if let error = state.connectError { return .failure(error) }
            state.isConnected = true
            return .success(state.isSimulated)
        }
        return InstrumentIdentity(
            vendor: "Fake", model: "F1", serial: "42", firmware: "1.0", isSimulated: try result.get())
    }

    func settings() async -> [InstrumentSetting] {
        [
            InstrumentSetting(key: "output", summary: "on or off", kind: .toggle),
            InstrumentSetting(key: "power_dbm", summary: "power", kind: .number(-60...20)),
        ]
    }

    func read(_ key: String) async throws(BellError) -> InstrumentValue {
        try state.withLock { state -> Result<InstrumentValue, BellError> in
            if let error = state.readError { return .failure(error) }
            guard state.isConnected else { return .failure(BellError(.instrumentNotConnected, "It is closed.")) }
            return .success(state.reads[key] ?? state.values[key] ?? .toggle(false))
        }.get()
    }

    func set(_ key: String, to value: InstrumentValue) async throws(BellError) -> InstrumentValue {
        try state.withLock { state -> Result<InstrumentValue, BellError> in
            state.calls.append("set \(key)=\(value.text)")
            if let error = state.setError { return .failure(error) }
            guard state.isConnected else { return .failure(BellError(.instrumentNotConnected, "It is closed.")) }
            state.values[key] = value
            return .success(state.reads[key] ?? value)
        }.get()
    }

    func problems() async throws(BellError) -> [String] {
        try state.withLock { state -> Result<[String], BellError> in
            state.readError.map { .failure($0) } ?? .success(state.problems)
        }.get()
    }

    func makeSafe() async throws(BellError) {
        state.withLock { state in
            state.calls.append("safe")
            state.values["output"] = .toggle(false)
        }
    }

    func close() async {
        state.withLock { state in
            state.calls.append("close")
            state.isConnected = false
        }
    }
}

extension Laboratory.Device {
    /// An instrument of lab.yaml.
    static func instrument(
        _ name: String = "lo", at address: String = "usb://1209:be12/LO-1", settings: [(String, String)] = []
    ) throws -> Laboratory.Device {
        var device = Laboratory.Device(
            name: name, driver: .microwaveSource, node: nil, address: try DeviceAddress(address), limits: nil,
            place: SourcePlace(file: "lab.yaml", line: 30))
        for (number, setting) in settings.enumerated() {
            device.settings.append(
                .init(key: setting.0, value: setting.1, place: SourcePlace(file: "lab.yaml", line: 33 + number)))
        }
        return device
    }
}

/// What a keeper shows.
final class Shown: Sendable {
    private let list = Mutex<[(kind: String, data: JSON)]>([])

    func add(_ kind: String, _ data: JSON) { list.withLock { $0.append((kind, data)) } }

    /// The states that were shown of a device, without repetitions.
    var states: [String] {
        list.withLock { $0 }.filter { $0.kind == "device" }.compactMap { $0.data["state"]?.stringValue }
            .reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    var messages: [String] {
        list.withLock { $0 }.filter { $0.kind == "event" }.compactMap { $0.data["message"]?.stringValue }
    }
}
