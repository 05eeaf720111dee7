import BellHost
import BellModel
import Board
import DriverKit
import MockLab
import Testing

@testable import BellDaemon

@Suite struct LaboratoryTimeTests {
    @Test(
        "a laboratory whose time has a factor is refused with a real board, at the first of them",
        arguments: [(true, true), (false, true), (true, false), (false, false)])
    func factor(alice: Bool, bob: Bool) async throws {
        let laboratory = try TestLaboratory()
        let text = try readText(laboratory.lab)
        let (id, sealed) = try laboratory.seal(1)
        var boards = try await Self.boards(laboratory.virtual)
        (boards.alice.simulated, boards.bob.simulated) = (alice, bob)
        let files = LaboratoryFiles(path: laboratory.lab)
        let sequence = laboratory.store.sequence(of: id)
        _ = try files.compile(sealed, sequencePath: sequence, boards: boards)
        try writeFileAtomically(laboratory.lab, text: text + "\ntime_factor: 46\n")
        if alice, bob {
            _ = try files.compile(sealed, sequencePath: sequence, boards: boards)
        } else {
            let error = try #require(throws: BellError.self) {
                _ = try files.compile(sealed, sequencePath: sequence, boards: boards)
            }
            #expect(error.code.name == "lab.time-factor" && error.code.exit == .usage)
            #expect(error.place?.hasSuffix("lab.yaml time_factor") == true)
        }
    }

    private static func boards(_ lab: VirtualLab) async throws -> PerNode<Capabilities> {
        let drivers = PerNode { node in
            BoardDriver(name: node.name, node: node, timeouts: TestLaboratory.timeouts) {
                () async throws(BellError) in try lab.transport(to: node)
            }
        }
        return PerNode(alice: try await drivers.alice.connect(), bob: try await drivers.bob.connect())
    }
}
