import BellModel
import CKernels
import Glibc

/// Section 2.6: the discrete Fourier transform of streams of one length, one at a time.
final class Spectrum {
    /// Owned; freed with this object.
    private let handle: OpaquePointer
    private let streamBits: Int

    /// - Throws: `battery.memory` when 9 bytes a bit cannot be had; `bell_sp22_spectrum_new`.
    init(_ length: SP80022Length) throws(BellError) {
        guard let handle = bell_sp22_spectrum_new(length.bits) else {
            throw BellError(
                BellError.Code("battery.memory", exit: .usage),
                "There is no memory for the spectrum of \(length.bits) bits.",
                fix: "take shorter streams or fewer threads")
        }
        self.handle = handle
        streamBits = length.bits
    }

    deinit { bell_sp22_spectrum_free(handle) }

    /// How many of the first n/2 magnitudes are below the 0.95 quantile √(n ln 20).
    ///
    /// A magnitude within 1e-9 of it (one stream in thousands has one) is summed anew term by term, so that how a
    /// transform rounds never decides; beyond 64 such magnitudes, which only an artificial stream has, the rest count as above.
    /// - Parameter stream: Padded as the kernels want it.
    func below(_ stream: UnsafePointer<UInt8>, level: Int32) -> Int {
        var near = [Int](repeating: 0, count: 64)
        var found = 0
        var below = Int(bell_sp22_spectrum_below(handle, stream, &near, near.count, &found, level))
        let limit = Double(streamBits) * log(20)
        for frequency in near.prefix(found) where bell_sp22_magnitude(stream, streamBits, frequency) < limit {
            below += 1
        }
        return below
    }

    func pValue(_ stream: UnsafePointer<UInt8>, level: Int32) -> Double {
        let n = Double(streamBits)
        let d = (Double(below(stream, level: level)) - 0.95 * n / 2) / (n * 0.95 * 0.05 / 4).squareRoot()
        return erfc(abs(d) / 2.0.squareRoot())
    }
}
