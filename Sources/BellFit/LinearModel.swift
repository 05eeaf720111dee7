/// A model that is linear in its parameters: y = Σ p_i b_i(x). It is solved, not searched.
public protocol LinearModel: FitModel {
    /// b_i(x) into `basis`, which has as many entries as there are names.
    func basis(_ x: Double, into basis: inout [Double])
}

extension LinearModel {
    public func value(_ x: Double, _ p: [Double]) -> Double {
        var basis = [Double](repeating: 0, count: p.count)
        self.basis(x, into: &basis)
        return zip(basis, p).reduce(0) { $0 + $1.0 * $1.1 }
    }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        basis(x, into: &gradient)
        return true
    }

    public func evaluate(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Double {
        basis(x, into: &gradient)
        return zip(gradient, p).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// The solution itself, with all points alike; nil when it is none.
    public func start(x: [Double], y: [Double]) -> [Double]? {
        let fit = LeastSquares.fit(self, x: x, y: y)
        return fit.hasConverged ? fit.parameters : nil
    }
}
