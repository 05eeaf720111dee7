/// A function y(x; p) that is fitted to data: its parameters' names, its value and how a fit begins.
///
/// A model knows its own starting values: nobody guesses them by hand.
public protocol FitModel: Sendable {
    /// Names of the parameters, in the order of `p`; for messages and tables.
    var parameterNames: [String] { get }

    /// y(x; p). `p` has as many entries as there are names.
    func value(_ x: Double, _ p: [Double]) -> Double

    /// ∂y/∂p at x into `gradient`, which has as many entries as there are names; false when only differences are known.
    func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool

    /// Value and gradient at once, for models in which both take the same sines and exponentials.
    ///
    /// Asked only of a model whose ``gradient(_:_:into:)`` gives true.
    func evaluate(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Double

    /// Values at all places, and the gradients column by column: `columns[k * x.count + i]` is ∂y/∂p_k at x_i.
    ///
    /// What a search asks for. A model that can take its sines side by side implements this; for others it is
    /// ``evaluate(_:_:into:)`` at one place after the other. Asked under the same condition.
    func tabulate(
        _ x: UnsafeBufferPointer<Double>, _ p: [Double], into values: UnsafeMutableBufferPointer<Double>,
        _ columns: UnsafeMutableBufferPointer<Double>)

    /// Starting values from the data alone; nil when the data show nothing to begin with.
    func start(x: [Double], y: [Double]) -> [Double]?

    /// Of all parameters that give the same function the ones to be reported: positive amplitudes, phases in −π...π.
    func normal(_ p: [Double]) -> [Double]
}

extension FitModel {
    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool { false }

    public func evaluate(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Double {
        _ = self.gradient(x, p, into: &gradient)
        return value(x, p)
    }

    public func tabulate(
        _ x: UnsafeBufferPointer<Double>, _ p: [Double], into values: UnsafeMutableBufferPointer<Double>,
        _ columns: UnsafeMutableBufferPointer<Double>
    ) {
        var slope = [Double](repeating: 0, count: p.count)
        for i in x.indices {
            values[i] = evaluate(x[i], p, into: &slope)
            for k in slope.indices { columns[k * x.count + i] = slope[k] }
        }
    }

    public func normal(_ p: [Double]) -> [Double] { p }
}
