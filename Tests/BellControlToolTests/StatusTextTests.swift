import BellModel
import Testing

@testable import BellControlTool

@Suite("Texts about the daemon")
struct StatusTextTests {
    @Test("status with a running campaign")
    func running() {
        #expect(
            StatusText.render(Samples.status) == """
                belld 0.1.0  pid 4711  state directory /home/lab/.belld  SIMULATED

                devices
                  name   node   driver  address               state         reason
                  alice  alice  board   zmq+ipc://@run/alice  connected     –
                  bob    bob    board   zmq+ipc://@run/bob    disconnected  silent for 3 s

                campaign 1 bell-chsh  running  SIMULATED
                  id           5f2c00000000000000000000000000aa
                  trials       524 288 of 1 048 576 (50.0 %), 49 871/s, 10 s left
                  valid        524 276
                  losses       12 (alice_missing 10, locality 2)
                  S            2.2391 ± 0.0028
                  p-value      p ≤ 10^-3571.2 for local realism, live (e-process)
                  margins      least A→B 2.087 ns, B→A 2.051 ns
                  block, arm   4, 512
                  certifier    connected, 523 264 trials acknowledged
                  pool         public
                  certificate  –

                """)
    }

    @Test("a campaign with a stop rule may end early, and says when it has")
    func stopRule() throws {
        var campaign = try #require(Samples.campaign.objectValue)
        campaign["stop_rule"] = ["when": "headline", "met": false]
        var view = try #require(CampaignView(.object(campaign)))
        #expect(CampaignText.details(view).contains("(50.0 %), 49 871/s, at most 10 s left\n"))
        #expect(CampaignText.details(view).contains("  stop rule    may end early, at a block's end, once the"))
        #expect(ProgressText.fields(view).contains("at most 10 s left"))
        campaign["stop_rule"] = ["when": "headline", "met": true]
        view = try #require(CampaignView(.object(campaign)))
        #expect(CampaignText.details(view).contains("  stop rule    met: no further arm\n"))
        #expect(!ProgressText.line(view).contains("left"))
        campaign["stop_rule"] = .null
        view = try #require(CampaignView(.object(campaign)))
        #expect(!CampaignText.details(view).contains("stop rule"))
    }

    private static let gates: JSON = [
        [
            "gate": "fridge.mixing_chamber_k", "action": "wait", "unit": "K", "min": .null, "max": 0.02,
            "change": .null, "value": 0.031, "open": false, "looked_at": 1000,
            "reason": "fridge.mixing_chamber_k is 0.031 K, allowed: at most 0.02 K",
        ],
        [
            "gate": "alice.drive_detuning", "action": "calibrate", "unit": "Hz", "change": 30000, "value": -1234.5,
            "uncertainty": 120, "open": true, "reason": .null, "looked_at": 1000, "age_s": 725, "next_s": 1075,
        ],
        [
            "gate": "bob.thermal_population", "action": "suspend", "unit": "1", "max": 0.05, "value": 0.2,
            "uncertainty": 0.01, "open": false, "reason": "bob.thermal_population is 0.2, allowed: at most 0.05",
            "looked_at": 1000, "age_s": 0, "next_block": 61,
        ],
        [
            "gate": "link.link_phase", "action": "warn", "unit": "rad", "min": -1, "max": 1, "change": 0.3,
            "open": true, "looked_at": 1000,
        ],
    ]

    @Test("gates are shown with their last values, their limits, and what each waits for")
    func gates() {
        #expect(
            GateText.list(Self.gates.arrayValue ?? [], now: 1008) == """
                gates, looked at 8 s ago
                  gate                     value           allowed                                                   measured  state   until
                  fridge.mixing_chamber_k  0.031 K         at most 0.02 K                                                then  CLOSED  it is well again
                  alice.drive_detuning     -1230 ± 120 Hz  change at most 30000 Hz                         12 min 05 s before  open    measured in 17 min 55 s
                  bob.thermal_population   0.200 ± 0.010   at most 0.05                                                  then  CLOSED  a person resumes
                  link.link_phase          –               at least -1, at most 1, change at most 0.3 rad               never  open    the next block
                  fridge.mixing_chamber_k is 0.031 K, allowed: at most 0.02 K
                  bob.thermal_population is 0.2, allowed: at most 0.05

                """)
        #expect(GateText.list([], now: 0).isEmpty)
        var status = Samples.status.objectValue ?? [:]
        status["gates"] = Self.gates
        #expect(StatusText.render(.object(status), now: 1008).contains("\ngates, looked at 8 s ago\n  gate "))
        status["campaign"] = nil
        #expect(!StatusText.render(.object(status)).contains("gates"))
    }

    @Test("a calibration that is under way is told with who ends it")
    func calibrating() {
        var status: JSON = [
            "calibration": ["state": "running", "by": "eve", "what": "everything", "done": 1, "total": 9]
        ]
        #expect(
            StatusText.render(status).contains(
                "\neve calibrates everything, 1 of 9 done; `bellctl calibrate cancel` ends it\nno campaign"))
        status = ["calibration": ["state": "ended", "by": "eve", "what": "everything"]]
        #expect(!StatusText.render(status).contains("eve"))
    }

    @Test("status of a daemon of which nothing is understood")
    func empty() {
        #expect(
            StatusText.render([:]) == """
                belld –  pid –  state directory –

                devices
                  none is known

                no campaign; start one with `bellctl campaign start PLAN`

                """)
    }

    @Test("a campaign without any field shows dashes")
    func emptyCampaign() {
        let text = StatusText.render(["campaign": [:]])
        #expect(text.contains("trials       – of – (–)\n"))
        #expect(!text.contains("p-value"))
        let live = StatusText.render(["campaign": ["losses": [:]]])
        #expect(live.contains("p-value      p – for local realism"))
        #expect(live.contains("losses       0\n"))
    }

    @Test("a suspended campaign says why")
    func suspended() throws {
        var object = try #require(Samples.campaign.objectValue)
        object["state"] = "suspended"
        object["reason"] = "bob is silent"
        object["error"] = ["what": "bob is silent", "where": "bob (zmq+ipc://@run/bob)", "fix": "check the cable"]
        object["required_margin_ns"] = 0.5312
        let view = try #require(CampaignView(.object(object)))
        #expect(CampaignText.details(view).hasPrefix("campaign 1 bell-chsh  suspended  SIMULATED\n  reason       bob"))
        #expect(
            CampaignText.details(view).contains("\n  where        bob (zmq+ipc://@run/bob)\n  fix          check the"))
        #expect(CampaignText.details(view).contains("B→A 2.051 ns; each must exceed 0.531 ns\n"))
        #expect(ProgressText.line(view).contains("suspended (bob is silent)"))
    }

    @Test("failed health tests of the settings stand above the trials, and in the live line")
    func settings() throws {
        var object = try #require(Samples.campaign.objectValue)
        object["rng_health"] = ["failed": ["The settings of bob failed the repetition count test."]]
        let view = try #require(CampaignView(.object(object)))
        #expect(
            CampaignText.details(view).contains(
                "\n  settings     FAIL  The settings of bob failed the repetition count test.\n"))
        #expect(CampaignText.details(view).contains("will not be certified: `bellctl campaign stop`"))
        #expect(ProgressText.line(view).contains("SETTINGS FAIL: see `bellctl status`"))
        #expect(!CampaignText.details(try #require(CampaignView(Samples.campaign))).contains("FAIL"))
    }

    @Test("hostile values in any field crash nothing and leave no control character", arguments: Samples.hostile)
    func hostile(_ value: JSON) throws {
        let campaign = try #require(Samples.campaign.objectValue)
        let status = try #require(Samples.status.objectValue)
        var texts: [String] = []
        for key in campaign.keys {
            var changed = campaign
            changed[key] = value
            let view = try #require(CampaignView(.object(changed)))
            texts += [CampaignText.details(view), ProgressText.line(view), CampaignText.list([.object(changed)])]
            texts += ProgressText.fields(view)
        }
        for key in status.keys {
            var changed = status
            changed[key] = value
            texts.append(StatusText.render(.object(changed)))
            _ = Readiness.missing(in: .object(changed))
        }
        for key in ["gate", "action", "unit", "max", "value", "open", "reason", "looked_at", "age_s", "next_s"] {
            var gate = Self.gates.arrayValue?[2].objectValue ?? [:]
            gate[key] = value
            texts.append(GateText.list([.object(gate), value], now: 1008))
        }
        for key in ["verdict", "reasons", "claims", "tally", "statistics", "local_realism", "locality", "hash"] {
            texts.append(CertificateText.summary([key: value], path: "/c.json"))
            texts.append(CertificateText.summary([key: [value]], path: "/c.json"))
        }
        for key in ["name", "node", "driver", "at", "state", "reason"] {
            texts.append(DeviceText.list([[key: value], value]))
        }
        texts.append(DeviceText.check("x", ["checks": value, "more": value]))
        texts.append(DeviceText.check("x", ["checks": [value, ["name": value, "ok": value, "detail": value]]]))
        #expect(texts.allSatisfy { !$0.unicodeScalars.contains { $0.value < 32 && $0 != "\n" } })
    }

    @Test("losses that overflow a sum are shown as the largest count")
    func overflow() throws {
        let view = try #require(CampaignView(["losses": ["a": "18446744073709551615", "b": 5]]))
        #expect(view.lossCount == .max)
    }

    @Test("a device check shows its table and what else there is")
    func deviceCheck() {
        let text = DeviceText.check(
            "alice",
            [
                "checks": [["name": "ping", "ok": true, "detail": "0.2 ms"], ["name": "clock", "ok": false]],
                "capabilities": ["tick_rate_hz": 8_000_000_000, "simulated": true], "model": "mock",
            ])
        #expect(
            text == """
                device alice
                  check  result  detail
                  ping   ok      0.2 ms
                  clock  FAILED
                  capabilities:
                    simulated: yes
                    tick_rate_hz: 8000000000
                  model: mock

                """)
    }

    @Test("the list of campaigns is in the order of their numbers")
    func list() {
        let text = CampaignText.list([
            Samples.campaign,
            [
                "number": 12, "name": "second", "state": "stopped", "campaign": "bb",
                "sealed_at": "2026-11-21T11:55:35.239Z", "certificate": "/c.json",
            ],
        ])
        #expect(
            text == """
                no.  name       state       trials     done  sealed                    certificate  simulated  campaign
                  1  bell-chsh  running  1 048 576  524 288  –                         no           yes        5f2c00000000000000000000000000aa
                 12  second     stopped          –        –  2026-11-21T11:55:35.239Z  yes          –          bb

                """)
    }

    @Test("the progress line of a pipe")
    func progress() throws {
        let view = try #require(CampaignView(Samples.campaign))
        #expect(
            ProgressText.line(view) == "campaign 1 bell-chsh  running  524 288/1 048 576  50.0 %  S 2.2391 ± 0.0028"
                + "  p ≤ 10^-3571.2  losses 12  10 s left  margin ≥ 2.05 ns  49 871/s")
        #expect(ProgressText.fields(view).first == "S 2.2391 ± 0.0028")
    }

    @Test("a campaign of which only plan and state are known has no line of dashes")
    func progressOfAnOldCampaign() throws {
        let view = try #require(
            CampaignView(["number": 3, "name": "old", "state": "completed", "done": 10, "trials": 10]))
        #expect(ProgressText.line(view) == "campaign 3 old  completed  10/10  100.0 %")
    }

    @Test(
        "a laboratory that comes up tells of a campaign that is not finished",
        arguments: [
            ("running", "goes on"), ("preparing", "goes on"), ("paused", "resume"), ("interrupted", "resume"),
            ("completed", nil), ("stopped", nil),
        ])
    func unfinished(_ state: String, _ word: String?) throws {
        let view = try #require(
            CampaignView(["number": 3, "name": "old", "state": .string(state), "done": 5, "trials": 10]))
        let fresh = try #require(CampaignView(["number": 3, "state": "running", "done": 0, "trials": 10]))
        #expect(LabSupervisor.goesOn(fresh) == nil)
        let line = LabSupervisor.goesOn(view)
        #expect((line == nil) == (word == nil))
        if let word { #expect(line?.contains(word) == true) }
    }

    @Test("the summary of a certificate")
    func certificate() {
        let json: JSON = [
            "verdict": "not certified", "simulated": true, "reasons": ["p = 0.2 is above 1e-9"],
            "claims": [["headline": true, "words": "local realism: p = 0.2"], ["words": "min-entropy: none"]],
            "tally": ["valid": 1_000, "lost": 24, "losses": ["not_run": 4, "clock": 20, "locality": 0]],
            "statistics": ["trials": 1_024, "s": 1.9, "s_error": 0.05],
            "local_realism": ["log10_p_binomial": -0.699, "log10_p_anytime": 0],
            "locality": [
                "words": "audited", "required_ps": 1545.27,
                "margins": ["ab": ["least_ps": 2250], "ba": ["least_ps": 1843]],
            ],
            "plan_hash": "0f7a", "hash": "d70a",
        ]
        #expect(
            CertificateText.summary(json, path: "/c.json") == """
                NOT CERTIFIED  SIMULATED: says nothing about nature
                  because      p = 0.2 is above 1e-9
                  headline     local realism: p = 0.2
                  further      min-entropy: none
                  trials       1 024 = 1 000 valid + 24 lost (clock 20, not_run 4)
                  S            1.9000 ± 0.0500 (valid trials, a diagnostic; local ≤ 2)
                  p-value      p ≤ 0.2000 (binomial, n sealed), p ≤ 1 at any time
                  locality     audited
                  margins      least A→B 2.250 ns, B→A 1.843 ns; each must exceed 1.545 ns
                  plan hash    0f7a
                  certificate  /c.json
                  hash         d70a

                """)
    }

    @Test("a certificate of which nothing is understood is neither certified nor called real")
    func unknownCertificate() {
        let text = CertificateText.summary([:], path: "/c.json")
        #expect(text.hasPrefix("NOT CERTIFIED  SIMULATED"))
    }

    @Test("a summary names what the claim relies on, and evidence that contradicts itself")
    func reliesOn() {
        let text = CertificateText.summary(
            ["verdict": "invalid", "summary": [["words": "that a\u{1b}[2J holds"], ["words": "that b holds"]]],
            path: "/c")
        #expect(text.hasPrefix("INVALID: the evidence contradicts itself"))
        #expect(text.contains("  relies on    that a·[2J holds\n  and          that b holds\n"))
    }
}
