import BellHost
import BellJournal
import BellModel
import BellStream
import Glibc
import Testing
import TestSupport

@testable import BellCampaign
@testable import BellDaemon

@Suite(.blocking) struct DaemonTests {
    @Test("a campaign runs from a plan file to an acknowledged end")
    func whole() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 5000))
        let sink = TestSink()
        try daemon.certify(sink)
        #expect(sink.ended[id] == CampaignEnd(state: .completed, nextIndex: 5000, notRun: 0))
        #expect(sink.arms[id]?.last?.nextIndex == 5000)
        #expect(sink.blocks[id]?.map(\.nextIndex) == [2048, 4096, 5000])
        #expect(sink.begins[id]?.simulated == true)
        let campaign = try daemon.wait(for: "completed")
        #expect(campaign["valid"]?.countValue == 5000)
        #expect(campaign["done"]?.countValue == 5000)
        #expect(campaign["simulated"] == true)
        let row = try #require(try daemon.call("campaign.list")["campaigns"]?.arrayValue?.first)
        #expect(row["state"] == "completed")
        #expect(row["simulated"] == true)
        #expect(row["done"]?.countValue == 5000)
        #expect(await daemon.end() == .ok)
    }

    @Test("files of a campaign are their owner's only")
    func privateFiles() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 10_000_000, more: "pool: private"))
        try daemon.wait(forMoreThan: 0)
        let store = laboratory.store
        #expect(mode(of: store.folder(of: id)) == 0o700)
        for name in try folderContents(store.folder(of: id)) {
            #expect(mode(of: "\(store.folder(of: id))/\(name)") == 0o600, "\(name)")
        }
        for folder in [laboratory.state.path, laboratory.state.campaigns, laboratory.state.logs] {
            #expect(mode(of: folder) == 0o700)
        }
        #expect(await daemon.end(signals: 2) == .interrupted)
    }

    @Test("stop scores what was not run as losses, and the end says so")
    func stop() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 10_000_000))
        try daemon.wait(forMoreThan: 0)
        _ = try daemon.call("campaign.stop", ["campaign": 1])
        let sink = TestSink()
        try daemon.certify(sink)
        let end = try #require(sink.ended[id])
        #expect(end.state == .stopped)
        #expect(end.nextIndex + end.notRun == 10_000_000)
        #expect(end.notRun > 0)
        #expect(end.reason == "a person ended it before its last trial")
        #expect(sink.arms[id]?.last?.nextIndex == end.nextIndex)
        try daemon.wait(for: "stopped")
        #expect(await daemon.end() == .ok)
    }

    @Test("an interrupted campaign goes on with the next daemon, and counts every index once")
    func resumed() async throws {
        let laboratory = try TestLaboratory()
        var daemon = try RunningDaemon(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 30_000))
        try daemon.wait(forMoreThan: 0)
        #expect(await daemon.end() == .interrupted)
        let stored = try laboratory.store.entry(id)
        #expect(stored.state == .interrupted)
        #expect(stored.nextIndex % 2048 == 0)

        daemon = try RunningDaemon(laboratory)
        let sink = TestSink()
        try daemon.certify(sink)
        #expect(sink.ended[id]?.state == .completed)
        #expect(sink.arms[id]?.reduce(0) { $0 + $1.statuses.count } == 30_000)
        try daemon.wait(for: "completed")
        let journal = try Journal.openReadOnly(at: laboratory.store.journal(of: id))
        try journal.verifyStructure()
        #expect(journal.nextIndex == 30_000)
        #expect(await daemon.end() == .ok)
    }

    @Test("an end that was decided is announced again by the next daemon, whatever on_restart says")
    func finishing() async throws {
        let laboratory = try TestLaboratory()
        var daemon = try RunningDaemon(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 1000, more: "on_restart: wait"))
        try daemon.wait(for: "finishing")
        await daemon.end()
        #expect(try laboratory.store.entry(id).state == .finishing)
        daemon = try RunningDaemon(laboratory)
        let sink = TestSink()
        try daemon.certify(sink)
        #expect(sink.ended[id]?.state == .completed)
        try daemon.wait(for: "completed")
        await daemon.end()
    }

    @Test("an unfinished campaign waits until a check has given the boards back")
    func checkedFirst() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        try await daemon.runner.beginCheck(of: "alice")
        let (id, _) = try laboratory.seal(1)
        await daemon.runner.resumeUnfinished()
        #expect(await !daemon.runner.isRunning)
        await daemon.runner.endCheck()
        let sink = TestSink()
        try daemon.wait("the campaign goes on") { $0["campaign"]?.objectValue != nil }
        try daemon.certify(sink)
        #expect(sink.ended[id] == CampaignEnd(state: .completed, nextIndex: 1000, notRun: 0))
        #expect(await daemon.end() == .ok)
    }

    @Test("an unfinished campaign goes on when another one, which was just being begun, could not be")
    func failedStartFirst() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let runner = daemon.runner
        try await runner.beginVisit("a device is set")
        // It waits for the end of the visit, and then finds no plan.
        let start = Task { () -> BellError? in
            do throws(BellError) { _ = try await runner.start(planPath: laboratory.folder.file("none.yaml")) } catch {
                return error
            }
            return nil
        }
        try await eventually("it is being begun") {
            do throws(BellError) { try await runner.beginVisit("another") } catch { return true }
            await runner.endVisit()
            return false
        }
        let (id, _) = try laboratory.seal(1)
        await runner.resumeUnfinished()
        await runner.endVisit()
        #expect(await start.value != nil)
        let sink = TestSink()
        try daemon.wait("the campaign goes on") { $0["campaign"]?.objectValue != nil }
        try daemon.certify(sink)
        #expect(sink.ended[id] == CampaignEnd(state: .completed, nextIndex: 1000, notRun: 0))
        #expect(await daemon.end() == .ok)
    }

    @Test("the daemon's end cuts a check short, and waits until its device is safe")
    func checkCutShort() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let runner = daemon.runner
        try await runner.beginCheck(of: "alice")
        let (cancellations, cancel) = AsyncStream<Void>.makeStream()
        await runner.setCancellation(ofCheck: { cancel.yield(()) })
        let left = Task { await runner.interrupt(times: 1) }
        var iterator = cancellations.makeAsyncIterator()
        await iterator.next()
        #expect(try daemon.refusal("device.check", ["device": "alice"]).code == .campaignBusy)
        await runner.endCheck()
        #expect(await left.value == false)
        await daemon.end()
    }

    @Test("a campaign begins only when what a person sets is set, and nothing is set while it begins")
    func visits() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let (runner, plan) = (daemon.runner, try laboratory.plan(trials: 10_000_000))
        try await runner.beginVisit("it cannot be set")
        let start = Task { try await runner.start(planPath: plan) }
        // Refused as soon as the campaign begins to begin, which waits for us.
        try await eventually("the campaign is being begun") {
            do throws(BellError) {
                try await runner.beginVisit("it cannot be set")
                await runner.endVisit()
                return false
            } catch { return error.code == .campaignBusy }
        }
        #expect(await !runner.isRunning)
        await runner.endVisit()
        _ = try await start.value
        #expect(await runner.isRunning)
        let refusal = await #expect(throws: BellError.self) { try await runner.beginVisit("it cannot be set") }
        #expect(refusal?.code == .campaignBusy)
        #expect(await daemon.end(signals: 2) == .interrupted)
    }

    @Test("with on_restart: wait a person resumes it")
    func waiting() async throws {
        let laboratory = try TestLaboratory()
        var daemon = try RunningDaemon(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 10_000_000, more: "on_restart: wait"))
        try daemon.wait(forMoreThan: 0)
        await daemon.end(signals: 2)
        let done = try laboratory.store.entry(id).nextIndex
        daemon = try RunningDaemon(laboratory)
        #expect(try daemon.campaign == .null)
        #expect(try daemon.refusal("campaign.pause").code == .campaignUnknown)
        _ = try daemon.call("campaign.resume", ["campaign": .string(id.description)])
        try daemon.wait(forMoreThan: done)
        await daemon.end(signals: 2)
    }

    @Test("pause and resume over the control socket")
    func pause() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        try daemon.start(try laboratory.plan(trials: 10_000_000))
        try daemon.wait(forMoreThan: 0)
        _ = try daemon.call("campaign.pause")
        let parked = try daemon.wait(for: "paused")
        _ = try daemon.call("campaign.resume", ["campaign": "latest"])
        try daemon.wait(forMoreThan: parked["done"]?.countValue ?? 0)
        let busy = try daemon.refusal("campaign.start", ["plan_path": .string(try laboratory.plan(trials: 10))])
        #expect(busy.code == .campaignBusy)
        await daemon.end(signals: 2)
    }

    @Test("plans are numbered and chained")
    func chain() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        var ids: [CampaignID] = []
        let sink = TestSink()
        let runner = daemon.runner
        for number in 1...3 {
            ids.append(try daemon.start(try laboratory.plan(trials: 300)))
            try daemon.certify(sink, until: number)
            try await eventually("it is put away") { await !runner.isRunning }
        }
        let entries = try laboratory.store.all().entries
        #expect(entries.map(\.id) == ids)
        #expect(entries.map(\.sealed.number) == [1, 2, 3])
        #expect(entries.map(\.sealed.previous) == [.zero, entries[0].planHash, entries[1].planHash])
        await daemon.end()
    }

    @Test("two starts at once begin one campaign")
    func twoStarts() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let plan = try laboratory.plan(trials: 10_000_000)
        let runner = daemon.runner
        let begun = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { (try? await runner.start(planPath: plan)) != nil } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(begun == 1)
        #expect(try laboratory.store.all().entries.count == 1)
        await daemon.end(signals: 2)
    }

    @Test("a second daemon on one state directory is refused and names the lock")
    func secondDaemon() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let error = try #require(throws: BellError.self) { try laboratory.makeDaemon() }
        #expect(error.code == .alreadyRunning)
        #expect(error.place == "\(laboratory.state.path)/belld.lock")
        #expect(error.what == "It runs already: process \(getpid()) holds the lock.")
        #expect(error.fix?.contains("--state") == true)
        // The first one is not disturbed.
        #expect(try daemon.call("ping")["pong"] == true)
        await daemon.end()
    }

    @Test(
        "a board's address that cannot be reached is refused with its place",
        arguments: [
            "zmq+tcp://0.0.0.0:5701", "zmq+tcp://[::]:5701", "tcp://10.0.0.7:5025", "carrier-pigeon://alice",
            "mock://lab/bob",
        ])
    func address(at: String) throws {
        let laboratory = try TestLaboratory(at: PerNode(alice: at, bob: "mock://lab/bob"))
        let error = try #require(throws: BellError.self) { try laboratory.makeDaemon() }
        #expect(error.code.exit == .usage)
        #expect(error.place?.hasPrefix("\(laboratory.lab):") == true)
        #expect(error.place?.contains(at) == true)
        #expect(error.fix != nil)
        // The lock is free again.
        #expect(throws: Never.self) { try InstanceLock(laboratory.state.file("belld.lock")) }
    }

    @Test("a board that is not there is told at campaign start, and nothing is sealed")
    func noBoard() async throws {
        let laboratory = try TestLaboratory(at: PerNode(alice: "mock://lab/alice", bob: "zmq+tcp://127.0.0.1:1"))
        let daemon = try laboratory.makeDaemon()
        let (stream, signals) = AsyncStream<Int>.makeStream()
        let ending = Task.detached { await daemon.run(signals: stream) }
        let plan = try laboratory.plan(trials: 10)
        let error = await #expect(throws: BellError.self) { try await daemon.runner.start(planPath: plan) }
        #expect(error?.code == .campaignBoards)
        #expect(error?.what == "bob's board is not connected.")
        #expect(try laboratory.store.all().entries.isEmpty)
        signals.yield(1)
        _ = await ending.value
    }

    @Test("a campaign is named by number, identifier or name; anything else is refused")
    func names() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 10_000_000))
        for name in [true, 1.5, [], "nobody", 77_777_777, "77777777"] as [JSON] {
            for method in ["campaign.stop", "campaign.pause", "campaign.show"] {
                let error = try daemon.refusal(method, ["campaign": name])
                #expect([.campaignUnknown, .jsonShape].contains(error.code), "\(method) \(name.text)")
            }
        }
        for name in ["test", "1", 1, "latest", .string(id.description)] as [JSON] {
            #expect(try daemon.call("campaign.show", ["campaign": name])["number"] == 1)
        }
        try daemon.wait(forMoreThan: try daemon.campaign["done"]?.countValue ?? 0)
        await daemon.end(signals: 2)
    }

    @Test("a sequence that was changed after sealing suspends the campaign, and restored it goes on")
    func changedSequence() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 10_000_000))
        try daemon.wait(forMoreThan: 0)
        let path = laboratory.store.sequence(of: id)
        let text = try readText(path)
        try writeFileAtomically(path, text: text + "\n# harmless?\n")
        let campaign = try daemon.wait(for: "suspended")
        #expect(campaign["error"]?["code"] == "campaign.sequence-changed")
        #expect(campaign["error"]?["where"]?.stringValue == path)
        try writeFileAtomically(path, text: text)
        try daemon.wait(forMoreThan: campaign["done"]?.countValue ?? 0)
        await daemon.end(signals: 2)
    }

    @Test("a plan that cannot be compiled leaves nothing behind")
    func uncompilable() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let path = try laboratory.plan(trials: 10, more: "locality_k: 100")
        let error = try daemon.refusal("campaign.start", ["plan_path": .string(path)])
        #expect(error.code.name.hasPrefix("sequence."))
        #expect(try folderContents(laboratory.state.campaigns).isEmpty)
        let relative = try daemon.refusal("campaign.start", ["plan_path": "plan.yaml"])
        #expect(relative.what.contains("relative"))
        let missing = try daemon.refusal("campaign.start", ["plan_path": .string(laboratory.folder.file("none.yaml"))])
        #expect(missing.place == laboratory.folder.file("none.yaml"))
        await daemon.end()
    }

    @Test("a board that goes silent is shown with its reason, and the campaign goes on without a loss")
    func silence() async throws {
        let laboratory = try TestLaboratory(faults: ["mute:bob:2@3000"])
        let daemon = try RunningDaemon(laboratory)
        try daemon.start(try laboratory.plan(trials: 6000))
        let campaign = try daemon.wait(for: "suspended")
        #expect(campaign["reason"]?.stringValue?.isEmpty == false)
        let done = try daemon.wait(for: "finishing")
        #expect(done["lost"]?.countValue == 0)
        #expect(done["valid"]?.countValue == 6000)
        await daemon.end()
        let log = try readText(laboratory.state.file("logs/belld.log"))
        #expect(log.contains("campaign suspended code=board."))
    }

    @Test("host bits from files belong to their trials, over a restart, too")
    func hostBits() async throws {
        let laboratory = try TestLaboratory()
        let bits = (0..<250).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }
        let (alice, bob) = (laboratory.folder.file("a.bits"), laboratory.folder.file("b.bits"))
        // Alice's source is too short at first.
        try writeFileAtomically(alice, Array(bits.prefix(125)))
        try writeFileAtomically(bob, Array(bits.reversed()))
        let more = "input_bits: {source: host, alice: \"file:\(alice)\", bob: \"file:\(bob)\"}"
        var daemon = try RunningDaemon(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 2000, perBlock: 512, more: more))
        let status = try daemon.wait("too few bits") {
            $0["campaign"]?["error"]?["code"] == "host-bits.source" && $0["campaign"]?["done"]?.countValue == 768
        }
        #expect(status["campaign"]?["state"] == "suspended")
        #expect(status["campaign"]?["error"]?["where"]?.stringValue == "file:\(alice)")
        #expect(status["campaign"]?["error"]?["cause"] == "the file ends before bit 1024")
        await daemon.end()
        try writeFileAtomically(alice, bits)
        daemon = try RunningDaemon(laboratory)
        try daemon.wait(for: "finishing")
        await daemon.end()

        let journal = try Journal.openReadOnly(at: laboratory.store.journal(of: id))
        #expect(journal.recordedIndex == 2000)
        for arm in try journal.arms() {
            let statuses = try #require(arm.result?.statuses)
            for (offset, byte) in statuses.enumerated() {
                let index = Int(arm.header.firstIndex) + offset
                let cell = try #require(TrialStatus(rawValue: byte)?.cell)
                let x = Int(bits[index / 8] >> UInt8(7 - index % 8) & 1)
                let y = Int(bits[bits.count - 1 - index / 8] >> UInt8(7 - index % 8) & 1)
                if cell >> 3 & 1 != x || cell >> 2 & 1 != y { Issue.record("trial \(index) has another bit") }
            }
        }
    }
}
