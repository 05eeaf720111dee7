import BellModel

extension LabCore {
    /// Puts the settings that a cheating laboratory foresees in the place of the boards' bits.
    mutating func foresee(_ halves: inout PerNode<TrialSampler.Half?>, count: Int) {
        if boards[profile.triggerMaster].arm?.made == 0 {
            cheat?.beginArm()
            if let cheat, cheat.isSilent { faults.mute(cheat.adversary.node, until: .max) }
        }
        guard let bits = cheat?.settings(count: count) else { return }
        for node in Node.allCases { halves[node]?.bits = bits[node] }
    }

    /// Lets a cheating laboratory rewrite what both nodes recorded; a node alone has nothing to cheat with.
    mutating func forge(_ made: inout PerNode<TrialSampler.Output?>, firstIndex: UInt64, period: UInt64) {
        guard cheat != nil, let alice = made.alice, let bob = made.bob, let programA = boards.alice.program,
            let programB = boards.bob.program
        else { return }
        var both = PerNode(alice: alice, bob: bob)
        let lines = PerNode(alice: programA.discriminator, bob: programB.discriminator)
        cheat?.forge(&both, firstIndex: firstIndex, period: period, discriminators: lines)
        made = both.map { $0 }
    }

    /// What each board sends of a slice: all of it as one chunk, unless the laboratory cheats.
    mutating func chunks(
        of made: PerNode<TrialSampler.Output?>, firstIndex: UInt64
    ) -> PerNode<[HalfChunk]> {
        let bootIDs = boards.map(\.bootID)
        let pulse = pulse
        guard var cheat, let alice = made.alice, let bob = made.bob else {
            return PerNode { node in
                guard let output = made[node] else { return [] }
                return [
                    HalfChunk(
                        node: node, firstIndex: firstIndex, firstPulse: pulse, bootID: bootIDs[node],
                        records: output.records)
                ]
            }
        }
        let node = cheat.adversary.node
        let sent = cheat.chunks(
            of: PerNode(alice: alice, bob: bob), firstIndex: firstIndex, firstPulse: pulse, bootIDs: bootIDs,
            newBoot: makeBootID)
        if let last = sent[node].last, last.bootID != bootIDs[node] { boards[node].claim(bootID: last.bootID) }
        self.cheat = cheat
        return sent
    }
}
