import BellModel
import BellStream
import Glibc
import Testing

/// Reads the vectors of docs/stream-protocol.md: the document is the test's only copy of them.
struct StreamDocument {
    struct Vector {
        var name: String
        var bytes: [UInt8]
        /// The frame in words, for accepted vectors.
        var json: JSON?
        /// The error's code, for refused ones.
        var code: String?
    }

    var vectors: [Vector] = []

    init() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = try readText("/\(root)/docs/stream-protocol.md")
        var fence: [Substring]?
        var lines: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if let open = fence {
                    try take(open, lines)
                    fence = nil
                } else {
                    fence = line.dropFirst(3).split(separator: " ")
                    lines = []
                }
            } else if fence != nil {
                lines.append(line)
            }
        }
    }

    private mutating func take(_ fence: [Substring], _ lines: [Substring]) throws {
        let text = lines.joined()
        let bytes = text == "(empty)" ? [] : [UInt8](hex: text)
        switch fence.first {
        case "hex":
            vectors.append(Vector(name: String(fence[1]), bytes: try #require(bytes, "hex digits")))
        case "json":
            let index = try #require(vectors.firstIndex { $0.name == fence[1] })
            vectors[index].json = try JSON(parsing: lines.joined(separator: "\n"))
        case "refused":
            vectors.append(
                Vector(
                    name: String(fence[1]), bytes: try #require(bytes, "hex digits"), code: String(fence[2])))
        default: break
        }
    }
}

/// A whole text file.
func readText(_ path: String) throws -> String {
    let file = try #require(fopen(path, "r"), "\(path) can be read")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
}

extension StreamFrame {
    /// The frame in the words of the document.
    var described: JSON {
        var members: [String: JSON] = ["campaign": campaign.map { .string($0.description) } ?? .null]
        switch self {
        case .want(_, let session, let next, let credit):
            members["type"] = "WANT"
            members["session"] = .string(String(session))
            members["next_index"] = JSON(count: next)
            members["credit_frames"] = .int(Int64(credit.frames))
            members["credit_bytes"] = .int(Int64(credit.bytes))
        case .begin(_, let begin):
            members.merge(begin.json.objectValue ?? [:]) { $1 }
            members["type"] = "BEGIN"
        case .outcomes(_, let outcomes):
            members["type"] = "OUTCOMES"
            members["arm"] = JSON(count: outcomes.arm)
            members["first_index"] = JSON(count: outcomes.firstIndex)
            members["statuses"] = .string(outcomes.statuses.hex)
            members["leaves"] = outcomes.leaves.json
        case .blockEnd(_, let block):
            members.merge(block.json.objectValue ?? [:]) { $1 }
            members["type"] = "BLOCK_END"
        case .end(_, let end):
            members.merge(end.json.objectValue ?? [:]) { $1 }
            members["type"] = "END"
        case .acknowledge(_, let session, let next, let end):
            members["type"] = "ACK"
            members["session"] = .string(String(session))
            members["next_index"] = JSON(count: next)
            members["end"] = .bool(end)
        case .refused(_, let refusal):
            members["type"] = "ERROR"
            members["reason"] = .int(Int64(refusal.reason))
            members["text"] = .string(refusal.text)
        case .alive(let session):
            members["campaign"] = nil
            members["type"] = "ALIVE"
            members["session"] = .string(String(session))
        }
        return .object(members)
    }
}
