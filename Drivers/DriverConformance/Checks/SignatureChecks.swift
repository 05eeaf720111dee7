import BellCrypto
import BellModel
import DriverKit

/// The board's key and its signatures.
enum SignatureChecks {
    /// NODE_KEY is given, always the same, or refused as unsupported.
    static func key(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let reply = try await bench.probe.ask(.nodeKeyRequest)
        guard try bench.board.hasSigningKey else {
            guard reply.errorCode == .unsupported else {
                throw BellError(
                    .conformanceViolation,
                    "Without a key, NODE_KEY_REQUEST is answered with \(reply.summary), not ERROR unsupported.")
            }
            return .passed
        }
        guard case .nodeKey = reply else {
            throw BellError(.conformanceViolation, "NODE_KEY_REQUEST is answered with \(reply.summary).")
        }
        guard try await bench.probe.ask(.nodeKeyRequest) == reply else {
            throw BellError(.conformanceViolation, "Two NODE_KEY differ.")
        }
        return .passed
    }

    /// Each chunk is followed by a signature that verifies.
    static func chunks(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let run = try TrialChecks.reference(bench)
        guard try bench.board.hasSigningKey else {
            guard run.signatures.isEmpty else {
                throw BellError(.conformanceViolation, "CHUNK_SIGNATURE came, but CAPABILITIES know of no key.")
            }
            return .skipped("the board has no signing key")
        }
        guard case .nodeKey(let key) = try await bench.probe.ask(.nodeKeyRequest) else {
            return .skipped("the board does not tell its key, see signature.key")
        }
        var findings = Findings()
        let data = run.arrivals.filter { $0.trials != nil || $0.signature != nil }
        for (place, arrival) in data.enumerated() {
            guard let chunk = arrival.trials else { continue }
            guard place + 1 < data.count, let signature = data[place + 1].signature else {
                findings.add("No CHUNK_SIGNATURE follows the chunk from index \(chunk.firstIndex).")
                continue
            }
            findings.expect(
                signature.firstIndex == chunk.firstIndex && Int(signature.count) == chunk.count
                    && signature.bootID == chunk.bootID,
                "The signature behind the chunk from \(chunk.firstIndex) is for \(signature.count) records from "
                    + "\(signature.firstIndex).")
            findings.expect(
                signature.digest == Blake2b.hash(chunk.records),
                "The digest of the chunk from \(chunk.firstIndex) is not the BLAKE2b-256 of its records.")
            findings.expect(
                verify(signature: signature.signature, message: signature.signedBytes, publicKey: key.publicKey),
                "The signature of the chunk from \(chunk.firstIndex) does not verify with the board's key.")
        }
        try findings.done()
        return .passed([.init("verified", Double(run.chunks.count), "chunks")])
    }
}
