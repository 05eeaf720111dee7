public import BellModel

import CKernels

/// Computes the 188 p-values of streams of one length, one stream at a time; each thread has its own.
///
/// 10^6 bits take a few milliseconds. Memory: 9 bytes a bit and half a megabyte.
public final class SP80022Examiner {
    public let length: SP80022Length
    /// What the CPU has: 0 portable, 1 AVX2, 2 AVX-512.
    public static var bestLevel: Int { Int(bell_sp22_level()) }

    private let spectrum: Spectrum
    private let level: Int32
    private var padded: [UInt8]
    private var circle = [UInt32](repeating: 0, count: 65_536)
    private var windows = [UInt32](repeating: 0, count: 8 * 512)

    /// - Parameter level: At most this instruction set; all give the same.
    /// - Throws: `battery.memory`.
    public init(_ length: SP80022Length, level: Int = bestLevel) throws(BellError) {
        self.length = length
        self.level = Int32(clamping: level)
        spectrum = try Spectrum(length)
        padded = [UInt8](repeating: 0, count: length.bits / 8 + 64)
    }

    /// The p-values in the order of ``SP80022/tests(_:)``; nil for the random excursions of a walk with too few cycles.
    ///
    /// - Parameter stream: The stream's bits, packed MSB first; exactly as many bytes as the length wants.
    public func pValues(of stream: UnsafeRawBufferPointer) -> [Double?] {
        load(stream)
        return padded.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { pValues($0) } ?? [] }
    }

    /// The overlapping template test as in the standard's appendix B; for comparison only.
    func overlappingWithOlderClasses(_ stream: UnsafeRawBufferPointer) -> Double {
        load(stream)
        let counts = classes(6) { bell_sp22_nine_ones(padded, length.bits, $0, level) }
        return SP80022.overlapping(counts, streamBits: length.bits, .older)
    }

    /// The stream, then its beginning again.
    private func load(_ stream: UnsafeRawBufferPointer) {
        let bytes = length.bits / 8
        precondition(stream.count == bytes, "the stream has another length")
        padded.withUnsafeMutableBytes { raw in
            raw.copyMemory(from: stream)
            UnsafeMutableRawBufferPointer(rebasing: raw[bytes...]).copyMemory(from: .init(rebasing: stream[..<64]))
        }
    }

    private func pValues(_ bits: UnsafePointer<UInt8>) -> [Double?] {
        let n = length.bits
        var sums = bell_sp22_sums()
        bell_sp22_sums(bits, n, &sums, level)
        var walk = bell_sp22_walk()
        bell_sp22_walk(bits, n, &walk)
        bell_sp22_windows(bits, n, &circle, &windows, level)
        let frequencies = FrequencyTests(bits: Double(n), sums: sums)
        let walks = WalkTests(walk: walk, streamBits: n)
        let patterns = PatternTests(circle: circle, streamBits: n)
        let universal = UniversalParameters(streamBits: n)
        let distances = bell_sp22_distances(bits, n, UInt32(universal.width), universal.first)

        var p: [Double?] = [frequencies.frequency, frequencies.blockFrequency]
        p += walks.cumulativeSums
        p.append(frequencies.runs)
        p.append(SP80022.longestRun(classes(7) { bell_sp22_longest_runs(bits, n, $0) }, streamBits: n))
        p.append(SP80022.rank(classes(3) { bell_sp22_ranks(bits, n, $0, level) }, streamBits: n))
        p.append(spectrum.pValue(bits, level: level))
        p += SP80022.nonOverlapping(windows, streamBits: n)
        p.append(SP80022.overlapping(classes(6) { bell_sp22_nine_ones(bits, n, $0, level) }, streamBits: n))
        p.append(universal.pValue(sum: distances, streamBits: n))
        p.append(patterns.approximateEntropy)
        p += walks.excursions
        p += patterns.serial
        p.append(SP80022.linearComplexity(classes(7) { bell_sp22_complexity(bits, n, $0, level) }, streamBits: n))
        return p
    }

    private func classes(_ count: Int, _ fill: (UnsafeMutablePointer<UInt64>?) -> Void) -> [UInt64] {
        var classes = [UInt64](repeating: 0, count: count)
        classes.withUnsafeMutableBufferPointer { fill($0.baseAddress) }
        return classes
    }
}
