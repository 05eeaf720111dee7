import BellModel
import Testing

@Suite("The chain of plans")
struct PlanChainTests {
    private static func hash(_ byte: UInt8) throws -> Digest {
        try #require(Digest(bytes: [UInt8](repeating: byte, count: 32)))
    }

    private static func sealed(_ number: UInt64, after previous: Digest) -> SealedPlan {
        let plan = Plan(
            name: "own", trials: 100, trialsPerArm: 10, trialsPerBlock: 50, pattern: .minusOn11, inputBits: .board,
            hostBits: nil, settingBias: 0, localityK: 5, headline: .localRealism(significance: 0.01), claims: [],
            pool: .public, onRestart: .resume, sequence: "s.yaml", sequenceHash: .zero)
        return SealedPlan(plan: plan, number: number, previous: previous, sealedAt: "2026-11-21T00:00:00Z")
    }

    /// Plan n has the hash n, repeated.
    private static func entry(_ number: UInt8, _ fate: PlanChain.Fate = .certified) throws -> PlanChain.Entry {
        PlanChain.Entry(
            number: UInt64(number), hash: try hash(number), previous: number == 1 ? .zero : try hash(number - 1),
            name: "plan \(number)", sealedAt: "2026-11-20T00:00:00Z", fate: fate)
    }

    @Test("the newest comes first, gaps are missing, and every plan is counted")
    func order() throws {
        let others = [try Self.entry(2, .abandoned), try Self.entry(6, .sealed), try Self.entry(3)]
        let chain = PlanChain(of: 5, others: others, unnumbered: 1)
        #expect(chain.head == 6)
        #expect(chain.listed.map(\.number) == [6, 4, 3, 2, 1])
        #expect(chain.listed.map(\.fate) == [.sealed, .missing, .certified, .abandoned, .missing])
        #expect(chain.counts == [.sealed: 1, .certified: 1, .abandoned: 1, .missing: 2, .damaged: 1])
        #expect(chain.others == 6)
        #expect(try PlanChain(json: chain.json, path: "plan_chain") == chain)
        let first = PlanChain(of: 1, others: [])
        #expect(first.others == 0 && first.listed.isEmpty)
        #expect(try PlanChain(json: first.json, path: "plan_chain") == first)
    }

    @Test("a long chain is listed in part and counted in full, whatever its numbers are")
    func bounded() throws {
        let many = try (1...200).map { try Self.entry($0, $0.isMultiple(of: 10) ? .abandoned : .certified) }
        let chain = PlanChain(of: 201, others: many)
        #expect(chain.listed.count == 64 && chain.listed.last?.number == 137)
        #expect(chain.counts == [.certified: 180, .abandoned: 20])
        var far = try Self.entry(7)
        far.number = .max
        let hostile = PlanChain(of: 3, others: [far])
        #expect(hostile.listed.count == 64 && hostile.counts[.missing] == .max - 2)
        #expect(try PlanChain(json: PlanChain(of: 900, others: []).json, path: "x").counts == [.missing: 899])
    }

    @Test("another plan in a plan's place is a break; what is missing or damaged is not")
    func breaks() throws {
        let own = try Self.hash(5)
        let others = try [4, 3, 2, 1].map { try Self.entry($0) }
        let sealed = Self.sealed(5, after: try Self.hash(4))
        #expect(PlanChain(of: 5, others: others).breaks(of: sealed, hash: own) == [])
        #expect(
            PlanChain(of: 5, others: others.filter { $0.number != 3 }).breaks(of: sealed, hash: own) == [])
        // The plan itself was sealed after another one.
        #expect(
            PlanChain(of: 5, others: others).breaks(of: Self.sealed(5, after: .zero), hash: own) == [4])
        var exchanged = others
        exchanged[1].hash = try Self.hash(99)
        #expect(PlanChain(of: 5, others: exchanged).breaks(of: sealed, hash: own) == [3])
        exchanged[1].hash = nil
        #expect(PlanChain(of: 5, others: exchanged).breaks(of: sealed, hash: own) == [])
        // Two plans of one number, and a later one that follows another plan than this.
        #expect(PlanChain(of: 5, others: others + [exchanged[0], exchanged[2]]).breaks(of: sealed, hash: own) == [])
        var twin = try Self.entry(2)
        twin.hash = try Self.hash(77)
        #expect(PlanChain(of: 5, others: others + [twin]).breaks(of: sealed, hash: own) == [2])
        #expect(PlanChain(of: 5, others: [try Self.entry(6)]).breaks(of: sealed, hash: try Self.hash(88)) == [5])
        // The first plan follows nothing.
        #expect(PlanChain(of: 1, others: []).breaks(of: Self.sealed(1, after: own), hash: own) == [0])
    }

    @Test("a chain that cannot be is refused")
    func refused() throws {
        let good = PlanChain(of: 5, others: [try Self.entry(4), try Self.entry(3)]).json
        func changed(_ key: String, _ value: JSON) -> JSON {
            var members = good.objectValue ?? [:]
            members[key] = value
            return .object(members)
        }
        let rows = try #require(good["listed"]?.arrayValue)
        for bad in [
            changed("head", 3), changed("others", 5), changed("counts", ["certified": 1]),
            changed("counts", ["gone": 4]), changed("counts", ["certified": .int(.max), "missing": 4]),
            changed("listed", .array(rows.reversed())),
            changed("listed", .array([JSON](repeating: rows[0], count: 65))),
            changed("listed", [["number": 4]]), changed("more", 1), .null, [],
        ] {
            #expect(throws: BellError.self, "\(bad.text.prefix(120))") { try PlanChain(json: bad, path: "plan_chain") }
        }
    }
}
