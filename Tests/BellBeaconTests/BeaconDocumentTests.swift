import BellBeacon
import BellCrypto
import BellHost
import BellModel
import Testing

@Suite struct BeaconDocumentTests {
    private let document: BeaconDocument
    private let certificate: BeaconCertificate

    init() throws {
        document = try BeaconDocument()
        certificate = try BeaconCertificate(pem: try document.text("pem key"), source: "docs/beacon.md")
    }

    @Test("The document's pulses are a sound chain, and are written again as they were read")
    func sound() throws {
        var check = ChainCheck([certificate], isWhole: true)
        for json in try document.pulses() {
            let pulse = try Pulse(json: json)
            #expect(check.take(pulse) == [])
            #expect(pulse.json == json)
        }
        #expect(check.counts == ChainCheck.Counts(pulses: 4, precommitments: 3, gaps: 1, simulated: 4))
    }

    @Test("The third pulse's signed bytes are those of the document, and its signature is made again")
    func bytes() throws {
        let pulse = try Pulse(json: try document.json("json pulse-3"))
        #expect(pulse.signedBytes == (try document.bytes("hex signed-3")))
        let key = try #require(SigningKey(seed: Array(0..<32)))
        #expect(key.publicKey == certificate.key.bytes)
        #expect(key.sign(pulse.signedBytes) == pulse.signatureValue)
    }

    @Test("Pulses that are made from the same values are the document's")
    func made() throws {
        let key = try #require(SigningKey(seed: Array(0..<32)))
        let want = try document.pulses().map { (json) in try Pulse(json: json) }
        let values = (1...5).map { Value512.hash(Array("bellbeacon vector \($0)".utf8)) }
        for (i, pulse) in want.enumerated() {
            let status: PulseStatus = i == 0 ? .uncommitted : i == 3 ? .timeGap : []
            let draft = Pulse.Draft(
                base: "http://127.0.0.1:8079", period: 60_000, chainIndex: 1, pulseIndex: UInt64(i + 1),
                timeStamp: pulse.timeStamp, localRandomValue: values[i], origin: pulse.origin, links: pulse.listValues,
                next: values[i + 1], status: status)
            #expect(Pulse(draft, signedBy: key, certificate: certificate) == pulse)
        }
    }

    @Test("The last pulse leads back to the first over two steps")
    func way() throws {
        let pulses = try document.pulses().map { (json) in try Pulse(json: json) }
        let archive = BeaconArchive(certificates: [certificate], pulses: pulses, name: "document")
        let way = try archive.skipList(chain: try archive.chain(nil), to: 1)
        #expect(way.map(\.pulseIndex) == [4, 3, 1])
        #expect(SkipList.findings(way, [certificate]) == [])
    }

    /// A pulse of beacon.nist.gov as it was published: the bytes are laid out as there, and only the suite is another.
    @Test("The output value of a published pulse of the NIST beacon is the hash of our serialisation")
    func published() throws {
        let path = "\(sourceRoot())/Tests/BellBeaconTests/Reference/nist-chain-2-pulse-1853311.json"
        var json = try #require(try JSON(parsing: try readText(path))["pulse"]?.objectValue)
        let signature = try #require(json["signatureValue"]?.stringValue.flatMap { [UInt8](hex: $0) })
        // What the reader would refuse is put in afterwards.
        json["cipherSuite"] = .int(Int64(Pulse.ed25519))
        json["signatureValue"] = .string(String(repeating: "0", count: 128))
        json["pool"] = PulseOrigin(campaign: CampaignID(first16Of: .zero), firstBit: 0, isSimulated: false).json
        var pulse = try Pulse(json: .object(json))
        pulse.cipherSuite = 0
        pulse.signatureValue = signature
        #expect(pulse.timeStamp == UTCTime("2026-07-10T11:02:00Z"))
        #expect(Value512.hash(pulse.outputBytes) == pulse.outputValue)
        // Its links are where ours would be: all of the spans that the pulse before is in.
        #expect(
            pulse.listValues.map { SkipList.index(in: $0.uri ?? "", chain: 2) } == [
                1853310, 1853309, 1852649, 1839689, 1595005,
            ])
    }

    @Test("A plan can quote a pulse of ours as it can quote the NIST beacon's")
    func quoted() throws {
        let json = try document.json("json pulse-2")
        let quote = try BeaconPulse(published: ["pulse": json], path: "beacon")
        #expect(quote.index == 2 && quote.time == UTCTime("2026-12-31T23:59:00Z"))
        #expect(quote.value == json["outputValue"]?.stringValue?.lowercased())
    }

    @Test("A pulse of another beacon is refused, and it is said why")
    func otherBeacon() throws {
        let path = "\(sourceRoot())/Tests/BellBeaconTests/Reference/nist-chain-2-pulse-1853311.json"
        let json = try #require(try JSON(parsing: try readText(path))["pulse"])
        #expect { try Pulse(json: json) } throws: {
            ($0 as? BellError)?.code == .beaconForm && "\($0)".contains("cipher suite 0")
        }
    }
}
