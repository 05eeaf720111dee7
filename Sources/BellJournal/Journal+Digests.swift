import BellCrypto
import BellModel
import BellSQLite

extension Journal {
    /// BLAKE2b-256 of all columns of a block's row.
    static func digest(of block: BlockHeader) -> Digest {
        var hash = Blake2b()
        hash.update(text: "bell journal block 1")
        hash.update(block.number)
        hash.update(block.firstIndex)
        hash.update(text: block.calibration.text)
        hash.update(block.calibrationHash.bytes)
        hash.update(text: block.audit.text)
        for node in Node.allCases {
            hash.update(UInt64(block.programs[node].count))
            hash.update(block.programs[node])
            hash.update(block.bootIDs[node])
        }
        return hash.finish()
    }

    /// BLAKE2b-256 of all columns of a committed arm.
    static func digest(of header: ArmHeader) -> Digest {
        var hash = Blake2b()
        hash.update(text: "bell journal arm header 1")
        update(&hash, header)
        return hash.finish()
    }

    private static func update(_ hash: inout Blake2b, _ header: ArmHeader) {
        for number in [header.arm, header.block, header.firstIndex, UInt64(header.count)] { hash.update(number) }
        hash.update(header.hostBitsCommitment == nil ? 0 : 1)
        hash.update(header.hostBitsCommitment?.bytes ?? [])
    }

    /// BLAKE2b-256 of the end of a block, tied to the block.
    static func digest(ofEnd summary: String, block: UInt64) -> Digest {
        var hash = Blake2b()
        hash.update(text: "bell journal block end 1")
        hash.update(block)
        hash.update(text: summary)
        return hash.finish()
    }

    /// BLAKE2b-256 of an event's columns.
    static func digest(of event: JournalEvent) -> Digest {
        var hash = Blake2b()
        hash.update(text: "bell journal event 1")
        hash.update(event.number)
        hash.update(text: event.time)
        hash.update(text: event.kind)
        hash.update(text: event.detail.text)
        return hash.finish()
    }

    /// BLAKE2b-256 of everything that is known of a recorded arm; the records enter by their chunks' hashes.
    static func digest(
        of header: ArmHeader, chunks: PerNode<[StoredChunk]>, clocks: PerNode<[ClockRecord]>, statuses: [UInt8],
        margins: String
    ) -> Digest {
        var hash = Blake2b()
        hash.update(text: "bell journal arm 1")
        update(&hash, header)
        for node in Node.allCases {
            hash.update(UInt64(chunks[node].count))
            for chunk in chunks[node] {
                for number in [chunk.firstIndex, chunk.firstPulse, chunk.bootID, UInt64(chunk.count)] {
                    hash.update(number)
                }
                hash.update(chunk.hash.bytes)
                hash.update(chunk.head.bytes)
                hash.update(UInt64(chunk.signature?.count ?? 0))
                hash.update(chunk.signature ?? [])
            }
            hash.update(UInt64(clocks[node].count))
            for record in clocks[node] {
                hash.update(record.pulse)
                hash.update(record.tick)
            }
        }
        hash.update(statuses)
        hash.update(text: margins)
        return hash.finish()
    }

    /// A column of 32 bytes.
    func digest(_ row: Row, _ column: Int, _ name: String) throws(BellError) -> Digest {
        guard let digest = Digest(bytes: try row.blob(column)) else {
            throw BellError(
                .journalDamaged, "A hash does not have 32 bytes.", at: "\(path), \(name)",
                fix: "restore the journal from a copy")
        }
        return digest
    }

    func mismatch(_ what: String, _ place: String) -> BellError {
        BellError(
            .journalHash, what, at: "\(path), \(place)",
            fix: "restore the journal from a copy; the evidence proves nothing as it is")
    }
}
