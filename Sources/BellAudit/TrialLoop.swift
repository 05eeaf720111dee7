import BellModel
import BellTiming

/// The constants of the loop over trials, the same in every arm of a block.
struct LoopConstants {
    /// Bits of the word `setting | outcome << 8 | flags << 16` that must equal ``expectedBits``.
    let checkedBits: UInt32
    let expectedBits: UInt32
    /// Flags that make a trial a loss.
    let unhealthy: TrialFlags
    /// m_AB = `ab` − (start at alice + duration at alice − start at bob), starts being counted from the shared pulse.
    let ab: Int64
    /// m_BA = `ba` − (start at bob + duration at bob − start at alice).
    let ba: Int64
    /// A margin must exceed this.
    let required: Int64
    let scales: PerNode<ClockScale>

    init(_ parameters: AuditParameters) {
        let fromHost = parameters.inputBits == .host
        // A simulated record in a campaign that is none differs in a checked bit and is then lost as unhealthy.
        unhealthy = parameters.simulated ? .unhealthy : TrialFlags.unhealthy.union(.simulated)
        let free = UInt32(0x0101) | (parameters.simulated ? UInt32(TrialFlags.simulated.rawValue) << 16 : 0)
        checkedBits = ~free
        expectedBits = fromHost ? UInt32(TrialFlags.hostBit.rawValue) << 16 : 0
        let (alice, bob) = (parameters.survey.stations.alice, parameters.survey.stations.bob)
        // With an unknown offset, 0 stands in for it: m_AB and m_BA are then not used, and their sum is right.
        let offset =
            parameters.survey.hasClockOffset
            ? (alice.pulseDelay ?? .zero) - (bob.pulseDelay ?? .zero) : Picoseconds.zero
        ab = (parameters.lightTimeAB - (offset + alice.stopOffset - bob.startOffset)).count
        ba = (parameters.lightTimeBA - (bob.stopOffset - alice.startOffset - offset)).count
        required = parameters.required.count
        scales = parameters.scales
    }
}

/// A run of paired records in which both clocks are straight lines.
struct PairedRun {
    /// The first record of each node.
    let alice: UnsafeRawPointer
    let bob: UnsafeRawPointer
    /// Index of the first trial.
    let firstIndex: UInt64
    /// Trials from the arm's first.
    let offset: Int
    let count: Int
    /// Nil when a clock cannot tell.
    let lines: PerNode<ClockLine>?
    /// The host's bits from the arm's first trial, at least `offset + count` of each node; nil for board bits.
    let hostBits: PerNode<UnsafePointer<UInt8>>?
}

/// Where the loop counts: plain memory of one arm.
struct LoopCounters {
    /// Valid trials by cell; 16 values.
    let cells: UnsafeMutablePointer<UInt64>
    /// Losses by cause; 16 values.
    let losses: UnsafeMutablePointer<UInt64>
    let histogramAB: UnsafeMutablePointer<UInt64>
    let histogramBA: UnsafeMutablePointer<UInt64>
    /// One byte a trial of the arm.
    let statuses: UnsafeMutablePointer<UInt8>
    var leastAB = Int64.max
    var greatestAB = Int64.min
    var leastBA = Int64.max
    var greatestBA = Int64.min
    var leastSum = Int64.max
    var leastFailed = Int64.max
    /// All records' words `setting | outcome << 8 | flags << 16`, ored.
    var seenBits: UInt32 = 0

    /// Counts a loss of `trial`, counted from the arm's first.
    mutating func lose(_ trial: Int, _ cause: LossCause) {
        statuses[trial] = cause.rawValue << 4
        losses[Int(cause.rawValue)] &+= 1
    }
}

/// The times of one trial in whole picoseconds.
struct TrialTimes {
    var ab: Int64
    var ba: Int64
    var sum: Int64
}

extension LoopCounters {
    /// Judges the trials of a run: the hot loop of the audit.
    ///
    /// Every operation on record contents wraps; values that wrapping could distort are first compared with their range
    /// (``ClockScale``), and their results are used only inside it. Bounds of the memory are the caller's, from the
    /// chunks' byte counts.
    @inline(__always)
    private mutating func judge(
        _ run: PairedRun, lines: PerNode<ClockLine>, constants: LoopConstants, knowsMargins: Bool
    ) {
        let (scaleA, scaleB) = (constants.scales.alice, constants.scales.bob)
        let (factorA, factorB) = (lines.alice.factor, lines.bob.factor)
        var (tickA, tickB) = (lines.alice.tick, lines.bob.tick)
        var (driftA, driftB) = (lines.alice.drift, lines.bob.drift)
        let (checked, expected, required) = (constants.checkedBits, constants.expectedBits, constants.required)
        var seen = seenBits
        let status = statuses + run.offset
        var (a, b) = (run.alice, run.bob)
        // Programs end at the same tick in every trial, so a duration seldom has to be converted anew.
        var (lastStopA, lastStopB): (UInt32, UInt32) = (0, 0)
        var (durationA, durationB) = (scaleA.duration(0), scaleB.duration(0))
        for i in 0..<run.count {
            let wordA = UInt32(littleEndian: a.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
            let wordB = UInt32(littleEndian: b.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
            let index = run.firstIndex &+ UInt64(truncatingIfNeeded: i)
            let indexA = UInt64(littleEndian: a.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            let indexB = UInt64(littleEndian: b.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            let startA = UInt64(littleEndian: a.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            let startB = UInt64(littleEndian: b.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            let stopA = UInt32(littleEndian: a.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
            let stopB = UInt32(littleEndian: b.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
            seen |= wordA | wordB
            let ticksA = Int64(bitPattern: startA &- tickA)
            let ticksB = Int64(bitPattern: startB &- tickB)
            if stopA != lastStopA { (lastStopA, durationA) = (stopA, scaleA.duration(stopA, measured: factorA)) }
            if stopB != lastStopB { (lastStopB, durationB) = (stopB, scaleB.duration(stopB, measured: factorB)) }
            let skew =
                ClockSegment.picoseconds(ticks: ticksA, drift: driftA, factor: factorA)
                &- ClockSegment.picoseconds(ticks: ticksB, drift: driftB, factor: factorB)
            let marginAB = constants.ab &- skew &- durationA
            let marginBA = constants.ba &+ skew &- durationB
            let sum = marginAB &+ marginBA
            var bad = (indexA ^ index) | (indexB ^ index)
            bad |= UInt64((wordA ^ expected) & checked) | UInt64((wordB ^ expected) & checked)
            var fine = bad == 0
            fine = fine && scaleA.isInPlace(ticksA) && scaleB.isInPlace(ticksB)
            fine = fine && (knowsMargins ? marginAB > required && marginBA > required : sum > 2 &* required)
            if !knowsMargins, let bits = run.hostBits {
                fine = fine && LoopCounters.agree(wordA, wordB, bits, run.offset &+ i)
            }
            if fine {
                let cell = (wordA & 1) << 3 | (wordB & 1) << 2 | wordA >> 7 & 2 | wordB >> 8 & 1
                status[i] = UInt8(truncatingIfNeeded: cell)
                cells[Int(truncatingIfNeeded: cell)] &+= 1
                if knowsMargins {
                    // New extremes are rare: a call that is seldom made is cheaper than five selections a trial.
                    if marginAB < leastAB || marginAB > greatestAB || marginBA < leastBA || marginBA > greatestBA
                        || sum < leastSum
                    {
                        widen(TrialTimes(ab: marginAB, ba: marginBA, sum: sum))
                    }
                    histogramAB[LoopCounters.bin(marginAB)] &+= 1
                    histogramBA[LoopCounters.bin(marginBA)] &+= 1
                } else {
                    leastSum = min(leastSum, sum)
                }
            } else {
                let inPlace = scaleA.isInPlace(ticksA) && scaleB.isInPlace(ticksB)
                lose(run, i, constants, inPlace ? TrialTimes(ab: marginAB, ba: marginBA, sum: sum) : nil, knowsMargins)
            }
            a += TrialRecord.byteCount
            b += TrialRecord.byteCount
            tickA &+= scaleA.period
            tickB &+= scaleB.period
            driftA &+= lines.alice.driftStep
            driftB &+= lines.bob.driftStep
        }
        seenBits = seen
    }

    /// Judges the trials of a run.
    mutating func judge(_ run: PairedRun, constants: LoopConstants, knowsMargins: Bool) {
        guard let lines = run.lines else {
            for i in 0..<run.count {
                let place = i * TrialRecord.byteCount + 24
                seenBits |= UInt32(littleEndian: run.alice.loadUnaligned(fromByteOffset: place, as: UInt32.self))
                seenBits |= UInt32(littleEndian: run.bob.loadUnaligned(fromByteOffset: place, as: UInt32.self))
                lose(run, i, constants, nil, knowsMargins)
            }
            return
        }
        // Two copies of the loop, so that neither asks in every trial.
        if knowsMargins {
            judge(run, lines: lines, constants: constants, knowsMargins: true)
        } else {
            judge(run, lines: lines, constants: constants, knowsMargins: false)
        }
    }

    /// Takes one trial's times into the extremes.
    @inline(never)
    private mutating func widen(_ times: TrialTimes) {
        leastAB = min(leastAB, times.ab)
        greatestAB = max(greatestAB, times.ab)
        leastBA = min(leastBA, times.ba)
        greatestBA = max(greatestBA, times.ba)
        leastSum = min(leastSum, times.sum)
    }

    /// Finds the cause of a loss; the first that holds, in the order that ``Auditor`` states.
    @inline(never)
    private mutating func lose(
        _ run: PairedRun, _ i: Int, _ constants: LoopConstants, _ times: TrialTimes?, _ knowsMargins: Bool
    ) {
        let size = TrialRecord.byteCount
        let a = TrialRecord(UnsafeRawBufferPointer(start: run.alice + i * size, count: size), at: 0)
        let b = TrialRecord(UnsafeRawBufferPointer(start: run.bob + i * size, count: size), at: 0)
        let index = run.firstIndex &+ UInt64(truncatingIfNeeded: i)
        let trial = run.offset + i
        let hostFlag = constants.expectedBits != 0
        if a.index != index || b.index != index { return lose(trial, .mispaired) }
        if a.setting | a.outcome | b.setting | b.outcome > 1 { return lose(trial, .malformed) }
        if !a.flags.union(b.flags).isDisjoint(with: constants.unhealthy) { return lose(trial, .unhealthy) }
        if a.flags.contains(.hostBit) != hostFlag || b.flags.contains(.hostBit) != hostFlag {
            return lose(trial, .hostBitMismatch)
        }
        if hostFlag && run.hostBits == nil { return lose(trial, .hostBitMismatch) }
        if let bits = run.hostBits, !LoopCounters.agree(UInt32(a.setting), UInt32(b.setting), bits, trial) {
            return lose(trial, .hostBitMismatch)
        }
        if run.lines == nil { return lose(trial, .clock) }
        guard let times else { return lose(trial, .mispaired) }
        if knowsMargins { leastFailed = min(leastFailed, min(times.ab, times.ba)) }
        lose(trial, .locality)
    }

    /// Whether both settings, in bit 0, are the host's bits.
    @inline(__always)
    private static func agree(
        _ wordA: UInt32, _ wordB: UInt32, _ bits: PerNode<UnsafePointer<UInt8>>, _ trial: Int
    ) -> Bool {
        let shift = UInt8(truncatingIfNeeded: 7 &- (trial & 7))
        let bitA = bits.alice[trial >> 3] &>> shift & 1
        let bitB = bits.bob[trial >> 3] &>> shift & 1
        return bitA == UInt8(truncatingIfNeeded: wordA & 1) && bitB == UInt8(truncatingIfNeeded: wordB & 1)
    }

    /// The histogram's bin of a margin that is at least 0.
    @inline(__always)
    private static func bin(_ margin: Int64) -> Int {
        let fromEdge = UInt64(bitPattern: margin &- MarginSummary.firstEdge)
        return min(Int(truncatingIfNeeded: fromEdge / UInt64(MarginSummary.binWidth)), MarginSummary.binCount &- 1)
    }
}
