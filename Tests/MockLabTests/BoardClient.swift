import BellModel
import DriverKit
import Testing

@testable import MockLab

/// Talks to a laboratory's core in messages, without a transport and with a wall clock of its own.
struct BoardClient {
    var core: LabCore
    /// Wall nanoseconds.
    var now: UInt64 = 10_000_000_000
    /// What each board has sent and no test has taken.
    var inbox = PerNode<[BoardMessage]>(alice: [], bob: [])
    /// Frames that could not be read.
    var unreadable = 0
    private var sequence: UInt32 = 0

    static let campaign: CampaignID? = CampaignID(bytes: [UInt8](repeating: 7, count: 16))

    init(seed: UInt64 = 1, pace: Pace = .max, change: (inout MockProfile) -> Void = { _ in }) throws {
        var profile = try BoardClient.profile()
        change(&profile)
        let boots = BootCounter()
        core = LabCore(profile: profile, seed: seed, pace: pace) { boots.next() }
    }

    static func profile() throws -> MockProfile {
        let rate = try #require(TickRate(numerator: 8_000_000_000))
        return MockProfile(
            name: "test", physics: HandMadeProgram.truth,
            boards: PerNode(alice: BoardTruth(tickRate: rate), bob: BoardTruth(tickRate: rate)))
    }

    /// Sends a message and returns the reply to it.
    @discardableResult
    mutating func ask(_ message: BoardMessage, _ node: Node) -> BoardMessage? {
        sequence += 1
        return deliver(message.encoded(sequence: sequence), node, sequence: sequence)
    }

    /// Sends bytes and returns the reply to the request `sequence`.
    @discardableResult
    mutating func deliver(_ bytes: [UInt8], _ node: Node, sequence: UInt32 = 0) -> BoardMessage? {
        core.receive(bytes, at: node, now: now)
        return collect(node, replyTo: sequence)
    }

    /// Lets wall time pass.
    mutating func wait(nanoseconds: UInt64) {
        now += nanoseconds
        core.advance(now: now)
        _ = collect(.alice, replyTo: 0)
    }

    private mutating func collect(_ node: Node, replyTo: UInt32) -> BoardMessage? {
        var reply: BoardMessage?
        let frames = core.takeOutgoing(now: now)
        for sender in Node.allCases {
            for bytes in frames[sender] {
                guard let frame = try? Frame.decode(bytes), let message = try? BoardMessage(frame) else {
                    unreadable += 1
                    continue
                }
                if sender == node && replyTo != 0 && frame.replyTo == replyTo {
                    reply = message
                } else {
                    inbox[sender].append(message)
                }
            }
        }
        return reply
    }

    /// HELLO and the hand-made programs at both boards.
    mutating func prepare(_ programs: HandMadeProgram = HandMadeProgram()) throws {
        for node in Node.allCases {
            ask(.hello(Hello(software: "test")), node)
            let bytes = try programs.program(node).encoded()
            let reply = ask(.program(bytes), node)
            #expect(reply == .programLoaded(ProgramLoaded(program: bytes)))
        }
        inbox = PerNode(alice: [], bob: [])
    }

    /// Arms both boards and starts the master; in `max` pace the arm is over when it returns.
    mutating func run(arm: UInt64, first: UInt64, count: UInt32) throws {
        let order = try BoardClient.order(arm: arm, first: first, count: count)
        for node in Node.allCases { #expect(ask(.arm(order), node) == .armed(order)) }
        #expect(ask(.start(ArmName(campaign: order.campaign, arm: arm)), .alice) == .ok)
        while let deadline = core.deadline, deadline <= now { wait(nanoseconds: 0) }
    }

    static func order(arm: UInt64, first: UInt64, count: UInt32) throws -> ArmOrder {
        ArmOrder(campaign: try #require(campaign), arm: arm, firstIndex: first, count: count)
    }

    /// All records that a board has sent, in the order of arrival.
    func records(_ node: Node) -> [TrialRecord] { chunks(node).flatMap { TrialRecord.all(in: $0.records) } }

    func chunks(_ node: Node) -> [TrialsMessage] {
        inbox[node].compactMap { if case .trials(let trials) = $0 { trials } else { nil } }
    }

    func clock(_ node: Node) -> [ClockRecord] {
        inbox[node].flatMap { message -> [ClockRecord] in
            if case .clock(let clock) = message { clock.records } else { [] }
        }
    }

    func armEnds(_ node: Node) -> [ArmEnd] {
        inbox[node].compactMap { if case .armEnd(let end) = $0 { end } else { nil } }
    }
}
