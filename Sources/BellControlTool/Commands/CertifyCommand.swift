import BellCertification
import BellCrypto
import BellHost
import BellModel

/// `bellctl certify`: an analysis of what others measured; it never says certified.
enum CertifyCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let options = try options(invocation)
        let (path, tally, bytes): (String, TrialTally, [UInt8])
        switch (invocation.text("counts"), invocation.text("trials")) {
        case (let file?, nil):
            path = file
            bytes = try readFile(file)
            tally = try CountsFile.parse(bytes, source: file)
        case (nil, let file?):
            guard let format = invocation.text("format").flatMap(TrialFile.Format.init(rawValue:)) else {
                throw BellError(
                    .toolArgument, "--trials needs the layout of its lines.", at: "--format",
                    fix: "add --format \(TrialFile.Format.allCases.map(\.rawValue).joined(separator: "|"))")
            }
            path = file
            bytes = try readFile(file)
            tally = try TrialFile.parse(bytes, source: file, format: format)
        default:
            throw BellError(
                .toolArgument, "certify takes either --counts FILE or --trials FILE.", at: "bellctl certify",
                fix: "bellctl certify --counts FILE --minus-on 11")
        }
        let analysis = try CountsAnalysis(tally, options: options, source: path, sourceHash: Blake2b.hash(bytes))
        return Reply(json: analysis.json, text: ended(analysis.text))
    }

    private static func options(_ invocation: Invocation) throws(BellError) -> AnalysisOptions {
        guard let pattern = invocation.text("minus-on").flatMap(CHSHPattern.init(rawValue:)) else {
            throw BellError(
                .toolArgument, "Which setting pair carries the minus sign in S is not said.", at: "--minus-on",
                state: "nothing was computed: a wrong pattern would not be noticed",
                fix: "add --minus-on 00|01|10|11 (Pironio 2010: 11, ETH 2023: 01)")
        }
        return AnalysisOptions(
            pattern: pattern,
            trials: invocation.text("n") == nil ? nil : try invocation.count("n", in: 1...(1 << 48)),
            settingBias: try invocation.number("bias", in: 0..<0.5),
            delta: try invocation.number("delta", in: 0..<1), epsilonPrime: try invocation.number("epsilon", in: 0..<1))
    }
}
