import BellModel
import BellSequence

/// The times of the link's experiments: when the photon leaves and arrives, in the schedule's own time.
///
/// The numbers below are those of `Sequences/calibration/` and `Sequences/bell-chsh.yaml`; a test compiles the files and
/// compares.
struct LinkScene: Sendable {
    /// Who emits in all files of the link.
    static let sender = Node.alice
    static let receiver = Node.bob

    /// Start of the emission pulse in link-delay.yaml, absorption.yaml and emission-shape.yaml: after a reset of 2000 ns.
    static let emissionStart = 2400.0
    /// Start of the readout there: input_bit at 4000 ns for 17 ns, then 1 ns.
    static let readoutStart = 4018.0
    /// Start of the emission pulse in bell-phase.yaml, tomography.yaml and the trials' sequence.
    static let bellEmissionStart = 2100.0
    /// From there to the absorption pulse's start.
    static let bellDelay = 70.0
    /// How far the photon may be from there in nanoseconds: less than 2 % of the arrivals of the shipped pulses.
    static let bellReach = 10.0
    /// Start of the fixed rotation there.
    static let bellRotation = 2606.5
    /// End of the reset in all files.
    static let resetEnd = 2000.0

    /// Lengths of the emission and the absorption pulse in nanoseconds.
    let emission: Double
    let absorption: Double
    /// Nanoseconds of the coarser of both boards' samples.
    let sample: Double
    /// link_delay minus the schedule's distance between the middles of both pulses, in nanoseconds.
    let offset: Uncertain
    /// Whether both trigger delays are known; without them `offset` assumes that they are equal.
    let isSurveyed: Bool

    init(_ context: RoutineContext, from sender: Node = sender) throws(BellError) {
        let receiver = sender.other
        emission = try context.values.nodes[sender].pulse(.emission).duration.nanoseconds
        absorption = try context.values.nodes[receiver].pulse(.absorption).duration.nanoseconds
        sample = max(context.sample(.alice), context.sample(.bob))
        let lines = try [sender, receiver].map { (node) throws(BellError) -> Uncertain in
            try context.needed(.timing(node), "drive_line", for: "The link's timing")
        }
        var (value, square) = (lines[1].value - lines[0].value, lines.reduce(0) { $0 + $1.sigma * $1.sigma })
        if let sent = context.held(.timing(sender), "trigger_delay"),
            let received = context.held(.timing(receiver), "trigger_delay")
        {
            // The node that the pulse reaches first plays later by whole samples (the compiler's placement).
            let early = received.value - sent.value
            let unit = context.sample(early > 0 ? sender : receiver)
            value += early - (early / unit).rounded() * unit
            square += sent.sigma * sent.sigma + received.sigma * received.sigma
            isSurveyed = true
        } else {
            isSurveyed = false
        }
        offset = Uncertain(value, square.squareRoot())
    }

    /// From start to start of both pulses for a link_delay; a multiple of a sample.
    func startToStart(delay: Double) -> Double {
        onGrid(delay - offset.value + emission / 2 - absorption / 2)
    }

    /// The link_delay for which both pulses meet when their starts are so far apart.
    func delay(startToStart: Double) -> Double { startToStart + offset.value - emission / 2 + absorption / 2 }

    /// Why bell-phase.yaml and tomography.yaml say nothing of a trial that absorbs the photon; nil when they do.
    ///
    /// They play the trials' own gap, because the link's phase moves with it: by 2π · detuning · time, 0.1 rad for 5 MHz and
    /// 3 ns. So the gap does not follow link_delay, and must not be far from it.
    func bellFlaw(_ context: RoutineContext, for routine: String) throws(BellError) -> RoutineReport? {
        let delay = try context.needed(.link, "link_delay", for: routine).value
        let late = delay - self.delay(startToStart: Self.bellDelay)
        guard late.magnitude > Self.bellReach else { return nil }
        return RoutineReport(
            .badData,
            "The photon's middle is \(ReportText.digits(late)) ns after that of the trials' absorption pulse, by link_delay; "
                + "\(Self.bellReach) ns are allowed. Run link-delay, or change the absorption's gap_ns in bell-chsh.yaml, "
                + "bell-phase.yaml and tomography.yaml alike.")
    }

    func onGrid(_ time: Double) -> Double { (time / sample).rounded() * sample }

    /// The range of start-to-start distances that fits between bob's reset and his readout.
    var possible: ClosedRange<Double> {
        let latest = Self.readoutStart - Self.emissionStart - absorption - 20
        return onGrid(-380)...onGrid(max(latest, -360))
    }

    /// From the emission's middle to the sender's readout, without the 1 ns that `relaxation` waits by itself.
    var senderWait: Double { onGrid(Self.readoutStart - Self.emissionStart - emission / 2 - 1) }

    /// The same from the absorption's middle to the receiver's readout.
    func receiverWait(startToStart: Double) -> Double {
        onGrid(Self.readoutStart - Self.emissionStart - startToStart - absorption / 2 - 1)
    }
}
