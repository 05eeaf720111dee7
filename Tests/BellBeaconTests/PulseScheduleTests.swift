import BellBeacon
import BellModel
import Testing

@Suite struct PulseScheduleTests {
    private func time(_ milliseconds: Int64) -> UTCTime { UTCTime(milliseconds: milliseconds) }

    @Test(
        "The first pulse is due at the next full multiple, or now when that is one",
        arguments: [
            (1, 60_000), (60_000, 60_000), (60_001, 120_000), (119_999, 120_000), (0, 0),
        ] as [(Int64, Int64)])
    func first(now: Int64, due: Int64) {
        var schedule = PulseSchedule(periodMilliseconds: 60_000, now: time(now), last: nil)
        if now < due { #expect(schedule.step(now: time(now)) == .wait(until: time(due))) }
        #expect(schedule.step(now: time(due)) == .pulse(time(due)))
        #expect(schedule.step(now: time(due)) == .wait(until: time(due + 60_000)))
    }

    @Test("No time is handed out again after a restart, also when the clock was set back")
    func restart() {
        var schedule = PulseSchedule(periodMilliseconds: 60_000, now: time(120_000), last: time(120_000))
        #expect(schedule.step(now: time(120_000)) == .wait(until: time(180_000)))
        var back = PulseSchedule(periodMilliseconds: 60_000, now: time(0), last: time(120_001))
        #expect(back.step(now: time(60_000)) == .wait(until: time(180_000)))
        #expect(back.step(now: time(180_000)) == .pulse(time(180_000)))
    }

    @Test("A pulse that was slept through is left out; one that is late within its period is not")
    func late() {
        var schedule = PulseSchedule(periodMilliseconds: 60_000, now: time(1), last: nil)
        #expect(schedule.step(now: time(119_999)) == .pulse(time(60_000)))
        #expect(schedule.step(now: time(200_000)) == .wait(until: time(240_000)))
        #expect(schedule.step(now: time(360_000)) == .pulse(time(360_000)))
        #expect(schedule.step(now: time(359_000)) == .wait(until: time(420_000)))
    }

    @Test("Over any walk of the clock, times rise and are multiples", arguments: 1...20)
    func walk(seed: Int) {
        var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15
        var now: Int64 = 1_000_000
        var schedule = PulseSchedule(periodMilliseconds: 1000, now: time(now), last: nil)
        var last: Int64 = 0
        for _ in 0..<1000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            now += Int64(state >> 40) % 4000 - 1000
            if case .pulse(let due) = schedule.step(now: time(now)) {
                #expect(due.milliseconds > last && due.milliseconds % 1000 == 0)
                #expect(due.milliseconds <= now && now - due.milliseconds < 1000)
                last = due.milliseconds
            }
        }
        #expect(last > 0)
    }
}
