import BellModel
import BellTiming
import Testing

@Suite("Timing survey")
struct TimingSurveyTests {
    static let survey = TimingSurvey(
        pathAB: .init(metres: 32.824, uncertainty: 0.003), pathBA: .init(metres: 33, uncertainty: 0.006),
        stations: PerNode(
            alice: .init(
                startOffset: Picoseconds(-1500), stopOffset: Picoseconds(250), pulseDelay: Picoseconds(160_000)),
            bob: .init(startOffset: Picoseconds(-1400), stopOffset: Picoseconds(0), pulseDelay: nil)),
        terms: [
            .init(name: "trigger jitter", picoseconds: 30, kind: .random),
            .init(name: "clock", picoseconds: 40, kind: .random, node: .bob),
            .init(name: "RNG correlation", picoseconds: 100, kind: .bound, node: .alice),
        ])

    @Test("Random terms add in quadrature, bounds and the longer length uncertainty linearly")
    func uncertainty() {
        // √(30² + 40²) + 100 + 0.006 m / c = 50 + 100 + 20.0138…
        #expect(abs(TimingSurveyTests.survey.u - 170.013845) < 1e-5)
        #expect(!TimingSurveyTests.survey.hasClockOffset)
    }

    @Test("JSON comes back as it was, with equal text")
    func roundTrip() throws {
        let text = TimingSurveyTests.survey.json.text
        let again = try TimingSurvey(json: try JSON(parsing: text))
        #expect(again == TimingSurveyTests.survey)
        #expect(again.json.text == text)
    }

    @Test("Impossible numbers are all reported, with their keys")
    func impossible() {
        var survey = TimingSurveyTests.survey
        survey.pathAB.metres = -1
        survey.pathBA.uncertainty = .nan
        survey.stations.bob.stopOffset = Picoseconds(.min)
        survey.terms[0].picoseconds = .infinity
        let error = #expect(throws: BellError.self) { try survey.validate() }
        let places = error.map { [$0.place] + $0.others.map(\.place) }
        #expect(
            places == [
                "survey.d_ab_m", "survey.d_ba_uncertainty_m", "survey.bob.stop_offset_ps",
                "survey.terms[0] (trigger jitter)",
            ])
    }

    @Test(
        "Unknown or wrong members are refused with their path",
        arguments: [
            ("d_ab_mm", "1", "survey.d_ab_mm"), ("d_ab_m", "\"long\"", "survey.d_ab_m"),
            ("bob", #"{"start_offset_ps": 0, "stop_offset_ps": 0.5}"#, "survey.bob.stop_offset_ps"),
            ("terms", #"[{"name": "x", "ps": 1, "kind": "guess", "node": null}]"#, "survey.terms[0].kind"),
        ])
    func wrongMembers(key: String, value: String, place: String) throws {
        var members = TimingSurveyTests.survey.json.objectValue ?? [:]
        members[key] = try JSON(parsing: value)
        let error = #expect(throws: BellError.self) { try TimingSurvey(json: .object(members)) }
        #expect(error?.code == .jsonShape)
        #expect(error?.place == place)
    }
}
