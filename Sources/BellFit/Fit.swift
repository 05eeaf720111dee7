/// What a least-squares fit found.
public struct Fit: Equatable, Sendable {
    /// How the search ended.
    public enum Ending: Equatable, Sendable {
        case converged
        /// Nothing to begin with, too few points, or numbers that are none.
        case badData(String)
        /// The search did not settle.
        case notConverged(String)
    }

    public var ending: Ending
    /// Names and values in the model's order; empty without a start.
    public var names: [String]
    public var parameters: [Double]
    /// Row-major, parameters × parameters; scaled by the reduced χ² when the data had no uncertainties. Entries are nan
    /// where a parameter is not determined.
    public var covariance: [Double]
    /// Σ ((y − f)/σ)²; σ = 1 when the data had none.
    public var chiSquare: Double
    public var degreesOfFreedom: Int
    public var evaluations: Int

    public init(
        ending: Ending, names: [String], parameters: [Double], covariance: [Double], chiSquare: Double,
        degreesOfFreedom: Int, evaluations: Int
    ) {
        self.ending = ending
        self.names = names
        self.parameters = parameters
        self.covariance = covariance
        self.chiSquare = chiSquare
        self.degreesOfFreedom = degreesOfFreedom
        self.evaluations = evaluations
    }

    public var hasConverged: Bool { ending == .converged }
    /// χ²/ν; nan when there are no degrees of freedom.
    public var reducedChiSquare: Double {
        degreesOfFreedom > 0 ? chiSquare / Double(degreesOfFreedom) : .nan
    }

    /// Standard uncertainty of a parameter.
    public func uncertainty(_ place: Int) -> Double {
        guard place < names.count, covariance.count == names.count * names.count else { return .nan }
        return covariance[place * names.count + place].squareRoot()
    }

    /// Value of a parameter by its name; nan when there is none.
    public subscript(name: String) -> Double {
        guard let place = names.firstIndex(of: name), place < parameters.count else { return .nan }
        return parameters[place]
    }

    /// Standard uncertainty of a parameter by its name.
    public func uncertainty(of name: String) -> Double { names.firstIndex(of: name).map(uncertainty) ?? .nan }
}
