import BellModel
import DriverKit
import SCPIInstrument
import Synchronization
import VirtualUSB
import TestSupport

/// The simulated source straight under the driver. Nothing waits: what is not there at once has timed out.
///
/// Counts the driver's steps and can pull the cable at one of them.
final class DirectUSB: USBInterface {
    struct State {
        var model: USBTMCSource
        var steps = 0
        var unplugAt: Int?
        var calls: [String] = []
        var isClosed = false
        /// Bytes of the pieces in which a bulk OUT transfer reaches the device, one after another; repeats.
        var pieces: [Int] = []
        var brokenReset = false
        /// It comes back from a reset as another device.
        var unplugAtReset = false
        var isHalted: Set<UInt8> = []
    }

    let identity: USBIdentity
    let number: UInt8 = 0
    let endpoints: [USBEndpoint]
    let state: Mutex<State>

    init(_ model: USBTMCSource, vendor: UInt16 = USBTMCSource.vendor, product: UInt16 = USBTMCSource.product) {
        identity = USBIdentity(vendor: vendor, product: product, serial: model.source.serial, port: "1-1")
        endpoints = model.descriptors.interfaces[0].endpoints
        state = Mutex(State(model: model))
    }

    /// What the driver did, one word each, without the transfers' bytes.
    var calls: [String] { state.withLock { $0.calls } }
    var model: USBTMCSource { state.withLock { $0.model } }

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    private func step<Result>(
        _ call: String, _ body: (inout State) throws(BellError) -> Result
    ) throws(BellError) -> Result {
        let result = state.withLock { state -> Swift.Result<Result, BellError> in
            state.steps += 1
            state.calls.append(call)
            if let unplugAt = state.unplugAt, state.steps >= unplugAt {
                return .failure(BellError(.usbUnplugged, "The device is gone.", at: identity.text))
            }
            do throws(BellError) { return .success(try body(&state)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws(BellError) {
        try step("write") { (state: inout State) throws(BellError) in
            var rest = bytes[...]
            var piece = 0
            repeat {
                let size = state.pieces.isEmpty ? rest.count : max(1, state.pieces[piece % state.pieces.count])
                piece += 1
                switch state.isHalted.contains(endpoint)
                    ? .stall : state.model.wrote(Array(rest.prefix(size)), to: endpoint)
                {
                case .taken: rest = rest.dropFirst(size)
                case .wait: throw BellError(.usbTimeout, "Not taken.")
                case .stall:
                    state.isHalted.insert(endpoint)
                    throw BellError(.usbStall, "Stalled.")
                }
            } while !rest.isEmpty
        }
    }

    func read(_ count: Int, from endpoint: UInt8, timeout: Duration) async throws(BellError) -> [UInt8] {
        try step("read") { (state: inout State) throws(BellError) in
            var all: [UInt8] = []
            // A transfer goes on over full packets until a short one.
            switch state.isHalted.contains(endpoint) ? .stall : state.model.read(count, from: endpoint) {
            case .data(let bytes): all = bytes
            case .wait: throw BellError(.usbTimeout, "Nothing came.")
            case .stall:
                state.isHalted.insert(endpoint)
                throw BellError(.usbStall, "Stalled.")
            }
            return all
        }
    }

    func control(
        _ request: USBControlRequest, data: [UInt8], timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        try step("control \(request.request)") { (state: inout State) throws(BellError) in
            guard case .data(let bytes) = state.model.control(request, data: data) else {
                throw BellError(.usbStall, "Stalled.")
            }
            return Array(bytes.prefix(Int(request.length)))
        }
    }

    func clearHalt(_ endpoint: UInt8) async throws(BellError) {
        try step("clearHalt \(String(endpoint, radix: 16))") { (state: inout State) throws(BellError) in
            state.isHalted.remove(endpoint)
            state.model.clearedHalt(endpoint)
        }
    }

    func reset() async throws(BellError) {
        try step("reset") { (state: inout State) throws(BellError) in
            guard !state.brokenReset else { throw BellError(.usbIO, "No reset.") }
            if state.unplugAtReset { state.unplugAt = 0 }
            state.isHalted = []
            state.model.reset()
        }
    }

    func close() {
        change { state in
            state.calls.append("close")
            state.isClosed = true
        }
    }
}

extension USBTMCLink {
    /// A link over one interface that opens as often as is asked.
    static func direct(_ usb: DirectUSB, clock: any Clock<Duration> = InstantClock()) -> USBTMCLink {
        USBTMCLink(place: "alice/lo", clock: clock) { () throws(BellError) in usb }
    }

    func text(_ question: String, limit: Int = scpiAnswerLimit) async throws(BellError) -> String {
        let answer = try await query(Array(question.utf8), answer: .line, limit: limit, timeout: .seconds(1))
        return SCPIText.trimmed(String(decoding: answer, as: UTF8.self))
    }
}

/// What an operation throws; nil when it succeeds.
func failure(of body: () async throws(BellError) -> Void) async -> BellError? {
    do throws(BellError) {
        try await body()
        return nil
    } catch {
        return error
    }
}
