public import BellModel

/// The evidence of a campaign in a cheating laboratory, arm by arm, without boards, sockets or physics.
///
/// About 70 ns a trial in a release build, the audit included, so that a thousand campaigns take seconds. Records have no IQ
/// points (both codes are 0); everything else is what boards with the same clocks would send.
public struct CheatingCampaign: Sendable {
    /// When things happen in a trial, in ticks of both boards.
    public struct Schedule: Equatable, Sendable {
        /// From pulse to pulse.
        public var period: UInt64 = 640_000
        /// From the pulse to the start event.
        public var start: UInt32 = 80_000
        /// From the start event to the stop event.
        public var stopDelta: UInt32 = 850
        public var clockEvery = 64

        public init() {}
    }

    /// Trials of one chunk.
    public static let slice = 1024
    /// Index of the next arm's first trial.
    public private(set) var nextIndex: UInt64 = 0
    private let schedule: Schedule
    private var cheat: Cheat
    private var bits: PerNode<NodeRandomness>
    private var counters: PerNode<TickCounter>
    private let boards: PerNode<BoardTruth>
    private let period: UInt64
    private var bootIDs = PerNode<UInt64>(alice: 1, bob: 2)

    /// Boards without flaws, of 8 GHz.
    public static var soundBoards: PerNode<BoardTruth>? {
        TickRate(numerator: 8_000_000_000).map {
            PerNode(alice: BoardTruth(tickRate: $0), bob: BoardTruth(tickRate: $0))
        }
    }

    /// Begins a campaign.
    ///
    /// - Parameters:
    ///   - adversary: Nil: an honest laboratory.
    ///   - sValue: Of an honest laboratory's outcomes, and where the attack leaves the outcomes alone; 2…4.
    ///   - boards: Clocks, and the random number generators with their biases; trigger delays are in their time tags.
    public init(
        _ adversary: Adversary?, sValue: Double = 2.24, boards: PerNode<BoardTruth>, schedule: Schedule = Schedule(),
        seed: UInt64
    ) {
        let honest = Adversary(
            .signal(.setting, sValue: sValue, .lying), pattern: adversary?.pattern ?? .minusOn11)
        cheat = Cheat(adversary ?? honest, outcomes: honest, boards: boards, seed: seed)
        bits = PerNode { node in
            NodeRandomness(
                seed: seed, stream: 16 + UInt64(node.rawValue), bias: boards[node].rngBias, rule: boards[node].rngRule)
        }
        counters = PerNode { node in
            TickCounter(
                rate: boards[node].tickRate, drift: boards[node].drift, start: boards[node].startTick ?? 1_000_000,
                since: 0)
        }
        period = UInt64((Double(schedule.period) / boards.alice.tickRate.hertz * 1e12).rounded())
        self.boards = boards
        self.schedule = schedule
    }

    /// An honest laboratory drifts: S from the next trial on.
    public mutating func drift(toSValue sValue: Double) { cheat.reach(sValue: sValue) }

    /// Both boards restart between two arms: new boot ids, and clocks that count from `tick`.
    public mutating func restart(atTick tick: UInt64) {
        bootIDs = bootIDs.map { $0 + 2 }
        counters = PerNode { node in
            TickCounter(
                rate: boards[node].tickRate, drift: boards[node].drift, start: tick, since: nextIndex &* period)
        }
    }

    /// Plays an arm; pulse and trial indices are equal.
    ///
    /// - Parameter hostBits: The bits committed to by the host, packed MSB first, at least `count` of each node; nil for
    ///   the boards' own.
    /// - Returns: What both nodes sent.
    public mutating func arm(count: Int, hostBits: PerNode<[UInt8]>? = nil) -> ArmEvidence {
        let first = nextIndex
        var evidence = ArmEvidence(
            firstIndex: first, count: UInt32(clamping: count), halves: PerNode(alice: [], bob: []),
            clocks: PerNode(alice: [], bob: []), hostBits: hostBits)
        cheat.beginArm()
        let node = cheat.adversary.node
        let wasSilent = cheat.isSilent
        for start in stride(from: 0, to: count, by: CheatingCampaign.slice) {
            let length = min(CheatingCampaign.slice, count - start)
            let index = first + UInt64(start)
            let chosen = cheat.settings(count: length)
            var made = PerNode { node in
                blank(node, index, chosen?[node] ?? settings(node, start, length, hostBits?[node]), hostBits != nil)
            }
            cheat.forge(&made, firstIndex: index, period: period)
            var boots = bootIDs
            let sent = cheat.chunks(of: made, firstIndex: index, firstPulse: index, bootIDs: bootIDs) {
                boots[node] += 2
                return boots[node]
            }
            bootIDs = boots
            for sender in Node.allCases {
                evidence.halves[sender] += sent[sender]
                if wasSilent && sender == node { continue }
                for place in 0..<length
                where (start + place).isMultiple(of: schedule.clockEvery) || start + place == count - 1 {
                    evidence.clocks[sender].append(
                        ClockRecord(pulse: index + UInt64(place), tick: made[sender].pulseTicks[place]))
                }
            }
        }
        nextIndex += UInt64(count)
        return evidence
    }

    private mutating func settings(_ node: Node, _ start: Int, _ count: Int, _ given: [UInt8]?) -> [UInt8] {
        var settings = [UInt8](repeating: 0, count: count)
        for place in 0..<count {
            if let given {
                let bit = start + place
                settings[place] = bit >> 3 < given.count ? given[bit >> 3] >> UInt8(7 - bit & 7) & 1 : 0
            } else {
                settings[place] = bits[node].bit()
            }
        }
        return settings
    }

    /// Records with settings and time tags; their outcomes are still 0.
    private func blank(_ node: Node, _ first: UInt64, _ settings: [UInt8], _ areHostBits: Bool) -> TrialSampler.Output {
        let count = settings.count
        var ticks = [UInt64](repeating: 0, count: count)
        let flags: TrialFlags = areHostBits ? [.simulated, .hostBit] : .simulated
        let size = count * TrialRecord.byteCount
        let records = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for place in 0..<count {
                let index = first &+ UInt64(place)
                let tick = counters[node].tick(at: index &* period &+ boards[node].triggerDelay)
                ticks[place] = tick
                let at = place * TrialRecord.byteCount
                raw.storeBytes(of: index.littleEndian, toByteOffset: at, as: UInt64.self)
                raw.storeBytes(of: (tick &+ UInt64(schedule.start)).littleEndian, toByteOffset: at + 8, as: UInt64.self)
                raw.storeBytes(of: schedule.stopDelta.littleEndian, toByteOffset: at + 16, as: UInt32.self)
                raw.storeBytes(of: UInt32(0), toByteOffset: at + 20, as: UInt32.self)
                raw[at + RecordEdit.setting] = settings[place]
                raw[at + RecordEdit.outcome] = 0
                raw.storeBytes(of: flags.rawValue.littleEndian, toByteOffset: at + RecordEdit.flags, as: UInt16.self)
                raw.storeBytes(of: UInt32(0), toByteOffset: at + 28, as: UInt32.self)
            }
            initialized = size
        }
        return TrialSampler.Output(records: records, pulseTicks: ticks)
    }
}
