import BellCalibration
import BellModel
import Testing

@Suite struct CalibrationPathTests {
    @Test(
        "A path is read back from its text",
        arguments: ["alice.half_pi_amplitude", "link.link_phase", "timing.bob.drive_line"])
    func text(_ text: String) {
        #expect(CalibrationPath(text)?.description == text)
    }

    @Test(
        "What names no value is no path",
        arguments: ["", "alice", "alice.", "carol.t1", "timing.drive_line", "a.b.c.d"])
    func wrong(_ text: String) { #expect(CalibrationPath(text) == nil) }

    @Test(
        "A value may be called as people say it",
        arguments: [
            ("alice.half_pi_amplitude", "alice.half_pi_amplitude"), ("alice.pi2.amplitude", "alice.half_pi_amplitude"),
            ("bob.pi2_drag", "bob.half_pi_drag"), ("bob pi amplitude", "bob.pi_amplitude"),
            ("alice.switch_delay", "timing.alice.switch_delay"), ("timing.bob.drive.line", "timing.bob.drive_line"),
            ("link.link_phase", "link.link_phase"),
        ])
    func spoken(_ text: String, _ path: String) { #expect(CalibrationPath(spoken: text)?.description == path) }

    @Test(
        "What is no value in any words is none",
        arguments: ["", ".", "alice", "pi2", "alice.pi3.amplitude", "carol.t1", "timing", "timing.alice", "link.t1"])
    func unspoken(_ text: String) { #expect(CalibrationPath(spoken: text) == nil) }
}
