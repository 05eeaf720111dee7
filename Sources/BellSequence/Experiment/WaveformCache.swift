import BellModel

/// Samples of pulses that were made before, so that a sweep of anything but the shape makes them once.
struct WaveformCache: Sendable {
    /// Everything that decides the samples.
    struct Key: Hashable, Sendable {
        var envelope: PulseShape.Envelope
        /// Picoseconds.
        var duration: Int64
        var sigma: Double
        var beta: Double
        var samples: Int
    }

    /// 2^20 complex samples, 4 MiB.
    static let capacity = 1 << 20

    private var waveforms: [Key: Waveform] = [:]
    /// The last few that were asked for: quicker than a hash, and most programs have no more.
    private var recent: [(key: Key, waveform: Waveform)] = []
    private static let recentCapacity = 6
    private var samples = 0

    /// The samples of a shape; nil when they would pass full scale.
    mutating func waveform(_ key: Key) -> Waveform? {
        if let known = recent.first(where: { $0.key == key }) { return known.waveform }
        guard let waveform = kept(key) else { return nil }
        if recent.count >= Self.recentCapacity { recent.removeFirst() }
        recent.append((key, waveform))
        return waveform
    }

    private mutating func kept(_ key: Key) -> Waveform? {
        if let known = waveforms[key] { return known }
        let shape = PulseShape(
            envelope: key.envelope, duration: Picoseconds(key.duration), sigma: key.sigma,
            place: SourcePlace(file: "", line: 0))
        guard let made = shape.waveform(samples: key.samples, beta: key.beta) else { return nil }
        if samples + key.samples > Self.capacity {
            waveforms.removeAll(keepingCapacity: true)
            samples = 0
        }
        waveforms[key] = made
        samples += key.samples
        return made
    }
}
