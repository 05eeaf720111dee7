import BellModel
import BellRandomness
import Foundation
import Testing

/// The vectors of Reference/extractors.json.
struct ExtractorVector: Sendable, CustomTestStringConvertible {
    let shape: ExtractorShape
    let labels: (source: String, second: String)
    let output: String?
    let hash: String

    var testDescription: String { "\(shape.kind.rawValue) \(shape.sourceBits) to \(shape.outputBits)" }

    static let all: [ExtractorVector] = {
        do {
            let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Reference/extractors.json")
            let json = try JSON(parsing: try Data(contentsOf: url), source: "extractors.json")
            return try (json["vectors"]?.arrayValue ?? []).map { item in
                var reader = try JSONReader(item, path: "vectors")
                let kind = try #require(ExtractorKind(rawValue: try reader.string("kind")))
                return ExtractorVector(
                    shape: ExtractorShape(
                        kind: kind, sourceBits: try reader.int("n1"), secondBits: try reader.int("n2"),
                        outputBits: try reader.int("m"), parameter: try reader.int("parameter")),
                    labels: (try reader.string("x_label"), try reader.string("y_label")),
                    output: reader.optional("z")?.stringValue, hash: try reader.string("z_sha256_of_ascii"))
            }
        } catch {
            Issue.record("\(error)")
            return []
        }
    }()

    /// The bits of SHA-256("label:0"), SHA-256("label:1"), …, most significant first.
    static func draw(_ label: String, _ count: Int) throws -> Bits {
        var bytes: [UInt8] = []
        var counter = 0
        while bytes.count * 8 < count {
            bytes += sha256(Array("\(label):\(counter)".utf8))
            counter += 1
        }
        let last = (count + 7) / 8
        bytes = Array(bytes.prefix(last))
        if count % 8 != 0 { bytes[last - 1] &= ~(0xff >> UInt8(count % 8)) }
        return try Bits(packed: bytes, count: count)
    }
}

@Suite struct ExtractorVectorTests {
    @Test("there are vectors of five extractors")
    func count() {
        #expect(ExtractorVector.all.count == 28)
        #expect(Set(ExtractorVector.all.map(\.shape.kind)) == Set(ExtractorKind.proven))
        #expect(sha256(Array("abc".utf8)).hex.hasPrefix("ba7816bf8f01cfea414140de5dae2223"))
    }

    @Test("an extractor gives the bits of the independent implementation", arguments: ExtractorVector.all)
    func vector(_ vector: ExtractorVector) throws {
        let shape = vector.shape
        let source = try ExtractorVector.draw(vector.labels.source, shape.sourceBits)
        let second = try ExtractorVector.draw(vector.labels.second, shape.secondBits)
        let output = try Extractor(shape).extract(source, second)
        #expect(output.count == shape.outputBits)
        if let expected = vector.output { #expect(output.text == expected) }
        #expect(sha256(Array(output.text.utf8)).hex == vector.hash)
    }
}
