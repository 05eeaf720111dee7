import BellModel
import Foundation
import Testing

@testable import BellRandomness

/// `Reference/sp80022.json`, which an independent program in Python computed with 40 digits; see `Reference/sp80022.py`.
struct SP80022Reference {
    let pValues: [Double]
    let cycles: Int
    let older: Double
    let length: SP80022Length

    /// pi, e, marked or joined.
    init(_ name: String) throws {
        let json = try JSON(
            parsing: try [UInt8](Data(contentsOf: SP80022Reference.folder.appending(path: "sp80022.json"))))
        let stream = try #require(json[name])
        pValues = try #require(stream["p_values"]?.arrayValue).compactMap(\.doubleValue)
        cycles = Int(try #require(stream["cycles"]?.intValue))
        older = try #require(stream["overlapping_older_classes"]?.doubleValue)
        length = try SP80022Length(Int(try #require(stream["bits"]?.intValue)))
    }

    static let names = ["pi", "e", "marked", "joined"]
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Reference")

    /// The first 10^6 bits of π or e with the integer part, as the script wrote them.
    private static func expansion(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: folder.appending(path: "\(name).bits")))
    }

    static func bits(_ name: String) throws -> [UInt8] {
        switch name {
        case "marked":
            var bits = try expansion("pi")
            for place in stride(from: 0, to: bits.count, by: 64) { bits[place] |= 0x80 }
            return bits
        case "joined": return try Array((expansion("pi") + expansion("e")).prefix(1 << 17))
        default: return try expansion(name)
        }
    }
}
