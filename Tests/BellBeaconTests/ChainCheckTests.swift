import BellCrypto
import BellModel
import TestSupport
import Testing

@testable import BellBeacon

@Suite struct ChainCheckTests {
    /// Over the turn of hour, day, month and year, with gaps.
    private static let minutes: [Int64] = [
        0, 1, 2, 30, 58, 59, 60, 61, 62, 119, 120, 121, 1500, 1501, 3000, 45_000, 45_001,
    ]

    private static func chain() throws -> TestChain {
        var chain = try TestChain()
        chain.append(minutes: minutes)
        return chain
    }

    @Test("A sound chain is sound, from its first pulse and from every other", arguments: minutes.indices)
    func sound(from: Int) throws {
        let chain = try Self.chain()
        #expect(chain.findings(isWhole: from == 0, Array(chain.pulses[from...])) == [])
    }

    @Test("Every member of a pulse that is changed is noticed, at every depth", arguments: [0, 4, 16])
    func tampered(index: Int) throws {
        let chain = try Self.chain()
        let json = chain.pulses[index].json
        let paths = Self.leaves(json)
        #expect(paths.count == 34)
        for path in paths {
            let changed = Self.change(json, path)
            #expect(changed != json, "\(path)")
            guard let pulse = try? Pulse(json: changed) else { continue }
            let findings = chain.findings(Array(chain.pulses[..<index]) + [pulse])
            #expect(!findings.isEmpty, "\(path)")
            #expect(findings.allSatisfy { $0.code.exit == .dataIntegrity }, "\(path)")
        }
    }

    @Test("A member that is missing, unknown or of another kind is refused")
    func form() throws {
        let json = try #require(try Self.chain().pulses[1].json.objectValue)
        for key in json.keys {
            for value in [nil, JSON.null, .array([]), .string(""), .int(-1), .int(1 << 62), .double(0.5)] {
                var changed = json
                changed[key] = value
                #expect(throws: BellError.self, "\(key)") { try Pulse(json: .object(changed)) }
            }
        }
        var more = json
        more["extra"] = 1
        #expect { try Pulse(json: .object(more)) } throws: { ($0 as? BellError)?.code == .beaconForm }
    }

    /// What whoever has the key could try; each with the member that gives it away.
    private static let cheats: [(String, String, @Sendable (inout Pulse) -> Void)] = [
        ("another random value", "localRandomValue", { $0.localRandomValue = TestChain.value(99) }),
        ("a hidden gap", "statusCode", { $0.statusCode.remove(.timeGap) }),
        ("a false beginning", "statusCode", { $0.statusCode.insert(.uncommitted) }),
        ("an unknown status", "statusCode", { $0.statusCode.insert(PulseStatus(rawValue: 64)) }),
        ("a simulation that is kept quiet", "statusCode", { $0.statusCode.formSymmetricDifference(.simulated) }),
        ("another pool", "pool", { $0.origin.firstBit += 512 }),
        ("an outside value", "external", { $0.external.value = TestChain.value(98) }),
        ("an outside status", "external", { $0.external.statusCode = 1 }),
        ("a time before the last", "timeStamp", { $0.timeStamp.milliseconds -= 100 * 86_400_000 }),
        ("a time off the period", "timeStamp", { $0.timeStamp.milliseconds += 1 }),
        ("a number left out", "pulseIndex", { $0.pulseIndex += 1 }),
        ("a number given twice", "pulseIndex", { $0.pulseIndex -= 1 }),
        ("another chain", "chainIndex", { $0.chainIndex += 1 }),
        ("another period", "period", { $0.period = 30_000 }),
        ("another address", "uri", { $0.uri = "http://b/beacon/2.0/chain/3/pulse/77" }),
        (
            "a link to the wrong hour", "listValues.hour",
            { $0.listValues[1] = PulseLink(kind: .hour, uri: $0.listValues[0].uri, value: $0.listValues[0].value) }
        ),
        ("a link without a value", "listValues.year", { $0.listValues[4].value = .zero }),
        ("a link elsewhere", "listValues.previous", { $0.listValues[0].uri = "http://c/" }),
    ]

    @Test("What is changed and signed again is noticed by its place in the chain", arguments: cheats.indices)
    func cheat(index: Int) throws {
        let (name, member, change) = Self.cheats[index]
        let chain = try Self.chain()
        // After a gap, in an hour of which it is not the first.
        var pulse = chain.pulses[4]
        change(&pulse)
        let findings = chain.findings(Array(chain.pulses[..<4]) + [chain.sign(pulse)])
        #expect(findings.contains { $0.place?.hasSuffix(", \(member)") == true }, "\(name): \(findings)")
        // The pulse after it refers to the one that was really there.
        #expect(!chain.findings(Array(chain.pulses[..<4]) + [chain.sign(pulse), chain.pulses[5]]).isEmpty)
    }

    @Test("A pulse that is signed with another key is refused, whichever key its certificate names")
    func otherKey() throws {
        let chain = try Self.chain()
        var pulse = chain.pulses[1]
        pulse.signatureValue = try #require(PulseTestKey.other).sign(pulse.signedBytes)
        pulse.outputValue = Value512.hash(pulse.outputBytes)
        let findings = chain.findings([chain.pulses[0], pulse])
        #expect(findings.map(\.place) == ["chain 3, pulse 2, signatureValue"])
    }

    @Test("Pulses that are left out, repeated or swapped are noticed", arguments: 1..<minutes.count - 1)
    func order(index: Int) throws {
        let chain = try Self.chain()
        var out = chain.pulses
        out.remove(at: index)
        #expect(chain.findings(out).contains { $0.what.contains("the chain has a gap") })
        var twice = chain.pulses
        twice.insert(twice[index], at: index)
        #expect(!chain.findings(twice).isEmpty)
        var swapped = chain.pulses
        swapped.swapAt(index - 1, index)
        #expect(!chain.findings(swapped).isEmpty)
        #expect(!chain.findings(Array(chain.pulses[index...])).isEmpty, "it does not begin with the first")
    }

    @Test("From every pulse there is a sound way to every earlier one, and a broken one is noticed")
    func ways() throws {
        let chain = try Self.chain()
        for newest in chain.pulses.indices {
            let pulses = Array(chain.pulses[...newest])
            let archive = BeaconArchive(certificates: [], pulses: pulses, name: "test")
            for anchor in pulses.indices {
                var way = try archive.skipList(chain: try archive.chain(nil), to: UInt64(anchor + 1))
                #expect(way.first == pulses.last && way.last == pulses[anchor])
                #expect(way.count <= 12 && SkipList.findings(way, [chain.certificate]) == [])
                guard way.count > 2 else { continue }
                way.remove(at: 1)
                #expect(!SkipList.findings(way, [chain.certificate]).isEmpty)
            }
        }
    }

    /// The paths to all that is no object and no array.
    private static func leaves(_ json: JSON, _ path: [String] = []) -> [[String]] {
        switch json {
        case .object(let members): members.keys.sorted().flatMap { leaves(members[$0] ?? .null, path + [$0]) }
        case .array(let items): items.indices.flatMap { leaves(items[$0], path + ["\($0)"]) }
        default: [path]
        }
    }

    private static func change(_ json: JSON, _ path: [String]) -> JSON {
        guard let key = path.first else { return other(json) }
        switch json {
        case .object(var members):
            members[key] = change(members[key] ?? .null, Array(path.dropFirst()))
            return .object(members)
        case .array(var items):
            items[Int(key) ?? 0] = change(items[Int(key) ?? 0], Array(path.dropFirst()))
            return .array(items)
        default: return json
        }
    }

    /// As like as can be, but not the same.
    private static func other(_ json: JSON) -> JSON {
        switch json {
        case .string(let text):
            let digit = text.last == "0" ? "1" : "0"
            return .string(text.hasSuffix("000Z") ? text.dropLast(8) + "1:00.000Z" : text.dropLast() + digit)
        case .int(let value): return .int(value + 1)
        case .bool(let value): return .bool(!value)
        case .null: return "http://b/beacon/2.0/chain/3/pulse/1"
        default: return .null
        }
    }
}
