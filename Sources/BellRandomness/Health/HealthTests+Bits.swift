extension HealthTests {
    /// Tests packed bits, 64 at a time where that is certain to find nothing.
    ///
    /// A word in which a run may be too long, or in which the window's count reaches its cutoff, is looked at bit by bit, so
    /// that position and order are those of the standard's loop. Windows begin at whole bytes because chunks are whole bytes.
    mutating func testBits(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        // The first word decides about the first bit; then words must not straddle a window's edge.
        while index < bytes.count, run == 0 || place % 64 != 0 {
            stepByte(bytes[index])
            if failure != nil { return }
            index += 1
        }
        while bytes.count - index >= 8 {
            index = skipWords(bytes, from: index)
            guard bytes.count - index >= 8 else { break }
            for offset in index..<index + 8 {
                stepByte(bytes[offset])
                if failure != nil { return }
            }
            index += 8
        }
        while index < bytes.count {
            stepByte(bytes[index])
            if failure != nil { return }
            index += 1
        }
    }

    private mutating func stepByte(_ byte: UInt8) {
        for shift: UInt8 in [7, 6, 5, 4, 3, 2, 1, 0] {
            step(byte >> shift & 1)
            if failure != nil { return }
        }
    }

    /// Takes whole words as long as no test can fail in them.
    ///
    /// - Returns: The index of the first byte that is not taken.
    private mutating func skipWords(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let (repetition, proportion, window) = (cutoffs.repetition, cutoffs.proportion, cutoffs.window)
        // Runs inside a word are sifted by 16 equal neighbours, or fewer where the cutoff is lower.
        let sift = min(16, repetition - 1)
        var (run, count, place) = (run, count, place)
        var lastMask: UInt64 = last == 0 ? 0 : ~0
        var countedMask: UInt64 = counted == 0 ? 0 : ~0
        var index = start
        while bytes.count - index >= 8 {
            let word = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            if place == 0 {
                countedMask = 0 &- (word >> 63)
                count = 0
            }
            let reached = count + (~(word ^ countedMask)).nonzeroBitCount
            let lead = (word ^ lastMask).leadingZeroBitCount
            if reached >= proportion || run + lead >= repetition { break }
            if lead == 64 {
                run += 64
            } else {
                if HealthTests.hasRun(word, equalNeighbours: sift) { break }
                lastMask = 0 &- (word & 1)
                run = (word ^ lastMask).trailingZeroBitCount
            }
            count = reached
            place = place + 64 == window ? 0 : place + 64
            index += 8
        }
        tested += UInt64(index - start) * 8
        // The word that is left begins its window by itself.
        (self.run, self.count, self.place) = (run, count, place)
        last = UInt8(truncatingIfNeeded: lastMask & 1)
        counted = UInt8(truncatingIfNeeded: countedMask & 1)
        return index
    }

    /// Whether a word holds so many neighbouring pairs of equal bits in a row, or nearly so many: down to a power of two.
    @inline(__always)
    private static func hasRun(_ word: UInt64, equalNeighbours: Int) -> Bool {
        // Bit i is set when bits i and i − 1 are equal.
        var pairs = ~(word ^ word << 1) & ~1
        if equalNeighbours >= 16 {
            pairs &= pairs >> 1
            pairs &= pairs >> 2
            pairs &= pairs >> 4
            pairs &= pairs >> 8
        } else {
            var length = 1
            while length * 2 <= equalNeighbours {
                pairs &= pairs >> UInt64(length)
                length *= 2
            }
        }
        return pairs != 0
    }
}
