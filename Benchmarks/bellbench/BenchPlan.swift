import BellHost
import BellModel

/// The plan of a measurement: as the shipped one, but of any length.
struct BenchPlan {
    var trials: UInt64
    var armTrials: UInt64
    /// Under one frozen calibration; a new block compiles and loads both programs.
    var blockTrials: UInt64 = 1 << 20

    /// Writes the plan file.
    ///
    /// - Parameter laboratory: Path of `lab.yaml`; the shipped sequence is found from there.
    func write(to path: String, laboratory: String) throws(BellError) {
        let root = parent(of: parent(of: parent(of: laboratory)))
        try writeFileAtomically(
            path,
            text: """
                plan: bench
                sequence: \(root)/Sequences/bell-chsh.yaml
                trials: \(trials)
                trials_per_arm: \(armTrials)
                trials_per_block: \(blockTrials)
                chsh:
                  minus_on: "11"
                setting_bias: 0.0005
                headline:
                  claim: local-realism-rejected
                  significance: 1.0e-9
                pool: public

                """)
    }
}
