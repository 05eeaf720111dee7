import BellAudit
import BellCrypto
import BellJournal
public import BellModel
import BellStatistics
public import Board
import DriverKit

extension Campaign {
    // MARK: Board events

    /// Takes one event of a board; the daemon forwards them in their order. What belongs to another campaign is ignored.
    public func received(_ event: BoardEvent, from node: Node) {
        links[node].heard = services.now()
        switch event {
        case .connected(let capabilities, _):
            links[node] = BoardLink(capabilities: capabilities, heard: services.now())
        case .trials(let campaign, let arm, let chunk) where campaign == id:
            if arm == collector?.arm.number {
                let before = collector?.received
                if collector?.add(chunk) == false { note("a chunk lies outside its arm", node) }
                // A repeat is not counted, and has been prepared before.
                if collector?.received != before { keeper.prepare(chunk, of: arm) }
            } else {
                discard(arm, upTo: chunk.range.upperBound, of: node)
            }
        case .clock(let campaign, let arm, _, let records) where campaign == id && arm == collector?.arm.number:
            collector?.add(records, of: node)
        case .armEnd(let campaign, let arm, let first, let count, let made, _) where campaign == id:
            if arm == collector?.arm.number {
                collector?.end(node, made: made)
                if let lost = collector?.missing(node), lost > 0 {
                    note("\(lost) records of arm \(arm) are lost", node)
                }
            } else {
                discard(arm, upTo: first &+ UInt64(count), of: node)
            }
        case .signature(let signature) where signature.campaign == id: collector?.add(signature, of: node)
        case .replayEnd: links[node].replayed = true
        case .fault(let fault): note(fault.bellError(at: "\(node.name)/board").what, node)
        case .disconnected(let error):
            if links[node].error == nil, !links[node].isConnecting { links[node].error = error }
        case .trials, .clock, .armEnd, .signature: break
        }
        wake()
    }

    /// Lets a board drop what is recorded already.
    private func discard(_ arm: UInt64, upTo index: UInt64, of node: Node) {
        guard collector.map({ arm < $0.arm.number }) ?? true else { return }
        let board = boards[node]
        Task { [id] in await board.acknowledge(campaign: id, arm: arm, nextIndex: index) }
    }

    /// Tells of chunks without a good signature; they stay in the journal as they came, and stand in the certificate.
    func note(_ unsigned: [SignatureChecks.Problem]) {
        for problem in unsigned { note(problem.words, problem.node) }
    }

    private func note(_ what: String, _ node: Node) {
        let (keeper, time) = (keeper, services.time())
        Task {
            await keeper.addEvent(
                "warning", time: time, detail: ["message": .string(what), "node": .string(node.name)])
        }
    }

    // MARK: Connecting

    /// Connects whatever is not connected, and waits until both boards have sent all they had kept.
    ///
    /// - Returns: The boots in which the boards are.
    func connectBoards() async throws(BellError) -> PerNode<UInt64> {
        var errors: [BellError] = []
        async let alice = connect(.alice)
        async let bob = connect(.bob)
        if let error = await alice { errors.append(error) }
        if let error = await bob { errors.append(error) }
        if let error = BellError.all(errors) { throw error }
        while let waiting = Node.allCases.first(where: { !links[$0].replayed }) {
            if let error = links.alice.error ?? links.bob.error { throw error }
            if services.now() > links[waiting].heard + services.stall {
                throw BellError(
                    .campaignBoardSilent, "The board stopped before it had sent all that it had kept.",
                    at: "\(waiting.name)/board", cause: "nothing came for \(seconds(services.stall))",
                    fix: "run `bellctl device check`; restart the board if it stays so")
            }
            await pause()
        }
        guard let a = links.alice.capabilities, let b = links.bob.capabilities else {
            throw BellError(.campaignBoards, "A board went away while it was being connected.")
        }
        guard a.node == .alice, b.node == .bob else {
            throw BellError(
                .campaignBoards,
                "The boards are exchanged: alice's address answers as \(a.node.name), bob's as \(b.node.name).",
                at: "lab.yaml devices", fix: "exchange the two `at:` lines in lab.yaml")
        }
        guard a.simulated == b.simulated else {
            throw BellError(
                .campaignBoards, "One board is simulated and the other is not.", at: "lab.yaml devices",
                fix: "use two boards of one kind in a campaign")
        }
        let keys = try await PerNode<ChunkKey?>(
            alice: chunkKey(.alice, hasOwn: a.hasSigningKey), bob: chunkKey(.bob, hasOwn: b.hasSigningKey))
        try keeper.checkSameBoards(PerNode(alice: a, bob: b), keys: keys)
        return PerNode(alice: a.bootID, bob: b.bootID)
    }

    /// With whose key a node's chunks are signed: the board's, else belld's own.
    private func chunkKey(_ node: Node, hasOwn: Bool) async throws(BellError) -> ChunkKey? {
        guard !hasOwn else {
            if links[node].key == nil { links[node].key = try await boards[node].nodeKey() }
            return links[node].key.flatMap { ChunkKey(bytes: $0, holder: .board) }
        }
        return keeper.signers[node].flatMap { ChunkKey(bytes: $0.publicKey, holder: .belld) }
    }

    /// What stands against committing an arm: a link that is down, or a board in another boot than it was thought in.
    var linkProblem: BellError? {
        for node in Node.allCases {
            if let error = links[node].error { return error }
            guard links[node].capabilities?.bootID == machine.boots?[node] else {
                return BellError(
                    .boardRebooted, "The board has started anew.", at: "\(node.name)/board",
                    state: "its program is gone and is loaded again")
            }
        }
        return nil
    }

    private func seconds(_ nanoseconds: UInt64) -> String { "\(Double(nanoseconds) / 1e9) s" }

    private func connect(_ node: Node) async -> BellError? {
        // The driver is asked, too, because the news of a lost link may still be on its way.
        if links[node].isUp, await boards[node].isConnected { return nil }
        do throws(BellError) {
            links[node] = BoardLink(isConnecting: true, heard: services.now())
            _ = try await boards[node].connect()
            // The event that says so is here already or on its way, with the replay behind it.
            return nil
        } catch {
            links[node] = BoardLink(error: error)
            return error
        }
    }

    // MARK: Blocks

    func openBlock(number: UInt64, firstIndex: UInt64) async throws(BellError) -> CampaignMachine.Event {
        let boots = try await connectBoards()
        guard let a = links.alice.capabilities, let b = links.bob.capabilities else {
            throw BellError(.campaignBoards, "A board went away before the block was opened.")
        }
        let block = try await services.compile(sealed, PerNode(alice: a, bob: b))
        async let alice = load(block.programs.alice, into: .alice)
        async let bob = load(block.programs.bob, into: .bob)
        let errors = [await alice, await bob].compactMap { $0 }
        if let error = BellError.all(errors) { throw error }
        try await keeper.beginBlock(number: number, firstIndex: firstIndex, block: block, boots: boots)
        compiled = block
        return .blockOpened(boots: boots, armLimit: min(a.spoolTrials, b.spoolTrials))
    }

    private func load(_ program: NodeProgram, into node: Node) async -> BellError? {
        let board = boards[node]
        do throws(BellError) {
            do throws(BellError) {
                try await board.load(program)
            } catch {
                // An arm that was armed and never started, by a host that was killed, keeps the board busy for ever.
                guard error.code == .boardState, try await board.status().state == .armed else { throw error }
                try await board.stop()
                try await board.load(program)
            }
            return nil
        } catch {
            return error
        }
    }

    // MARK: Arms

    func drawHostBits(for arm: Arm) async throws(BellError) -> PerNode<[UInt8]>? {
        guard sealed.plan.inputBits == .host else { return nil }
        return PerNode(
            alice: try await services.hostBits(.alice, arm.range), bob: try await services.hostBits(.bob, arm.range))
    }

    /// Arms both boards, starts the trigger master, and collects until both halves are here.
    func runArm(_ arm: Arm) async throws(BellError) {
        collector = ArmCollector(arm: arm)
        let order = ArmOrder(campaign: id, arm: arm.number, firstIndex: arm.firstIndex, count: arm.count)
        async let alice = prepare(.alice, order)
        async let bob = prepare(.bob, order)
        if let error = BellError.all([await alice, await bob].compactMap { $0 }) { throw error }
        try await boards[services.triggerMaster].start()
        try await collect(Node.allCases)
    }

    private func prepare(_ node: Node, _ order: ArmOrder) async -> BellError? {
        do throws(BellError) {
            if let bits = hostBits?.bits[node] {
                try await boards[node].sendHostBits(
                    campaign: order.campaign, arm: order.arm, bits: PackedBits(count: order.count, bytes: bits))
            }
            try await boards[node].arm(order)
            return nil
        } catch {
            return error
        }
    }

    /// Waits for the halves of these nodes as long as something keeps coming of them.
    private func collect(_ nodes: [Node]) async throws(BellError) {
        var progress: UInt64 = 0
        var deadline = services.now() + services.stall
        while true {
            let missing = nodes.filter { collector?.ended[$0] == false }
            if missing.isEmpty { return }
            for node in missing { if let error = links[node].error { throw error } }
            let now = services.now()
            let received = nodes.reduce(0) { $0 + (collector?.received[$1] ?? 0) }
            if received != progress {
                progress = received
                deadline = now + services.stall
            }
            if now > deadline {
                throw BellError(
                    .campaignBoardSilent,
                    "No trial record came for \(seconds(services.stall)) although the board answers.",
                    at: missing.map { "\($0.name)/board" }.joined(separator: ", "),
                    cause: "arm \(collector?.arm.number ?? 0) is not complete",
                    fix: "check the trigger cable, then run `bellctl device check`")
            }
            await pause()
        }
    }

    /// Fetches what the boards still hold of an arm that went wrong; what they no longer hold is lost.
    func resolveArm(_ arm: Arm) async throws(BellError) -> PerNode<UInt64> {
        if collector?.arm != arm { collector = ArmCollector(arm: arm) }
        let boots = try await connectBoards()
        for node in Node.allCases where collector?.ended[node] == false {
            let status = try await boards[node].status()
            // A board that is still at work on this arm finishes it; one that waits for a trigger never will.
            if status.state == .running {
                do throws(BellError) {
                    try await collect([node])
                } catch {
                    try await boards[node].stop()
                }
            } else if status.state == .armed {
                try await boards[node].stop()
            }
        }
        // What was sent before the boards' last replies is here now, but for events still on their way to us.
        let deadline = services.now() + 300_000_000
        while collector?.isComplete == false, services.now() < deadline { await pause() }
        return boots
    }

    /// Audits and stores the arm and, in the same transaction, commits the next; then lets the boards drop it.
    func record(_ arm: Arm, thenCommit next: Arm?) async throws(BellError) -> CampaignMachine.Event {
        let gathered = collector?.arm == arm ? collector : nil
        // A board that has gone cannot be armed: no index is handed out for it; nor under settings that may have gone.
        let problem = next == nil ? nil : linkProblem
        let unsettled = await unsettled()
        let following = problem == nil && unsettled == nil ? next : nil
        var nextBits: PerNode<[UInt8]>?
        if let following { nextBits = try await drawHostBits(for: following) }
        let result = try await keeper.record(
            gathered ?? ArmCollector(arm: arm), hostBits: hostBits, thenCommit: following, nextBits: nextBits)
        totals.tally += result.audit.tally
        totals.margins += result.audit.margins
        totals.process.add(result.audit.tally, pattern: sealed.plan.pattern)
        totals.stopRule?.add(result.audit.tally)
        await testSettings(result.audit, of: arm)
        hostBits = result.nextBits
        services.journalGrew()
        note(result.unsigned)
        // A driver without a link keeps it in mind, and says it after the board's next replay.
        for node in Node.allCases {
            await boards[node].acknowledge(campaign: id, arm: arm.number, nextIndex: arm.range.upperBound)
        }
        if next != nil, let unsettled { return .unsettled(unsettled) }
        return problem.map { .linkLost($0) } ?? .done
    }
}
