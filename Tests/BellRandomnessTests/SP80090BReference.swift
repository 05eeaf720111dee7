import BellModel
import Foundation
import Testing

@testable import BellRandomness

/// The sequences of Reference/sp80090b.json with what make_sp80090b.py, another implementation, finds in them.
struct SP80090BReference: Sendable, CustomTestStringConvertible {
    let name: String
    let samples: NoiseSamples
    let json: JSON

    var testDescription: String { "\(name), \(samples.bitsPerSymbol) bits" }

    func number(_ key: String) -> Double? { json[key]?.doubleValue }

    static let all: [SP80090BReference] = {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
            path: "Reference/sp80090b.json")
        guard let text = try? String(contentsOf: url, encoding: .utf8),
            let file = try? JSON(parsing: text, source: url.path)
        else { return [] }
        return (file["cases"]?.arrayValue ?? []).map { one in
            SP80090BReference(
                name: one["name"]?.stringValue ?? "",
                samples: NoiseSamples(
                    symbols: (one["symbols"]?.arrayValue ?? []).compactMap { $0.intValue.map(UInt8.init) },
                    bitsPerSymbol: Int(one["bits"]?.intValue ?? 0)),
                json: one)
        }
    }()
}
