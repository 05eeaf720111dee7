import BellModel

/// The waveforms of a program; equal samples are kept once.
struct WaveformTable {
    private(set) var waveforms: [Waveform] = []
    /// Complex samples of all of them.
    private(set) var samples = 0

    /// The place of a waveform in the program.
    mutating func place(of waveform: Waveform) -> UInt16 {
        if let known = waveforms.firstIndex(of: waveform) { return UInt16(clamping: known) }
        waveforms.append(waveform)
        samples += waveform.i.count
        return UInt16(clamping: waveforms.count - 1)
    }

    /// What an error says when DRAG takes a pulse past full scale.
    static func pastFullScale(_ label: String, at place: String, beta: Double, _ shape: PulseShape) -> BellError {
        BellError(
            .sequenceAmplitude, "\(label) passes full scale with its DRAG quadrature.", at: place,
            cause: "half_pi_drag is \(Format.number(beta)) ns for a pulse of \(Format.ns(shape.duration.count)) ns",
            fix: "calibrate half_pi_drag again: |β| is at most a few tenths of a nanosecond")
    }
}
