import BellModel
import BellStream
import Testing
import TestSupport

@Suite("docs/stream-protocol.md")
struct StreamDocumentTests {
    @Test("every accepted vector decodes to what the document says and encodes to the same bytes")
    func accepted() throws {
        let vectors = try StreamDocument().vectors.filter { $0.code == nil }
        #expect(vectors.count >= 11)
        for vector in vectors {
            let frame = try StreamFrame(decoding: vector.bytes)
            #expect(frame.described == vector.json, "\(vector.name)")
            #expect(frame.encoded == vector.bytes, "\(vector.name)")
        }
    }

    @Test("the vectors show every frame type")
    func complete() throws {
        let types = try StreamDocument().vectors.filter { $0.code == nil }.map {
            try StreamFrame(decoding: $0.bytes).type
        }
        #expect(Set(types) == Set(1...8))
    }

    @Test("every refused vector is refused with the document's code")
    func refused() throws {
        let vectors = try StreamDocument().vectors.filter { $0.code != nil }
        #expect(vectors.count >= 14)
        for vector in vectors {
            do throws(BellError) {
                let frame = try StreamFrame(decoding: vector.bytes)
                Issue.record("\(vector.name) was accepted as \(frame)")
            } catch {
                #expect(error.code.name == vector.code, "\(vector.name): \(error)")
            }
        }
    }

    @Test(
        "cut, stretched and flipped frames are refused or read, and never trap", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func hostile(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var read = 0
        var refused = 0
        for vector in try StreamDocument().vectors where !vector.bytes.isEmpty {
            for _ in 0..<400 {
                var bytes = vector.bytes
                switch random.next() % 4 {
                case 0: bytes.removeLast(Int(random.next() % UInt64(bytes.count)) + 1)
                case 1: bytes += [UInt8(truncatingIfNeeded: random.next())]
                default:
                    for _ in 0...(random.next() % 4) {
                        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
                    }
                }
                do throws(BellError) {
                    let frame = try StreamFrame(decoding: bytes)
                    // What is read must be sound: no sum that traps, no byte that means nothing.
                    if case .outcomes(_, let outcomes) = frame {
                        #expect(outcomes.tally.trials == UInt64(outcomes.statuses.count))
                        #expect(outcomes.nextIndex > outcomes.firstIndex)
                    }
                    read += 1
                } catch {
                    refused += 1
                }
            }
        }
        #expect(read > 0)
        #expect(refused > read / 4)
    }
}
