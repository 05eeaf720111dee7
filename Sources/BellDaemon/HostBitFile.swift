import BellModel
import BellRandomness
import Glibc

/// A file of packed bits, bit i for trial i; nothing of it is ever used up.
///
/// The health tests look at whole windows of 1024 bits counted from the file's beginning, so that what is refused does not
/// depend on how arms are cut or where a restarted daemon goes on.
struct HostBitFile: Sendable {
    let path: String
    let name: String
    let cutoffs: HealthCutoffs

    enum Reading {
        /// The bits, one a byte, and how many were tested.
        case passed([UInt8], tested: UInt64)
        /// A window failed; the position is the file's.
        case failed(HealthFailure)
    }

    /// Reads the bits of these trials and tests all windows that they touch, at the file's end as far as it goes.
    ///
    /// - Throws: `host-bits.source` when the file is not there or too short.
    func read(_ range: Range<UInt64>) throws(BellError) -> Reading {
        guard !range.isEmpty else { return .passed([], tested: 0) }
        let windowBytes = cutoffs.window / 8
        let start = Int(range.lowerBound) / cutoffs.window * windowBytes
        let end = (Int(range.upperBound) + cutoffs.window - 1) / cutoffs.window * windowBytes
        // A run that began before the first window counts.
        let lead = min(start, (cutoffs.repetition + 7) / 8)
        let bytes = try read(from: start - lead, count: end - start + lead)
        guard (start - lead + bytes.count) * 8 >= Int(range.upperBound) else {
            throw .hostBits(
                name, cause: "the file ends before bit \(range.upperBound)",
                fix: "append bits, at least as many as the plan has trials; the campaign goes on by itself")
        }
        var tests = HealthTests(cutoffs, after: bytes.prefix(lead))
        if var failure = tests.test(bytes.dropFirst(lead)) {
            failure.position += UInt64(start) * 8
            return .failed(failure)
        }
        let first = lead * 8 + Int(range.lowerBound) - start * 8
        return .passed(unpackedBits(bytes, first..<first + range.count), tested: tests.tested)
    }

    /// Reads what there is of so many bytes; `open(2)`, `fstat(2)`, `pread(2)`.
    private func read(from offset: Int, count: Int) throws(BellError) -> [UInt8] {
        // A pipe must not stop the daemon, so nothing here waits.
        let fd = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard fd >= 0 else { throw .hostBits(name, cause: String(cString: strerror(errno))) }
        defer { Glibc.close(fd) }
        var status = stat()
        guard fstat(fd, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw BellError(
                .hostBitsAddress, "\(path) is no regular file.", at: name,
                state: "no bit was read: bit i of a stream is not trial i's", fix: "write device:\(path)")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes {
                pread(fd, $0.baseAddress?.advanced(by: filled), count - filled, off_t(offset + filled))
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw .hostBits(name, cause: String(cString: strerror(errno))) }
            if got == 0 { break }
            filled += got
        }
        bytes.removeLast(count - filled)
        return bytes
    }
}

/// Packed bits, most significant first, as one a byte.
func unpackedBits(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8] {
    range.map { bytes[$0 / 8] >> UInt8(7 - $0 % 8) & 1 }
}
