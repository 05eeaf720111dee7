import BellModel
import Dispatch
import Recording
import Synchronization

/// A recording in memory; it can refuse bytes as a full disk does, or hold them as a slow one does.
final class MemorySink: RecordingSink {
    private let stored = Mutex<[UInt8]>([])
    private let room: Int
    private let gate: DispatchSemaphore?

    /// - Parameters:
    ///   - room: Bytes until the disk is full.
    ///   - gate: Each write but the header's waits for it.
    init(room: Int = .max, gate: DispatchSemaphore? = nil) {
        self.room = room
        self.gate = gate
    }

    var bytes: [UInt8] { stored.withLock { $0 } }

    func write(_ bytes: [UInt8]) throws(BellError) {
        if let gate, !self.bytes.isEmpty { gate.wait() }
        let fits = stored.withLock { stored -> Bool in
            guard stored.count + bytes.count <= room else { return false }
            stored += bytes
            return true
        }
        guard fits else {
            throw BellError(.recordingWrite, "The recording cannot be written.", cause: "write: No space left (28)")
        }
    }

    func finish() {}
}
