import BellModel

extension NodeProgram {
    /// The first event of a kind.
    func first(_ kind: ProgramEvent.Kind) -> ProgramEvent? { events.first { $0.kind == kind } }
    /// The last event of a kind.
    func last(_ kind: ProgramEvent.Kind) -> ProgramEvent? { events.last { $0.kind == kind } }

    /// Waveform samples that a trial may play altogether: 131 µs at 2 GS/s on one channel.
    private static let playedSamples = 262_144

    /// Why a mock board cannot play the program; nil when it can.
    var playingProblem: String? {
        // Bounds laboratory time: 2^40 ticks of 8 GHz are 137 s.
        if trialPeriod > 1 << 40 { return "the trial period of \(trialPeriod) ticks is over 2^40" }
        var played = 0
        for event in events {
            let place = event.waveform.map(Int.init) ?? -1
            let samples = waveforms.indices.contains(place) ? waveforms[place].i.count : 0
            played += samples
            let end = UInt64(event.tick) + max(UInt64(event.duration), UInt64(samples) * UInt64(ticksPerSample))
            if end > trialPeriod {
                return "an event at tick \(event.tick) ends at \(end), after the trial period of \(trialPeriod) ticks"
            }
            if played > NodeProgram.playedSamples {
                return "more than \(NodeProgram.playedSamples) samples are played in a trial"
            }
        }
        return nil
    }
}
