import BellModel
import BellYAML

extension ExperimentPulse {
    private static let shapes = PulseName.allCases.map(\.rawValue) + PulseShape.Envelope.allCases.map(\.rawValue)

    /// Reads what `rotation`, `pulse`, `emit` and `absorb` say.
    init(_ word: String, _ reader: inout YAMLReader, _ scope: inout ExperimentScope) {
        switch word {
        case "emit", "absorb":
            form = word == "emit" ? .emit : .absorb
            axis = scope.optional(&reader, .phase)
            amplitude = scope.optional(&reader, .toneAmplitude)
            duration = scope.optional(&reader, .pulseDuration)
            return
        case "rotation":
            form = .rotation(scope.optional(&reader, .angle))
            scale = scope.optional(&reader, .scale)
            amplitude = scope.optional(&reader, .amplitude)
        default:
            let shape = reader.choice("shape", of: Self.shapes)
            if let name = PulseName(rawValue: shape) {
                form = .named(name)
                amplitude = scope.optional(&reader, .amplitude)
                duration = scope.optional(&reader, .pulseDuration)
            } else {
                let envelope = PulseShape.Envelope(rawValue: shape) ?? .cosine
                form = .own(envelope)
                amplitude = scope.number(&reader, .amplitude)
                duration = scope.number(&reader, .pulseDuration)
                if envelope == .gaussian { sigma = scope.optional(&reader, .sigma) }
            }
        }
        axis = scope.optional(&reader, .axis)
        turn = scope.optional(&reader, .turn)
        detuning = scope.optional(&reader, .detuning)
        drag = scope.optional(&reader, .drag)
        gated = reader.optionalBool("gated") ?? false
    }
}

extension ExperimentReadout {
    init(_ reader: inout YAMLReader, _ scope: inout ExperimentScope) {
        amplitude = scope.optional(&reader, .toneAmplitude)
        frequency = scope.optional(&reader, .frequency)
        window = scope.optional(&reader, .window)
    }
}
