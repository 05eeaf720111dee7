public import BellModel
import CKernels

extension Blake2b {
    /// Hashes each message; four neighbours of one length side by side, where the CPU can, which is twice as fast.
    ///
    /// - SeeAlso: `bell_blake2b_four`; the hashes are those of ``hash(_:)-(Array<UInt8>)``.
    public static func hash(each messages: [[UInt8]]) -> [Digest] {
        var digests: [Digest] = []
        digests.reserveCapacity(messages.count)
        while digests.count < messages.count {
            let first = digests.count
            if first + 4 <= messages.count, let four = hashFour(messages[first..<first + 4]) {
                digests += four
            } else {
                digests.append(hash(messages[first]))
            }
        }
        return digests
    }

    /// Nil for messages of different lengths, and where the CPU cannot.
    private static func hashFour(_ messages: ArraySlice<[UInt8]>) -> [Digest]? {
        let first = messages.startIndex
        let length = messages[first].count
        guard messages.allSatisfy({ $0.count == length }) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4 * 32)
        let isHashed = messages[first].withUnsafeBufferPointer { a in
            messages[first + 1].withUnsafeBufferPointer { b in
                messages[first + 2].withUnsafeBufferPointer { c in
                    messages[first + 3].withUnsafeBufferPointer { d in
                        var inputs = [a.baseAddress, b.baseAddress, c.baseAddress, d.baseAddress]
                        return bell_blake2b_four(&inputs, length, &bytes) == 1
                    }
                }
            }
        }
        guard isHashed else { return nil }
        let digests = stride(from: 0, to: 128, by: 32).compactMap { Digest(bytes: Array(bytes[$0..<$0 + 32])) }
        return digests.count == 4 ? digests : nil
    }
}
