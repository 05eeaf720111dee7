import BellHost
import BellModel

/// One turn after another: keeps the next values on disk, and gives out a pulse when it is due.
struct BeaconLoop<Supply: BitSupply> {
    let maker: PulseMaker
    var supply: Supply
    let word: BeaconState
    let log: Logger
    var schedule: PulseSchedule
    /// When the pools are looked at again after they were empty or something failed.
    private var retry = UTCTime(milliseconds: 0)
    private var isPrepared = false

    /// A signal must not wait longer, nor a clock that was set.
    private static var longestSleep: Int64 { 100 }
    private static var retryAfter: Int64 { 1000 }

    init(maker: PulseMaker, supply: Supply, word: BeaconState, log: Logger, schedule: PulseSchedule) {
        self.maker = maker
        self.supply = supply
        self.word = word
        self.log = log
        self.schedule = schedule
    }

    /// Does what there is to do now.
    ///
    /// - Returns: Milliseconds to sleep.
    mutating func turn(now: UTCTime) -> Int64 {
        if !isPrepared, now >= retry || retry.milliseconds - now.milliseconds > Self.retryAfter { prepare(now) }
        switch schedule.step(now: now) {
        case .wait(let until): return min(Self.longestSleep, max(1, until.milliseconds - now.milliseconds))
        case .pulse(let time):
            // Without values this pulse is left out, and the next one says that there was a gap.
            if isPrepared { publish(time) }
            return 1
        }
    }

    private mutating func prepare(_ now: UTCTime) {
        do throws(BellError) {
            isPrepared = try maker.prepare(from: &supply)
            if word.set(isPrepared ? .pulsing : .empty), !isPrepared {
                log.warn("no public pool has 512 bits left; waiting for one")
            }
        } catch {
            fail(error)
        }
        retry = UTCTime(milliseconds: now.milliseconds + Self.retryAfter)
    }

    private mutating func publish(_ time: UTCTime) {
        isPrepared = false
        do throws(BellError) {
            guard let pulse = try maker.publish(at: time) else { return }
            log.info(
                "pulse",
                [
                    "chain": pulse.chainIndex, "pulse": pulse.pulseIndex, "time": pulse.timeStamp.pulseText,
                    "status": pulse.statusCode.rawValue, "simulated": pulse.origin.isSimulated,
                ])
        } catch {
            fail(error)
        }
        retry = UTCTime(milliseconds: 0)
    }

    private func fail(_ error: BellError) {
        if word.set(.failing) { log.error("no pulse can be made", error) }
    }
}
