import BellModel

extension LabCore {
    /// Moves the truth to a laboratory time in picoseconds.
    mutating func drift(to time: UInt64) {
        guard var walk = drift, walk.advance(to: time, gaussian: gaussian) else { return }
        drift = walk
        let present = walk.present
        truthNow = present.physics
        for node in Node.allCases { boards[node].drift(to: present.boards[node], time: time) }
    }

    /// Plays trials or shots, with the physics computed anew at each step of the drift.
    ///
    /// - Parameters:
    ///   - areTrials: Whether time tags are taken; shots have none, nor a way of the trigger pulse.
    ///   - sampler: Makes the sampler of the present truth.
    mutating func play(
        _ count: Int, period: UInt64, halves: PerNode<TrialSampler.Half?>, areTrials: Bool,
        sampler: (inout LabCore) -> TrialSampler
    ) -> PerNode<TrialSampler.Output?> {
        guard drift != nil else {
            return sampler(&self).play(count: count, time: time, period: period, halves: halves, random: &random)
        }
        var made = halves.map { $0.map { _ in TrialSampler.Output(records: [], pulseTicks: []) } }
        var done = 0
        while done < count {
            let now = time &+ UInt64(done) &* period
            drift(to: now)
            let length = min(count - done, drift?.pulses(from: now, period: period) ?? count)
            let part = PerNode { node in
                halves[node]?.part(done..<done + length, of: areTrials ? boards[node] : nil)
            }
            let output = sampler(&self).play(
                count: length, time: now, period: period, halves: part, random: &random)
            for node in Node.allCases {
                made[node]?.records += output[node]?.records ?? []
                made[node]?.pulseTicks += output[node]?.pulseTicks ?? []
            }
            done += length
        }
        return made
    }
}

extension TrialSampler.Half {
    /// Consecutive trials of it, on a board whose clock may have drifted meanwhile.
    fileprivate func part(_ range: Range<Int>, of board: VirtualBoard?) -> TrialSampler.Half {
        var part = self
        part.firstIndex &+= UInt64(range.lowerBound)
        part.bits = Array(bits[range])
        if let board {
            part.counter = board.counter
            part.pulseDelay = board.truth.triggerDelay
        }
        return part
    }
}

extension VirtualBoard {
    /// Takes a drifted truth; its counter goes on from where it is at `time`, in picoseconds.
    fileprivate mutating func drift(to present: BoardTruth, time: UInt64) {
        truth.triggerDelay = present.triggerDelay
        guard present.drift != truth.drift else { return }
        truth.drift = present.drift
        counter = TickCounter(
            rate: truth.tickRate, drift: present.drift, start: counter.tick(at: time), since: time)
    }
}
