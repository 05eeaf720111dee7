import BellModel
import DriverKit

/// The driver's side of the instrument protocol for one simulated gauge: a request in, its answer out.
///
/// - SeeAlso: docs/instrument-protocol.md.
struct GaugeService: Sendable {
    let gauge: GaugeTruth
    let bootID: String
    /// Nil when the gauge does not answer.
    let read: @Sendable (String) -> InstrumentValue?
    let problems: @Sendable () -> [String]?

    /// The answer; nil to what is no request, and from a gauge that has fallen silent.
    func answer(_ request: [UInt8]) -> [UInt8]? {
        guard request.count <= GaugeService.largest, let json = try? JSON(parsing: request, source: "request"),
            let id = json["id"]?.intValue, let method = json["method"]?.stringValue
        else { return nil }
        guard let outcome = outcome(method, json["params"] ?? [:]) else { return nil }
        var object: [String: JSON] = ["id": .int(id), "boot_id": .string(bootID)]
        switch outcome {
        case .success(let result): object["result"] = result
        case .failure(let error): object["error"] = ["code": .string(error.code), "what": .string(error.what)]
        }
        return Array(JSON.object(object).text.utf8)
    }

    /// 64 KiB, as the protocol says.
    private static let largest = 65_536

    private struct Refusal: Error {
        var code: String
        var what: String
    }

    private func outcome(_ method: String, _ params: JSON) -> Result<JSON, Refusal>? {
        switch method {
        case "ping", "safe": return .success([:])
        case "hello":
            guard params["protocol"]?.intValue == 1 else {
                return refuse("instrument.wrong-version", "only version 1 is spoken here")
            }
            return problems().map { _ in
                .success([
                    "protocol": 1, "identity": gauge.identity.json, "settings": .array(gauge.settings.map(\.hello)),
                ])
            }
        case "problems": return problems().map { .success(["problems": .array($0.map { .string($0) })]) }
        case "read", "set":
            guard let key = params["key"]?.stringValue, gauge.readings.contains(where: { $0.key == key }) else {
                return refuse("instrument.unknown-setting", "there is no such reading")
            }
            if method == "set" { return refuse("instrument.read-only", "\(key) cannot be set, only read") }
            return read(key).map { .success(["value": $0.json]) }
        default: return refuse("instrument.unknown-method", "there is no such method")
        }
    }

    private func refuse(_ code: String, _ what: String) -> Result<JSON, Refusal> {
        .failure(Refusal(code: code, what: what))
    }
}

extension InstrumentSetting {
    /// Its declaration in the result of `hello`.
    fileprivate var hello: JSON {
        var object: [String: JSON] = [
            "key": .string(key), "summary": .string(summary), "writable": .bool(isWritable), "kind": "toggle",
        ]
        if case .number(let range) = kind {
            object["kind"] = "number"
            object["least"] = .double(range.lowerBound)
            object["greatest"] = .double(range.upperBound)
            object["unit"] = .string(unit ?? "1")
        }
        return .object(object)
    }
}
