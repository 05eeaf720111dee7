import BellModel

/// Makes both nodes' records of consecutive trials: draws from the joint distribution, then the IQ points.
///
/// About 100 ns a trial for both nodes in a release build. Each kind of draw has its own generator, so the bytes depend
/// on the seed and the inputs alone, not on how the trials are cut into calls.
struct TrialSampler: Sendable {
    /// The cryostat's generators.
    struct Randomness: Sendable {
        /// For the qubits' joint state.
        var states: Xoshiro256
        /// For jitter, relaxation and noise of each node.
        var noise: PerNode<Xoshiro256>

        init(seed: UInt64) {
            states = Xoshiro256(seed: seed, stream: 1)
            noise = PerNode(alice: Xoshiro256(seed: seed, stream: 2), bob: Xoshiro256(seed: seed, stream: 3))
        }
    }

    /// What a node contributes to its records.
    struct Half: Sendable {
        /// Index of the first record.
        var firstIndex: UInt64
        /// One input bit a trial, 0 or 1.
        var bits: [UInt8]
        /// Ticks from the pulse to the start event.
        var startTick: UInt32
        /// Ticks from the start event to the stop event.
        var stopDelta: UInt32
        var flags: TrialFlags
        var counter: TickCounter
        /// Picoseconds that the pulse needs to the board.
        var pulseDelay: UInt64
        /// Half of the trigger jitter's standard deviation, in picoseconds.
        var jitterStep: Int64
    }

    /// A node's records and when each pulse arrived.
    struct Output: Sendable {
        var records: [UInt8]
        /// Counter at each pulse's arrival.
        var pulseTicks: [UInt64]
    }

    private let physics: BellPhysics
    /// For a setting pair, rising thresholds on 64 random bits between the joint states that are possible.
    private let thresholds: [UInt64]
    /// What the number of thresholds passed means: 4·alice's level + bob's.
    private let states: [UInt8]
    private let gaussian: GaussianTable

    init(physics: BellPhysics, gaussian: GaussianTable) {
        self.physics = physics
        self.gaussian = gaussian
        // Two-level systems need three thresholds a setting pair; a level that nobody reaches costs nothing.
        let isTwoLevel = (0..<36).allSatisfy { $0 % 3 < 2 && $0 % 9 < 6 || physics.levels[$0] == 0 }
        let places = isTwoLevel ? [0, 1, 3, 4] : Array(0..<9)
        var thresholds: [UInt64] = []
        for setting in 0..<4 {
            let p = places.map { physics.levels[9 * setting + $0] }
            let total = p.reduce(0, +)
            var sum = 0.0
            for value in p.dropLast() {
                sum += value / total
                thresholds.append(TrialSampler.scaled(sum))
            }
        }
        self.thresholds = thresholds
        states = places.map { UInt8(4 * ($0 / 3) + $0 % 3) }
    }

    private static func scaled(_ p: Double) -> UInt64 {
        p >= 1 ? .max : UInt64(max(p, 0) * 0x1p64)
    }

    /// Plays `count` trials.
    ///
    /// - Parameters:
    ///   - time: Laboratory time of the first pulse in picoseconds.
    ///   - period: Picoseconds from pulse to pulse.
    ///   - halves: The nodes that record; a node that is nil is not armed, its input bit is 0.
    func play(
        count: Int, time: UInt64, period: UInt64, halves: PerNode<Half?>,
        random: inout Randomness
    ) -> PerNode<Output?> {
        var drawn = [UInt8](repeating: 0, count: count)
        let edges = states.count - 1
        for trial in 0..<count {
            let x = halves.alice?.bits[trial] ?? 0
            let y = halves.bob?.bits[trial] ?? 0
            let at = edges * Int(2 * x + y)
            let draw = random.states.next()
            var passed = draw < thresholds[at] ? 0 : 1
            passed += draw < thresholds[at + 1] ? 0 : 1
            passed += draw < thresholds[at + 2] ? 0 : 1
            if edges > 3 && passed == 3 {
                for place in at + 3..<at + edges { passed += draw < thresholds[place] ? 0 : 1 }
            }
            drawn[trial] = states[passed]
        }
        return PerNode { node in
            guard let half = halves[node] else { return nil }
            let shift: UInt8 = node == .alice ? 2 : 0
            return half.play(
                time: time, period: period, states: drawn, shift: shift,
                readout: physics.readouts[node], gaussian: gaussian, random: &random.noise[node])
        }
    }
}

extension TrialSampler.Half {
    /// Writes one node's records; two bits from `shift` of each of `states` tell the transmon's level.
    fileprivate func play(
        time: UInt64, period: UInt64, states: [UInt8], shift: UInt8, readout: ReadoutModel,
        gaussian: GaussianTable, random: inout Xoshiro256
    ) -> TrialSampler.Output {
        let count = states.count
        let start = UInt64(startTick)
        var pulseTicks = [UInt64](repeating: 0, count: count)
        let size = count * TrialRecord.byteCount
        let records = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            var local = random  // a local copy stays in registers
            for trial in 0..<count {
                let pulse = time &+ UInt64(trial) &* period &+ pulseDelay
                var arrival = pulse
                if jitterStep != 0 {
                    // Sixteen fair bits: nearly normal, standard deviation two steps.
                    let steps = Int64((local.next() & 0xffff).nonzeroBitCount) - 8
                    arrival = pulse &+ UInt64(bitPattern: steps &* jitterStep)
                }
                let tick = counter.tick(at: arrival)
                pulseTicks[trial] = tick
                var clipped = false
                let point = readout.sample(
                    level: states[trial] >> shift & 3, gaussian, &local, clipped: &clipped)
                var flags = self.flags
                if clipped { flags.insert(.saturated) }
                let at = trial * TrialRecord.byteCount
                raw.storeBytes(of: (firstIndex &+ UInt64(trial)).littleEndian, toByteOffset: at, as: UInt64.self)
                raw.storeBytes(of: (tick &+ start).littleEndian, toByteOffset: at + 8, as: UInt64.self)
                raw.storeBytes(of: stopDelta.littleEndian, toByteOffset: at + 16, as: UInt32.self)
                raw.storeBytes(of: point.i.littleEndian, toByteOffset: at + 20, as: Int16.self)
                raw.storeBytes(of: point.q.littleEndian, toByteOffset: at + 22, as: Int16.self)
                raw[at + 24] = bits[trial]
                raw[at + 25] = readout.discriminator.outcome(i: point.i, q: point.q)
                raw.storeBytes(of: flags.rawValue.littleEndian, toByteOffset: at + 26, as: UInt16.self)
                raw.storeBytes(of: UInt32(0), toByteOffset: at + 28, as: UInt32.self)
            }
            random = local
            initialized = size
        }
        return TrialSampler.Output(records: records, pulseTicks: pulseTicks)
    }
}
