import BellCrypto
import BellHTTP
import BellModel
import TestSupport
import Testing

@testable import BellBeacon

@Suite struct BeaconRoutesTests {
    private let folder: TemporaryFolder
    private let chain: TestChain
    private let routes: BeaconRoutes
    private let store: SharedStore

    private static func minute(_ number: Int64) -> UTCTime {
        UTCTime(milliseconds: 1_798_758_000_000 + number * 60_000)
    }

    /// Pulses at the minutes 0, 1, 2, 58, 60, 61.
    init() throws {
        folder = try TemporaryFolder()
        chain = try TestChain()
        store = try SharedStore(path: folder.file("beacon.sqlite"))
        let state = BeaconState()
        routes = BeaconRoutes(store: store, state: state) { Self.minute(70) }
        let maker = try PulseMaker(store: store, key: chain.key, period: 60_000, base: "http://b")
        var supply = FakeSupply(left: 20)
        for number in [0, 1, 2, 58, 60, 61] as [Int64] {
            #expect(try maker.prepare(from: &supply))
            #expect(try maker.publish(at: Self.minute(number)) != nil)
        }
        #expect(state.set(.pulsing))
    }

    private func get(_ path: String) -> HTTPResponse { routes.answer(HTTPRequest(path: path)) }

    private func index(_ path: String) throws -> UInt64? {
        let answer = get(path)
        guard answer.status == 200 else { return nil }
        return try Pulse(json: try #require(try JSON(parsing: answer.body)["pulse"])).pulseIndex
    }

    @Test(
        "A pulse is found by its number and by time",
        arguments: [
            ("pulse/last", 6), ("chain/1/pulse/last", 6), ("chain/last/pulse/3", 3), ("chain/1/pulse/1", 1),
            ("chain/1/pulse/7", nil), ("chain/2/pulse/1", nil), ("pulse/time/@1", 2), ("pulse/time/@31", 4),
            ("pulse/time/@30", 3), ("pulse/time/@59", 4), ("pulse/time/@999999", 6), ("pulse/time/0", 1),
            ("pulse/time/next/@2", 4), ("pulse/time/next/@61", nil), ("pulse/time/previous/@58", 3),
            ("pulse/time/previous/@0", nil), ("pulse/time/previous/@59", 4),
        ] as [(String, UInt64?)])
    func pulses(path: String, want: UInt64?) throws {
        let words = path.split(separator: "/").map { word in
            word.hasPrefix("@") ? "\(Self.minute(Int64(word.dropFirst()) ?? 0).milliseconds)" : String(word)
        }
        #expect(try index("/beacon/2.0/" + words.joined(separator: "/")) == want)
    }

    @Test(
        "What is no address of a beacon is answered with 404 and our error",
        arguments: [
            "", "/x", "/beacon", "/beacon/2.0", "/beacon/2.0/", "/beacon/1.0/pulse/last", "/beacon/2.0/pulse",
            "/beacon/2.0/pulse/last/",
            "//beacon/2.0/pulse/last", "/beacon/2.0/pulse/time/-1", "/beacon/2.0/pulse/time/1e3",
            "/beacon/2.0/pulse/time/01",
            "/beacon/2.0/pulse/time/9999999999999999", "/beacon/2.0/pulse/time/later/5", "/beacon/2.0/chain",
            "/beacon/2.0/chain/0",
            "/beacon/2.0/chain/1/pulse", "/beacon/2.0/chain/1/pulse/0", "/beacon/2.0/chain/1/pulses/1/257",
            "/beacon/2.0/chain/1/pulses/2/1", "/beacon/2.0/certificate/00", "/beacon/2.0/skiplist/time/1",
            "/beacon/2.0/../../etc/passwd", "/beacon/2.0/chain/1'; DROP TABLE pulse", "/beacon/2.0/chain/9",
            "/beacon/2.0/certificate/" + String(repeating: "0", count: 128),
        ])
    func missing(path: String) throws {
        let answer = get(path)
        #expect(answer.status == 404 && answer.contentType == "application/json")
        #expect(try JSON(parsing: answer.body)["error"]?["code"] == "beacon.missing")
    }

    @Test("A range of pulses, a chain and its certificate are answered")
    func chainAndKey() throws {
        let list = try JSON(parsing: get("/beacon/2.0/chain/1/pulses/2/250").body)
        #expect(try Pulse.list(json: list, place: "").map(\.pulseIndex) == [2, 3, 4, 5, 6])
        let answer = try #require(try JSON(parsing: get("/beacon/2.0/chain/last").body)["chain"])
        #expect(answer["lastPulse"] == 6 && answer["state"] == "pulsing" && answer["chainIndex"] == 1)
        #expect(answer["millisecondsSinceLastPulse"] == .int(9 * 60_000))
        let id = try #require(answer["certificateId"]?.stringValue)
        let pem = get("/beacon/2.0/certificate/\(id)")
        #expect(String(decoding: pem.body, as: UTF8.self) == chain.certificate.pem)
    }

    @Test("The way between two times is short and sound, and refused the wrong way round")
    func way() throws {
        let (old, new) = (Self.minute(0).milliseconds, Self.minute(61).milliseconds)
        let json = try JSON(parsing: get("/beacon/2.0/skiplist/time/\(old)/\(new)").body)
        let way = try Pulse.list(json: json, place: "")
        #expect(way.map(\.pulseIndex) == [6, 5, 1])
        #expect(SkipList.findings(way, [chain.certificate]) == [])
        #expect(get("/beacon/2.0/skiplist/time/\(new)/\(old)").status == 404)
    }

    @Test("The page says that bits are simulated, and shows no markup that came from elsewhere")
    func page() throws {
        let html = String(decoding: get("/").body, as: UTF8.self)
        // The last pulse is number 6, of an even origin.
        #expect(html.contains("SIMULATED") && html.contains("pulsing"))
        #expect(
            html.contains(
                "\(try #require(try store { (store) throws(BellError) in try store.pulse(.last) }).outputValue)"))
        #expect(BeaconPage.escape("<a href=\"x\">&") == "&lt;a href=&quot;x&quot;&gt;&amp;")
        let empty = BeaconPage.html(chain: nil, last: nil, state: .empty, now: Self.minute(0))
        #expect(empty.contains("none yet") && empty.contains("no certified bits") && !empty.contains("SIMULATED"))
    }

    @Test("A client reads over HTTP what a file also holds, and both are found sound")
    func verification() throws {
        let server = try HTTPServer(at: try ListenAddress("127.0.0.1:0")) { [routes] in routes.answer($0) }
        let client = try BeaconClient("http://\(server.address)/beacon/2.0/pulse/last")
        var kept: [Pulse] = []
        let report = try BeaconVerification(client, chain: nil, trusted: nil).chain {
            (_, _, pulses) throws(BellError) in
            kept += pulses
        }
        #expect(report.findings == [] && report.counts?.pulses == 6 && report.counts?.gaps == 2 && report.isSimulated)
        let saved = BeaconArchive(certificates: [report.certificate], pulses: kept, name: "saved")
        let archive = try BeaconArchive(json: try JSON(parsing: saved.json.text), source: "saved")
        let again = try BeaconVerification(archive, chain: nil, trusted: chain.certificate.key)
        #expect(try again.chain(from: 3, to: 5) { (_, _, _) throws(BellError) in }.counts?.pulses == 3)
        #expect(try again.way(to: 2).findings == [])
        #expect(try BeaconVerification(client, chain: 1, trusted: nil).way(to: 1).way == 3)
        let stranger = PublicKey(bytes: try #require(PulseTestKey.other).publicKey)
        #expect { try BeaconVerification(client, chain: nil, trusted: stranger) } throws: {
            ($0 as? BellError)?.code == .beaconMismatch
        }
        #expect(throws: BellError.self) { try again.chain(from: 7) { (_, _, _) throws(BellError) in } }
    }

    @Test("A file with a pulse left out is not sound")
    func fileWithGap() throws {
        var pulses = try store { (store) throws(BellError) in try store.pulses(chain: 1, 1...100) }
        pulses.remove(at: 2)
        let archive = BeaconArchive(certificates: [chain.certificate], pulses: pulses, name: "gap")
        let report = try BeaconVerification(archive, chain: nil, trusted: nil).chain { (_, _, _) throws(BellError) in }
        #expect(report.findings.contains { $0.what.contains("the chain has a gap") && $0.code.exit == .dataIntegrity })
    }
}
