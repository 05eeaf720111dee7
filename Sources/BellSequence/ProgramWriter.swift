import BellModel

/// Writes a node's program: waveforms, events and discriminator.
struct ProgramWriter {
    let sequence: PulseSequence
    let calibration: CalibrationSet
    let placement: Placement
    let limits: PerNode<BoardLimits>
    let inputBits: InputBitSource

    /// Nil, with the failures recorded, when the calibration lacks something or the board cannot hold it.
    func program(_ node: Node, _ failures: inout [BellError]) -> NodeProgram? {
        var waveforms = WaveformTable()
        var events: [ProgramEvent] = []
        let before = failures.count
        for placed in placement.operations[node] {
            do throws(BellError) {
                events.append(try event(placed, &waveforms))
            } catch {
                failures.append(error)
            }
        }
        // Swift's sort is stable in practice but not by promise: equal ticks keep the order of the file.
        events = events.enumerated().sorted { ($0.element.tick, $0.offset) < ($1.element.tick, $1.offset) }
            .map(\.element)
        checkLimits(node, waveforms, events, &failures)
        guard failures.count == before else { return nil }
        do throws(BellError) {
            return NodeProgram(
                node: node, tickRate: limits[node].tickRate, ticksPerSample: limits[node].ticksPerSample,
                trialPeriod: placement.period[node], clockEvery: sequence.clockEvery, inputBits: inputBits,
                waveforms: waveforms.waveforms, events: events, discriminator: try calibration.discriminator(node))
        } catch {
            failures.append(error)
            return nil
        }
    }

    private func event(_ placed: PlacedOperation, _ waveforms: inout WaveformTable) throws(BellError) -> ProgramEvent {
        let operation = placed.operation
        let node = calibration.nodes[operation.node]
        var event = ProgramEvent(kind: operation.kind.event, tick: placed.tick, duration: placed.ticks)
        switch operation.kind {
        case .reset, .inputBit, .latch, .stop: break
        case .rotation, .gatedRotation:
            let half = try node.values.required(.halfPiAmplitude)
            let beta = try node.values.required(.halfPiDrag).value
            let gated = operation.kind == .gatedRotation
            let frame = try DriveFrame(
                operation.node, calibration,
                absorbs: placement.operations[operation.node].contains { $0.operation.kind == .absorb })
            let ratio = gated ? frame.gatedRatio : 1
            event.amplitude = try amplitude(half, times: operation.angle / 90 / ratio, placed)
            event.waveform = try waveform(node.pulse(.halfPi), placed, beta: beta, &waveforms)
            event.phase = frame.phase(axis: operation.axis / 360, gated: gated)
            event.detuning = frame.millihertz()
        case .emit:
            event.amplitude = try amplitude(node.values.required(.emissionAmplitude), times: 1, placed)
            event.waveform = try waveform(node.pulse(.emission), placed, &waveforms)
        case .absorb:
            event.amplitude = try amplitude(node.values.required(.absorptionAmplitude), times: 1, placed)
            event.waveform = try waveform(node.pulse(.absorption), placed, &waveforms)
        case .readout:
            event.amplitude = try amplitude(node.values.required(.readoutAmplitude), times: 1, placed)
            let window = PulseShape(
                envelope: .rectangle, duration: placed.end - placed.start, place: operation.place)
            event.waveform = try waveform(window, placed, &waveforms)
            event.detuning = calibration.readoutDetuning(operation.node)
        }
        return event
    }

    private func amplitude(
        _ value: CalibratedValue, times factor: Double, _ placed: PlacedOperation
    ) throws(BellError) -> UInt16 {
        let amplitude = value.value * factor
        guard amplitude >= 0, amplitude <= 1 else {
            throw BellError(
                .sequenceAmplitude,
                "\(placed.operation.label) needs \(Format.fixed(amplitude, 3)) of the channel's full scale.",
                at: "\(placed.operation.place) \(placed.operation.label)",
                cause: "\(value.quantity.name) is \(Format.number(value.value)) (\(value.place))"
                    + (factor == 1 ? "" : ", times \(Format.number(factor)) for the angle"),
                fix: "use a smaller angle or a longer pulse, and calibrate it")
        }
        return UInt16((amplitude * 65_535).rounded())
    }

    /// The place of a pulse's samples in the program; equal samples are kept once.
    private func waveform(
        _ shape: PulseShape, _ placed: PlacedOperation, beta: Double = 0, _ waveforms: inout WaveformTable
    ) throws(BellError) -> UInt16 {
        let operation = placed.operation
        let samples = Int(placed.ticks) / max(1, Int(limits[operation.node].ticksPerSample))
        guard samples <= Int(limits[operation.node].waveformMemory) else {
            throw BellError(
                .sequenceLimits,
                "\(operation.label) has \(samples) samples; the board's memory holds "
                    + "\(limits[operation.node].waveformMemory).",
                at: "\(operation.place) \(operation.label)",
                cause: "it lasts \(Format.ns((placed.end - placed.start).count)) ns", fix: "make it shorter")
        }
        guard let waveform = shape.waveform(samples: samples, beta: beta) else {
            throw WaveformTable.pastFullScale(
                operation.label, at: "\(operation.place) \(operation.label)", beta: beta, shape)
        }
        return waveforms.place(of: waveform)
    }

    private func checkLimits(
        _ node: Node, _ waveforms: WaveformTable, _ events: [ProgramEvent], _ failures: inout [BellError]
    ) {
        let samples = waveforms.samples
        let memory = Int(limits[node].waveformMemory)
        if samples > memory {
            let longest = placement.operations[node].filter {
                $0.operation.kind.pulse != nil || $0.operation.kind == .readout
            }
            .max { $0.ticks < $1.ticks }
            let cost = longest.map {
                "the longest is \($0.operation.label) (line \($0.operation.place.line)): \(Format.ns(($0.end - $0.start).count)) ns"
            }
            failures.append(
                BellError(
                    .sequenceLimits, "\(node.name)'s waveforms have \(samples) samples; its board holds \(memory).",
                    at: "\(sequence.source) nodes.\(node.name)", cause: cost, fix: "shorten a pulse"))
        }
        if events.count > Int(limits[node].maxEvents) {
            failures.append(
                BellError(
                    .sequenceLimits,
                    "\(node.name) has \(events.count) operations; its board holds \(limits[node].maxEvents) events.",
                    at: "\(sequence.source) nodes.\(node.name)", fix: "remove operations"))
        }
    }

    /// A fraction of a turn as 2^32 steps; whole turns vanish.
    static func phase(_ turns: Double) -> UInt32 {
        UInt32(truncatingIfNeeded: UInt64(((turns - turns.rounded(.down)) * 4_294_967_296).rounded()))
    }
}

extension Operation.Kind {
    /// What the board does.
    var event: ProgramEvent.Kind {
        switch self {
        case .reset: .reset
        case .emit: .emit
        case .absorb: .absorb
        case .rotation: .drive
        case .inputBit: .inputBit
        case .latch: .gate
        case .gatedRotation: .gatedDrive
        case .readout: .readout
        case .stop: .stop
        }
    }
}
