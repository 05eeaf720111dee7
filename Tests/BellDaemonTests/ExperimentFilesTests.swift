import BellCalibration
import BellHost
import BellModel
import BellSequence
import TestSupport
import Testing

@testable import BellDaemon

@Suite struct ExperimentFilesTests {
    private let laboratory: TestLaboratory
    private let values: CalibrationSet
    private let limits = PerNode(alice: BoardLimits.typical, bob: BoardLimits.typical)

    init() throws {
        laboratory = try TestLaboratory()
        values = try ExperimentBench.values(laboratory).1
        try makeFolder(laboratory.folder.file("experiments"))
        for name in ["rabi-amplitude", "bell-phase"] {
            let text = try readText("\(TestLaboratory.root)/Sequences/calibration/\(name).yaml")
            try writeFileAtomically(laboratory.folder.file("experiments/\(name).yaml"), text: text)
        }
    }

    @Test("an experiment of the laboratory is compiled for one node or both, with each point's own parameters")
    func compile() throws {
        let files = ExperimentFiles(laboratory: laboratory.lab)
        func programs(_ kind: ExperimentPoint.Kind, _ name: String, _ parameters: [String: Double]) throws
            -> PerNode<NodeProgram?>
        {
            try files.compile(ExperimentPoint(kind, name, parameters, count: 1), values, limits, .board)
        }
        let half = try programs(.shots(.bob), "rabi-amplitude", ["amplitude": 0.5])
        #expect(half.alice == nil)
        #expect(half.bob?.node == .bob)
        let more = try programs(.shots(.bob), "rabi-amplitude", ["amplitude": 0.6])
        #expect(more.bob != half.bob)
        #expect(try programs(.shots(.bob), "rabi-amplitude", ["amplitude": 0.5]) == half, "also from the cache")
        let both = try programs(.joint, "bell-phase", ["theta_deg": 45])
        #expect(both.alice != nil && both.bob != nil)
        let changed = try values.replacing([CalibrationPath(.node(.bob), "readout_angle"): 1])
        let other = try files.compile(
            ExperimentPoint(.shots(.bob), "rabi-amplitude", ["amplitude": 0.5], count: 1), changed, limits, .board)
        #expect(other != half, "values that changed count")
    }

    @Test("a file that is not there, a path in place of a name and a wrong parameter are refused")
    func refusals() throws {
        let files = ExperimentFiles(laboratory: laboratory.lab)
        for (name, parameters, code) in [
            ("nothing", [:], "calibration.experiment"), ("../lab", [:], "calibration.routine"),
            ("", [:], "calibration.routine"), ("rabi-amplitude", ["amplitud": 0.5], "experiment.parameter"),
        ] as [(String, [String: Double], String)] {
            let error = try #require(throws: BellError.self) {
                try files.compile(ExperimentPoint(.shots(.bob), name, parameters, count: 1), values, limits, .board)
            }
            #expect(error.code.name == code, "\(name)")
        }
    }
}
