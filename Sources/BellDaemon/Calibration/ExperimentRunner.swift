import BellCalibration
import BellCrypto
import BellModel
import BellSequence
import Board
import DriverKit
import Synchronization

/// Plays ``ExperimentPoint``s on belld's boards and brings back what they measured.
///
/// Whoever has it has the boards' lease. Points of alice's and of bob's board may be under way at the same time; a joint
/// one needs both. Cancelling the task that measures ends it before the next piece.
final class ExperimentRunner: Sendable {
    /// Makes the programs of a point; pure.
    typealias Compile =
        @Sendable (ExperimentPoint, CalibrationSet, PerNode<BoardLimits>, InputBitSource)
        throws(BellError) -> PerNode<NodeProgram?>

    /// A program that a board has, in the boot in which it was loaded.
    private struct Loaded {
        var program: NodeProgram
        var boot: UInt64
    }

    /// What makes a program what it is.
    private struct Recipe: Hashable {
        var sequence: String
        var isJoint: Bool
        var node: Node?
        var parameters: [String: Double]
        var overrides: [CalibrationPath: Double]
        /// The values in force have this number; it rises with every change.
        var generation: Int
    }

    private struct State {
        var loaded = PerNode<Loaded?>(alice: nil, bob: nil)
        var programs: [Recipe: PerNode<NodeProgram?>] = [:]
        var loads = 0
        var compilations = 0
    }

    private let boards: PerNode<BoardDriver>
    private let triggerMaster: Node
    private let arms: JointArm
    private let stall: Duration
    /// The longest that one SHOTS request may last: half of what the driver waits for its answer, and half of the silence
    /// after which it gives a board up that has no time for anything else while it plays.
    private let longestRequest: Duration
    private let compile: Compile
    private let state = Mutex(State())

    /// Programs that are kept: more than any routine repeats.
    private static let cacheLimit = 512

    init(
        boards: PerNode<BoardDriver>, triggerMaster: Node, arms: JointArm, timeouts: BoardTimeouts = .init(),
        stall: Duration = .seconds(5), longestRequest: Duration? = nil, compile: @escaping Compile
    ) {
        self.boards = boards
        self.triggerMaster = triggerMaster
        self.arms = arms
        self.stall = stall
        self.longestRequest = longestRequest ?? min(timeouts.transfer, timeouts.silence) / 2
        self.compile = compile
    }

    /// How often programs were made and loaded so far; for tests of both caches.
    var work: (compilations: Int, loads: Int) { state.withLock { ($0.compilations, $0.loads) } }

    /// Plays a point.
    ///
    /// - Parameters:
    ///   - values: All values that count, without the point's own overrides.
    ///   - generation: Rises with every change of `values`.
    ///   - progress: Told how many shots or trials have been played.
    /// - Throws: `calibration.cancelled`, `calibration.boards`, the compiler's errors and the boards'.
    func measure(
        _ point: ExperimentPoint, values: CalibrationSet, generation: Int,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws(BellError) -> Measurement {
        try refuseIfCancelled()
        guard point.count > 0, point.count <= 1 << 28 else {
            throw BellError(.calibrationRoutine, "A routine asks for \(point.count) shots of \(point.sequence).")
        }
        let capabilities = try await capabilities(of: point)
        let programs = try programs(of: point, values, generation, capabilities)
        switch point.kind {
        case .shots(let node):
            guard let program = programs[node] else { throw noProgram(point, node) }
            return .shots(try await shots(point.count, program, at: node, progress))
        case .joint:
            guard let alice = programs.alice else { throw noProgram(point, .alice) }
            guard let bob = programs.bob else { throw noProgram(point, .bob) }
            return .joint(try await joint(point.count, PerNode(alice: alice, bob: bob), progress))
        }
    }

    /// Switches the outputs of the boards that rest off; what cannot be reached has lost its host, which is as safe.
    func makeSafe(_ nodes: [Node] = Node.allCases) async {
        state.withLock { for node in nodes { $0.loaded[node] = nil } }
        for node in nodes where await boards[node].isConnected { try? await boards[node].safe() }
    }

    // MARK: Programs

    private func programs(
        of point: ExperimentPoint, _ values: CalibrationSet, _ generation: Int, _ boards: PerNode<Capabilities?>
    ) throws(BellError) -> PerNode<NodeProgram?> {
        var recipe = Recipe(
            sequence: point.sequence, isJoint: point.kind == .joint, node: nil, parameters: point.parameters,
            overrides: point.overrides, generation: generation)
        if case .shots(let node) = point.kind { recipe.node = node }
        if let known = state.withLock({ $0.programs[recipe] }) { return known }
        let overridden = point.overrides.isEmpty ? values : try values.replacing(point.overrides)
        let limits = boards.map { $0.map { BoardLimits($0) } ?? .typical }
        // A board without a generator of its own gets its bits from here; nothing depends on their being secret.
        let inputBits: InputBitSource =
            point.kind == .joint && [boards.alice, boards.bob].contains { $0?.hasRNG == false } ? .host : .board
        let programs = try compile(point, overridden, limits, inputBits)
        state.withLock { state in
            state.compilations += 1
            if state.programs.count >= ExperimentRunner.cacheLimit { state.programs = [:] }
            state.programs[recipe] = programs
        }
        return programs
    }

    /// Loads a program, unless the board has it already.
    private func load(_ program: NodeProgram, into node: Node) async throws(BellError) {
        guard let boot = await boards[node].capabilities?.bootID else { throw notConnected(node) }
        if let loaded = state.withLock({ $0.loaded[node] }), loaded.boot == boot, loaded.program == program { return }
        state.withLock { $0.loaded[node] = nil }
        do throws(BellError) {
            try await boards[node].load(program)
        } catch {
            // An arm that was armed and never started, by a host that was killed, keeps the board busy for ever.
            guard error.code == .boardState, try await boards[node].status().state == .armed else { throw error }
            try await boards[node].stop()
            try await boards[node].load(program)
        }
        state.withLock { state in
            state.loaded[node] = Loaded(program: program, boot: boot)
            state.loads += 1
        }
    }

    /// Forgets what a board has after something went wrong with it.
    private func forget(_ node: Node) { state.withLock { $0.loaded[node] = nil } }

    // MARK: Playing

    private func shots(
        _ count: Int, _ program: NodeProgram, at node: Node, _ progress: @Sendable (Int) -> Void
    ) async throws(BellError) -> ShotSet {
        do throws(BellError) {
            try await load(program, into: node)
            let period = Double(program.trialPeriod) / program.tickRate.hertz
            let inTime = max(1, min(1e9, longestRequest.seconds / max(period, 1e-12)))
            let piece = min(Int(ShotsRequest.maximumCount), Int(inTime))
            var set = ShotSet(i: [], q: [], ones: 0)
            set.i.reserveCapacity(count)
            set.q.reserveCapacity(count)
            while set.count < count {
                try refuseIfCancelled()
                let wanted = UInt32(min(piece, count - set.count))
                guard case .each(let points) = try await boards[node].shots(wanted, averaged: false).points,
                    points.count == Int(wanted)
                else {
                    throw BellError(
                        .calibrationBoards, "The board did not send one point a shot.", at: "\(node.name)/board",
                        state: BellError.oldValuesStay, fix: "run `bellctl device check`")
                }
                for point in points {
                    set.i.append(point.i)
                    set.q.append(point.q)
                    set.ones += Int(program.discriminator.outcome(i: point.i, q: point.q))
                }
                progress(set.count)
            }
            return set
        } catch {
            forget(node)
            throw error
        }
    }

    private func joint(
        _ count: Int, _ programs: PerNode<NodeProgram>, _ progress: @escaping @Sendable (Int) -> Void
    ) async throws(BellError) -> JointSet {
        do throws(BellError) {
            async let alice = attempt { () async throws(BellError) in try await self.load(programs.alice, into: .alice)
            }
            async let bob = attempt { () async throws(BellError) in try await self.load(programs.bob, into: .bob) }
            if let error = BellError.all([await alice, await bob].compactMap { $0 }) { throw error }
            var set = JointSet(empty: count)
            var played = 0
            while played < count {
                try refuseIfCancelled()
                let arm = try await arm(of: count - played)
                let done = played
                set.append(try await run(arm, programs) { progress(done + $0) })
                played += Int(arm)
            }
            return set
        } catch {
            for node in Node.allCases {
                forget(node)
                // Ends an arm that waits for a pulse which does not come, and lets the board drop what came of it.
                try? await boards[node].stop()
                await boards[node].acknowledge(campaign: arms.campaign, arm: .max, nextIndex: .max)
            }
            throw error
        }
    }

    /// How many trials the next arm has: as many as both boards have room for.
    private func arm(of count: Int) async throws(BellError) -> UInt32 {
        let free = min(try await boards.alice.status().spoolFree, try await boards.bob.status().spoolFree)
        guard free > 0 else {
            throw BellError(
                .calibrationBoards, "A board's spool is full of records that nobody has acknowledged.",
                at: "alice/board, bob/board", state: BellError.oldValuesStay,
                fix: "finish or stop the campaign that they belong to: `bellctl campaign list`")
        }
        return min(free, UInt32(clamping: count), ShotsRequest.maximumCount)
    }

    private func run(
        _ count: UInt32, _ programs: PerNode<NodeProgram>, _ progress: @escaping @Sendable (Int) -> Void
    ) async throws(BellError) -> JointSet {
        let order = await arms.begin(count: count)
        async let alice = prepare(.alice, order, programs.alice)
        async let bob = prepare(.bob, order, programs.bob)
        if let error = BellError.all([await alice, await bob].compactMap { $0 }) { throw error }
        try await boards[triggerMaster].start()
        let collected = try await arms.collect(stall: stall, progress: progress)
        // Nobody will ask for these records again: the boards' room is for the next arm.
        let end = order.firstIndex + UInt64(order.count)
        for node in Node.allCases {
            await boards[node].acknowledge(campaign: order.campaign, arm: order.arm, nextIndex: end)
        }
        return JointPairing.pair(collected)
    }

    private func prepare(_ node: Node, _ order: ArmOrder, _ program: NodeProgram) async -> BellError? {
        await attempt { () async throws(BellError) in
            if program.inputBits == .host {
                let bytes = randomBytes((Int(order.count) + 7) / 8)
                try await self.boards[node].sendHostBits(
                    campaign: order.campaign, arm: order.arm, bits: PackedBits(count: order.count, bytes: bytes))
            }
            try await self.boards[node].arm(order)
        }
    }

    private func attempt(_ body: @Sendable () async throws(BellError) -> Void) async -> BellError? {
        do throws(BellError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    // MARK: Boards

    /// What the boards that a point needs say of themselves; the others are nil.
    private func capabilities(of point: ExperimentPoint) async throws(BellError) -> PerNode<Capabilities?> {
        var found = PerNode<Capabilities?>(alice: nil, bob: nil)
        let nodes: [Node] = if case .shots(let node) = point.kind { [node] } else { Node.allCases }
        for node in nodes {
            guard await boards[node].isConnected, let board = await boards[node].capabilities else {
                throw notConnected(node)
            }
            found[node] = board
        }
        return found
    }

    private func notConnected(_ node: Node) -> BellError {
        BellError(
            .calibrationBoards, "\(node.name)'s board is not connected.", at: "\(node.name)/board",
            state: BellError.oldValuesStay, fix: "see `bellctl device list` for the reason")
    }

    private func noProgram(_ point: ExperimentPoint, _ node: Node) -> BellError {
        BellError(.calibrationRoutine, "The experiment \(point.sequence) has nothing to play at \(node.name).")
    }

    private func refuseIfCancelled() throws(BellError) {
        if Task.isCancelled { throw BellError.calibrationWasCancelled }
    }
}

extension Duration {
    /// For limits, not for time tags.
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
