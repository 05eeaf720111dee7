import BellModel
import BellStatistics
import Foundation
import MockLab
import Testing

/// Local models on the boundary are certified no more often than was declared.
///
/// The small version plays 25 campaigns of each laboratory; `make test-soundness` plays 1 000. docs/soundness.md says what
/// each bound promises here.
@Suite("Soundness") struct SoundnessTests {
    static let trials: UInt64 = 8192
    static let errors = [0.05, 0.01]

    /// Laboratories that do the best they can within what is declared.
    enum Laboratory: String, CaseIterable, Sendable {
        /// Wins ¾ exactly, whatever came before.
        case memoryForWins, memoryForS
        /// Foresees each setting with ½ + μ.
        case predict
        /// Both generators are biased by μ, which the strategy learns.
        case memoryOfBias
        /// Not on the boundary any more: it loses what it does not win, or stops at a lucky moment.
        case lose, cut, renumber

        /// Whether every trial is won with the model's greatest probability, independently.
        var isOnBoundary: Bool { [.memoryForWins, .memoryForS, .predict].contains(self) }
    }

    static func bias(_ laboratory: Laboratory) -> Double {
        switch laboratory {
        case .predict: 0.01
        case .memoryOfBias: 0.02
        default: 0
        }
    }

    static func ensemble(_ laboratory: Laboratory) throws -> Ensemble {
        let model = try #require(LocalModel(settingBias: bias(laboratory)))
        let claims = try errors.flatMap { try BoundaryClaims(error: $0, model: model, trials: trials).all }
        var ensemble = Ensemble(plan: Ensemble.plan(trials: trials, settingBias: model.settingBias, claims: claims))
        switch laboratory {
        case .memoryForWins: ensemble.adversary = Adversary(.memory(.wins))
        case .memoryForS: ensemble.adversary = Adversary(.memory(.sValue))
        case .predict: ensemble.adversary = Adversary(.predict(bias: model.settingBias))
        case .memoryOfBias:
            ensemble.adversary = Adversary(.memory(.wins))
            ensemble.rngBias = model.settingBias
        case .lose: ensemble.adversary = Adversary(.lose(.missing))
        case .cut: ensemble.adversary = Adversary(.cut(sigmas: 1))
        case .renumber: ensemble.adversary = Adversary(.renumber(sigmas: 1))
        }
        return ensemble
    }

    @Test("Local laboratories are certified at most as often as was declared", arguments: Laboratory.allCases)
    func declared(laboratory: Laboratory) async throws {
        let played = try await Self.ensemble(laboratory).play(Quantiles.campaigns)
        let model = try #require(LocalModel(settingBias: Self.bias(laboratory)))
        Quantiles.tell("\(laboratory.rawValue): \(Self.counts(played))")
        for (place, name) in BoundaryClaims.names.enumerated() {
            for (which, error) in Self.errors.enumerated() {
                let count = Self.count(played, claim: place, error: which)
                #expect(count <= Quantiles.most(error), "\(name) at \(error)")
                guard place == 0, laboratory.isOnBoundary else { continue }
                // The test's true size, of which whole numbers of wins leave a little unused: no attack was too weak.
                let size = Self.binomialSize(error, model)
                #expect(size > 0.8 * error && size <= error)
                #expect(count <= Quantiles.most(size) && count >= Quantiles.least(size), "size \(size)")
            }
        }
    }

    /// How many campaigns have certified a claim.
    ///
    /// - Parameters:
    ///   - claim: Place in ``BoundaryClaims/names``.
    ///   - error: Place in ``errors``.
    static func count(_ played: [Ensemble.Played], claim: Int, error: Int) -> Int {
        played.count { $0.certified[error * BoundaryClaims.names.count + claim] }
    }

    /// All of them, for people.
    static func counts(_ played: [Ensemble.Played]) -> String {
        BoundaryClaims.names.enumerated().map { place, name in
            let counts = errors.indices.map { String(count(played, claim: place, error: $0)) }
            return "\(name) \(counts.joined(separator: ", "))"
        }.joined(separator: "; ")
    }

    /// P[p ≤ error] of the binomial test when every trial is won with the model's greatest probability.
    static func binomialSize(_ error: Double, _ model: LocalModel) -> Double {
        let tails = (0...trials).lazy.map {
            exp(Binomial.logUpperTail(successes: $0, trials: trials, p: model.winBound, q: model.leastPair))
        }
        return tails.first { $0 <= error } ?? 0
    }

    @Test("The same plans certify an honest laboratory of S = 2.82, by every claim", arguments: [0, 0.01])
    func honest(bias: Double) async throws {
        let laboratory: Laboratory = bias == 0 ? .memoryForWins : .predict
        var ensemble = try Self.ensemble(laboratory)
        ensemble.adversary = nil
        ensemble.sValue = 2.82
        #expect(ensemble.plan.settingBias == bias)
        for played in try await ensemble.play(8) {
            #expect(played.certified.allSatisfy { $0 }, "\(played.certified) \(played.reasons)")
        }
    }
}
