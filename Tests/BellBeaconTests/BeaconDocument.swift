import BellHost
import BellModel
import Testing

/// Reads the vectors of docs/beacon.md: the document is the tests' only copy of them.
struct BeaconDocument {
    /// The texts between fences, by the fence's name.
    private var blocks: [String: String] = [:]

    init() throws {
        var name: String?
        for line in try readText("\(sourceRoot())/docs/beacon.md").split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            if line.hasPrefix("```") {
                name = name == nil ? String(line.dropFirst(3)) : nil
            } else if let name {
                blocks[name, default: ""] += line + "\n"
            }
        }
    }

    func text(_ name: String) throws -> String { try #require(blocks[name], "docs/beacon.md has \(name)") }
    func json(_ name: String) throws -> JSON { try JSON(parsing: try text(name)) }
    func bytes(_ name: String) throws -> [UInt8] {
        try #require([UInt8](hex: try text(name).filter { !$0.isNewline }), "\(name) is hexadecimal")
    }
    /// The four pulses.
    func pulses() throws -> [JSON] { try (1...4).map { try json("json pulse-\($0)") } }
}

func sourceRoot() -> String { "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") }
