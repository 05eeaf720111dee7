import BellModel
import DriverKit
import Testing

@Suite("The vectors of docs/board-protocol.md")
struct GoldenVectorTests {
    @Test("every message encodes to its vector, and its vector decodes to it")
    func bothWays() throws {
        let vectors = try ProtocolDocument.vectors()
        for known in try Fixture.messages() {
            let vector = try #require(vectors[known.name], "no vector \(known.name)")
            #expect(
                known.message.encoded(sequence: known.sequence, replyTo: known.replyTo).hex == vector.hex,
                "\(known.name)")
            let frame = try Frame.decode(vector)
            #expect(frame.sequence == known.sequence, "\(known.name)")
            #expect(frame.replyTo == known.replyTo, "\(known.name)")
            #expect(frame.encoded() == vector, "\(known.name)")
            #expect(try BoardMessage(frame) == known.message, "\(known.name)")
            let (type, payload) = known.message.encode()
            #expect(type == frame.type)
            #expect(payload[...] == frame.payload, "\(known.name)")
        }
    }

    @Test("every message type has a vector, and every vector is tested")
    func complete() throws {
        let known = try Fixture.messages()
        #expect(Set(known.map(\.message.type)) == Set(MessageType.allCases))
        let refused = GoldenVectorTests.refused.keys
        #expect(
            Set(try ProtocolDocument.vectors().keys) == Set(known.map(\.name)).union(refused).union(["trial-record"]))
    }

    static let refused: [String: FrameError] = [
        "bad-version": .wrongVersion(2, sequence: 18),
        "bad-type": .unknownType(0x01ff),
        "bad-checksum": .badChecksum,
        "bad-length": .lengthMismatch(declared: 0, actual: 1),
        "bad-truncated": .truncated(have: 71, need: 72),
        "bad-size": .oversized(1_048_577),
        "bad-reason": .badPayload(type: 0x0108, field: "reason"),
        "bad-made": .badPayload(type: 0x0108, field: "made"),
        "bad-count": .badPayload(type: 0x0106, field: "records"),
        "bad-overflow": .badPayload(type: 0x0106, field: "first index"),
    ]

    @Test("every frame that the document says must be refused is refused, for its reason", arguments: refused.keys)
    func refusals(name: String) throws {
        let vector = try #require(try ProtocolDocument.vectors()[name])
        let reason = try #require(GoldenVectorTests.refused[name])
        #expect(throws: reason) { try BoardMessage(try Frame.decode(vector)) }
    }

    @Test("the trial record's vector is the first record of TRIALS")
    func trialRecord() throws {
        let vector = try #require(try ProtocolDocument.vectors()["trial-record"])
        #expect(TrialRecord.all(in: vector) == [Fixture.records[0]])
        #expect(TrialRecord.bytes(of: [Fixture.records[0]]) == vector)
    }

    @Test("the program of PROGRAM's vector decodes to what the document says")
    func program() throws {
        let frame = try Frame.decode(try #require(try ProtocolDocument.vectors()["program"]))
        #expect(try NodeProgram(decoding: frame.payload) == (try Fixture.program()))
    }

    @Test("a signature covers its domain and all fields before itself")
    func signedBytes() throws {
        let frame = try Frame.decode(try #require(try ProtocolDocument.vectors()["chunk-signature"]))
        guard case .chunkSignature(let signature) = try BoardMessage(frame) else {
            Issue.record("not a CHUNK_SIGNATURE")
            return
        }
        #expect(signature.signedBytes == [UInt8]("BELL chunk v1\0\0\0".utf8) + frame.payload.prefix(80))
    }
}
