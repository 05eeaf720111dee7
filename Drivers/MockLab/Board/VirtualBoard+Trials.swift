import BellCrypto
import BellModel
import DriverKit

extension VirtualBoard {
    /// What the board contributes to the next `count` trials; nil when it records none.
    mutating func half(count: Int) -> TrialSampler.Half? {
        guard let arm, Int(arm.remaining) >= count else { return nil }
        let made = Int(arm.made)
        var bits = [UInt8](repeating: 0, count: count)
        if let given = arm.hostBits {
            for place in 0..<count { bits[place] = given[made + place] }
        } else {
            for place in 0..<count { bits[place] = random.bit() }
        }
        return TrialSampler.Half(
            firstIndex: arm.nextIndex, bits: bits, startTick: arm.startTick, stopDelta: arm.stopDelta,
            flags: arm.hostBits == nil ? [.simulated] : [.simulated, .hostBit], counter: counter,
            pulseDelay: truth.triggerDelay, jitterStep: Int64(truth.triggerJitter / 2))
    }

    /// Takes what is to be sent of consecutive trials into the spool, sends it, and ends the arm after its last trial.
    ///
    /// - Parameter chunks: One, or what a cheating board makes of it.
    mutating func record(_ chunks: [HalfChunk], pulseTicks: [UInt64], firstPulse: UInt64, fault: ChunkFault) {
        guard let order = arm?.order else { return }
        arm?.count(firstPulse: firstPulse, ticks: pulseTicks)
        for chunk in chunks where !fault.contains(.drop) {
            let trials = TrialsMessage(
                campaign: order.campaign, arm: order.arm, bootID: chunk.bootID, firstIndex: chunk.firstIndex,
                firstPulse: chunk.firstPulse, records: chunk.records)
            let end = chunk.range.upperBound
            keepAndSend(.trials(trials), order, endIndex: end, records: trials.count, fault: fault)
            if truth.signs { keepAndSend(.chunkSignature(signature(of: trials)), order, endIndex: end) }
        }
        if arm?.remaining == 0 { endArm(.completed) }
    }

    /// Ends the arm, if there is one: clock records, then ARM_END.
    mutating func endArm(_ reason: ArmEnd.Reason) {
        guard let arm else { return }
        self.arm = nil
        let end = arm.order.firstIndex + UInt64(arm.order.count)
        let clock = arm.finalClock
        for from in stride(from: 0, to: clock.count, by: VirtualBoard.clockRecordsPerMessage) {
            let part = Array(clock[from..<min(from + VirtualBoard.clockRecordsPerMessage, clock.count)])
            let message = ClockMessage(
                campaign: arm.order.campaign, arm: arm.order.arm, bootID: bootID, records: part)
            keepAndSend(.clock(message), arm.order, endIndex: end)
        }
        keepAndSend(.armEnd(ArmEnd(order: arm.order, made: arm.made, reason: reason)), arm.order, endIndex: end)
    }

    /// 64 KiB of clock records.
    private static let clockRecordsPerMessage = 4096

    private func signature(of trials: TrialsMessage) -> ChunkSignature {
        var signature = ChunkSignature(
            campaign: trials.campaign, arm: trials.arm, bootID: trials.bootID, firstIndex: trials.firstIndex,
            count: UInt32(trials.count), digest: Blake2b.hash(trials.records))
        signature.signature = key.sign(signature.signedBytes)
        return signature
    }
}
