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
}
