import BellCampaign
import BellControl
import BellModel
import BellSequence
import BellZeroMQ
import Board
import DriverKit

/// Holds both boards' drivers, shows their state, and hands their events to the campaign that is under way.
///
/// Without a campaign it keeps the boards connected by itself, so that `bellctl status` tells the truth; with one, the
/// campaign decides when to connect.
actor DeviceKeeper {
    nonisolated let boards: PerNode<BoardDriver>
    private nonisolated let laboratory: Laboratory
    private let telemetry: @Sendable (_ kind: String, _ data: JSON) -> Void
    private let standing: @Sendable (CampaignID) -> CampaignStanding
    /// The campaign that has the boards, and the queue of what it is told: one queue, so that nothing overtakes.
    private var lent: (campaign: Campaign, feed: AsyncStream<(BoardEvent, Node)>.Continuation)?
    /// The calibration that has the boards, and the queue of what it is told.
    private var calibrating: (arms: JointArm, feed: AsyncStream<(BoardEvent, Node)>.Continuation)?
    private var capabilities = PerNode<Capabilities?>(alice: nil, bob: nil)
    private var problems = PerNode<BellError?>(alice: nil, bob: nil)
    /// The status with which a board ended its last replay; nil until then.
    private var replayed = PerNode<BoardStatus?>(alice: nil, bob: nil)
    private var tasks: [Task<Void, Never>] = []
    /// A check has the boards.
    private var isLeased = false
    /// How often a USB device with this board's numbers was plugged in.
    private var arrivals = PerNode(alice: 0, bob: 0)
    /// What boards sent of an unfinished campaign that does not have them: the rest of an arm that a crash left open. A
    /// driver delivers each record once, so it is kept until its campaign goes on; a board's spool bounds it.
    private var backlog: [(event: BoardEvent, node: Node)] = []
    /// Campaigns that need nothing of what boards have kept.
    private var finished: Set<CampaignID> = []
    /// Campaigns of other state directories, of which boards have kept something; a person was told once of each.
    private var foreign = PerNode<Set<CampaignID>>(alice: [], bob: [])
    /// A board that claims ever new campaigns is not listened to for ever.
    private static let mostForeign = 64

    /// Makes the drivers; nothing is connected yet.
    ///
    /// - Parameter standing: Whether a campaign still needs what a board has kept of it.
    init(
        laboratory: Laboratory, openers: PerNode<TransportOpener>, timeouts: BoardTimeouts = .init(),
        telemetry: @escaping @Sendable (_ kind: String, _ data: JSON) -> Void,
        standing: @escaping @Sendable (CampaignID) -> CampaignStanding
    ) {
        self.laboratory = laboratory
        self.telemetry = telemetry
        self.standing = standing
        boards = PerNode {
            BoardDriver(name: laboratory.boards[$0].name, node: $0, timeouts: timeouts, open: openers[$0])
        }
    }

    /// Begins to listen to the boards.
    func listen() {
        for node in Node.allCases {
            let events = boards[node].events
            tasks.append(Task { [weak self] in for await event in events { await self?.received(event, from: node) } })
        }
    }

    /// Begins to keep the boards connected while no campaign does.
    ///
    /// - Parameter plugs: What is plugged in and pulled; a board that comes back is connected at once.
    func keepConnected(plugs: AsyncStream<USBChange>? = nil) {
        for node in Node.allCases { tasks.append(Task { [weak self] in await self?.keepConnected(node) }) }
        guard let plugs else { return }
        tasks.append(
            Task { [weak self] in for await change in plugs where change.isArrival { await self?.arrived(change) } })
    }

    /// A USB device was plugged in: whoever waits for it need not wait longer.
    private func arrived(_ change: USBChange) {
        for node in Node.allCases {
            guard case .usb(let vendor, let product, _) = laboratory.boards[node].address.way,
                vendor == change.device.vendor, product == change.device.product
            else { continue }
            arrivals[node] += 1
        }
    }

    /// Switches the outputs of boards that rest off, and closes the links. A board at work on an arm is left to it: the
    /// arm's trials count, and it keeps them for the next start.
    func stop() async {
        for task in tasks { task.cancel() }
        for node in Node.allCases {
            let board = boards[node]
            if let status = try? await board.status(), status.armed == nil { try? await board.safe() }
            await board.close()
        }
    }

    /// Hands the boards to a campaign, with the links that are up and with what boards have kept of it.
    func lend(to campaign: Campaign) {
        let (events, feed) = AsyncStream<(BoardEvent, Node)>.makeStream()
        Task { for await (event, node) in events { await campaign.received(event, from: node) } }
        // A link that is up is handed over as it is: connecting anew would only cut it.
        let up = Node.allCases.filter { problems[$0] == nil }
        for node in up { if let board = capabilities[node] { feed.yield((.connected(board, isReboot: false), node)) } }
        for (event, node) in backlog where event.campaign == campaign.id { feed.yield((event, node)) }
        backlog.removeAll { $0.event.campaign == campaign.id }
        for node in up { if let status = replayed[node] { feed.yield((.replayEnd(status), node)) } }
        lent = (campaign, feed)
    }

    /// Takes the boards back, if this campaign has them.
    func takeBack(from campaign: Campaign) {
        guard let lent, lent.campaign === campaign else { return }
        lent.feed.finish()
        self.lent = nil
    }

    /// Refuses to have instruments set while a board is at work on an arm that a crash left open: its trials count, and
    /// under the settings of its block.
    func refuseWhileRunning() async throws(BellError) {
        for node in Node.allCases where problems[node] == nil && capabilities[node] != nil {
            // What a board does not answer, its next connection tells.
            guard let status = try? await boards[node].status(), status.state == .running, let arm = status.armed
            else { continue }
            throw BellError(
                .campaignBusy,
                "\(laboratory.boards[node].name) is still at work on arm \(arm.arm) of campaign \(arm.campaign).",
                at: "campaign", state: "no instrument was set", fix: "wait until the arm is over, then try again")
        }
    }

    /// Hands the trials of a calibration's arms to it, until ``endCalibration()``; the links stay as they are.
    func beginCalibration(_ arms: JointArm) {
        let (events, feed) = AsyncStream<(BoardEvent, Node)>.makeStream()
        Task { for await (event, node) in events { await arms.received(event, from: node) } }
        calibrating = (arms, feed)
    }

    /// What boards still send of the calibration is nobody's from now on, and they may drop it.
    func endCalibration() async {
        guard let ended = calibrating else { return }
        calibrating = nil
        ended.feed.finish()
        for node in Node.allCases {
            await boards[node].acknowledge(campaign: ended.arms.campaign, arm: .max, nextIndex: .max)
        }
    }

    /// Gives the boards up for a check that needs them for itself; ``endLease()`` takes them back.
    func lease() async {
        isLeased = true
        for node in Node.allCases { await boards[node].close() }
    }

    /// Connects the boards again after a check.
    func endLease() {
        isLeased = false
        for node in Node.allCases { arrivals[node] += 1 }
    }

    /// The boards' capabilities as far as they are connected.
    var connected: PerNode<Capabilities?> {
        PerNode(
            alice: problems.alice == nil ? capabilities.alice : nil, bob: problems.bob == nil ? capabilities.bob : nil)
    }

    /// Whether both boards have sent what they had kept, and it was handed on or kept here.
    var hasReplayed: Bool { Node.allCases.allSatisfy { replayed[$0] != nil } }

    private func received(_ event: BoardEvent, from node: Node) async {
        switch event {
        case .connected(let new, let isReboot):
            // What a board still keeps after that, its replay brings.
            if isReboot { foreign[node] = [] }
            capabilities[node] = new
            problems[node] = nil
            replayed[node] = nil
            telemetry("device", json(of: node))
        case .disconnected(let error):
            problems[node] = error
            telemetry("device", json(of: node))
        case .fault(let fault):
            let error = fault.bellError(at: laboratory.boards[node].name)
            telemetry("event", ["level": "warn", "message": .string(error.what), "device": .string(error.place ?? "")])
        case .replayEnd(let status): replayed[node] = status
        case .trials, .clock, .signature, .armEnd: break
        }
        if let calibrating {
            let isItsOwn = event.campaign == calibrating.arms.campaign
            if isItsOwn || event.isDisconnection { calibrating.feed.yield((event, node)) }
            if isItsOwn { return }
        }
        guard let owner = event.campaign, owner != lent?.campaign.id else {
            lent?.feed.yield((event, node))
            return
        }
        await keep(event, of: owner, from: node)
    }

    /// Keeps what belongs to a campaign that may go on, lets the board drop what belongs to one that has ended, and
    /// leaves alone what belongs to another belld.
    private func keep(_ event: BoardEvent, of owner: CampaignID, from node: Node) async {
        // A calibration's are nobody's evidence.
        if !owner.isCalibration {
            if foreign[node].contains(owner) { return }
            if !finished.contains(owner) {
                let isKept = backlog.contains { $0.event.campaign == owner }
                switch isKept ? CampaignStanding.unfinished : standing(owner) {
                case .unfinished: return backlog.append((event, node))
                case .unknown: return leave(owner, on: node)
                case .finished: finished.insert(owner)
                }
            }
        }
        if let (arm, end) = event.place { await boards[node].acknowledge(campaign: owner, arm: arm, nextIndex: end) }
    }

    private func leave(_ owner: CampaignID, on node: Node) {
        guard foreign[node].count < DeviceKeeper.mostForeign else { return }
        foreign[node].insert(owner)
        let error = BellError(
            .boardForeign, "The board keeps records of campaign \(owner), which this belld does not know.",
            at: laboratory.boards[node].name, state: "they are left in the board's spool, and take room in it",
            fix: "go on with that campaign under its own state directory (--state); "
                + "if it is given up, switch the board off and on, which empties the spool")
        telemetry(
            "event",
            [
                "level": "warn", "message": .string(error.what), "device": .string(laboratory.boards[node].name),
                "error": error.json,
            ])
        telemetry("device", json(of: node))
    }

    private func keepConnected(_ node: Node) async {
        var attempt = 0
        while !Task.isCancelled {
            // What is plugged in during an attempt is news to it, too.
            let seen = arrivals[node]
            if lent == nil, !isLeased, capabilities[node] == nil || problems[node] != nil {
                do throws(BellError) {
                    capabilities[node] = try await boards[node].connect()
                    problems[node] = nil
                    attempt = 0
                    // A check may have begun while this was under way.
                    if isLeased { await boards[node].close() }
                } catch {
                    attempt += 1
                    if problems[node] != error {
                        problems[node] = error
                        telemetry("device", json(of: node))
                    }
                }
            }
            let pause = attempt == 0 ? 500 : CampaignMachine.backoff(attempt: attempt)
            let end = ContinuousClock.now + .milliseconds(min(pause, 5000))
            while !Task.isCancelled, arrivals[node] == seen, ContinuousClock.now < end {
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    // MARK: Showing

    /// A board by its name, as `device.list` answers; nil for what is no board.
    func json(named name: String) -> JSON? { node(named: name).map(json(of:)) }

    /// Whose board is called so.
    nonisolated func node(named name: String) -> Node? {
        Node.allCases.first { laboratory.boards[$0].name == name }
    }

    private func json(of node: Node) -> JSON {
        let device = laboratory.boards[node]
        var object: [String: JSON] = [
            "name": .string(device.name), "node": .string(node.name), "driver": .string(device.driver.rawValue),
            "at": .string(device.address.text), "reason": .null, "state": "connecting",
        ]
        if let problem = problems[node] {
            object["state"] = .string(problem.deviceState)
            object["reason"] = .string(problem.what)
            object["error"] = problem.json
        } else if let capabilities = capabilities[node] {
            object["state"] = "connected"
            if !foreign[node].isEmpty {
                let names = foreign[node].map(\.description).sorted()
                object["reason"] = .string(
                    "keeps records of \(names.count == 1 ? "a campaign" : "campaigns") of another belld")
                object["foreign_campaigns"] = .array(names.map { .string($0) })
            }
            object["capabilities"] = capabilities.json
        }
        return .object(object)
    }
}

extension BellError.Code {
    /// A board keeps records of a campaign of another state directory.
    static let boardForeign = BellError.Code("board.foreign-campaign", exit: .hardware)
}
