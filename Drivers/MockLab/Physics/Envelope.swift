import BellModel
import Glibc

/// An event's waveform, scaled and turned, in units of the channel's full scale.
struct Envelope {
    /// Amplitude and how long it lasts, in seconds.
    let steps: [(amplitude: Complex, length: Double)]

    init(event: ProgramEvent, program: NodeProgram, sample: Double, tick: Double) {
        let turn = Double(event.phase) / 4_294_967_296
        let scale = Double(event.amplitude) / 65_535 * Complex.phase(2 * .pi * turn)
        guard let place = event.waveform.map(Int.init), place < program.waveforms.count else {
            steps = [(scale, Double(event.duration) * tick)]
            return
        }
        let waveform = program.waveforms[place]
        steps = zip(waveform.i, waveform.q).map { i, q in
            (scale * Complex(Double(i) / 32_767, Double(q) / 32_767), sample)
        }
    }

    /// ∫ amplitude dt: size in seconds of full scale, phase in radians.
    var integral: (size: Double, phase: Double) {
        var sum = Complex(0)
        for step in steps { sum += step.length * step.amplitude }
        let size = (sum.re * sum.re + sum.im * sum.im).squareRoot()
        return (size, size == 0 ? 0 : atan2(sum.im, sum.re))
    }
}
