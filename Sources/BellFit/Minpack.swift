import CMinpack

/// MINPACK's Levenberg-Marquardt search, cminpack's `lmder` and `lmdif`.
enum Minpack {
    /// What the search gave back.
    struct Result {
        /// 1...4: settled; 5: too many evaluations; 6...8: as good as a double can be; < 0: ended by the model.
        var info: Int
        var evaluations: Int
    }

    /// The step that is left where the search ends is about √(10⁻¹² χ²), some 10⁻⁵ standard uncertainties, before it is taken;
    /// one more Gauss-Newton step, which the covariance's factors give for nothing, brings what the last digits allow.
    private static let functionTolerance = 1e-12
    private static let parameterTolerance = 1e-13
    /// First step's bound in units of the scaled start; starts come from the data and are near.
    private static let firstStep = 10.0

    /// Searches from `p`, which is replaced by the minimum.
    ///
    /// - Parameter problem: With at least as many points as parameters, at least one of each.
    static func search(_ problem: SearchProblem, from p: inout [Double], maximumEvaluations: Int, hasGradient: Bool)
        -> Result
    {
        let (m, n) = (problem.pointCount, problem.parameterCount)
        let limit = Int32(clamping: max(1, maximumEvaluations))
        var pivots = [Int32](repeating: 0, count: n)
        var (evaluations, derivatives): (Int32, Int32) = (0, 0)
        // Residuals, derivatives, and what MINPACK works with, in one allocation.
        var room = [Double](repeating: 0, count: m * n + 2 * m + 5 * n)
        let info = room.withUnsafeMutableBufferPointer { room -> Int32 in
            guard let jacobian = room.baseAddress else { return 0 }
            let residuals = jacobian + m * n
            let work = residuals + m
            let scale = work + m
            let (projected, work0, work1, work2) = (scale + n, scale + 2 * n, scale + 3 * n, scale + 4 * n)
            // The problem outlives the call and C keeps no pointer to it.
            return withExtendedLifetime(problem) {
                let context = Unmanaged.passUnretained(problem).toOpaque()
                return hasGradient
                    ? lmder(
                        { context, m, n, p, r, j, _, task in
                            guard let context, let p, let r, let j else { return -1 }
                            let problem = Unmanaged<SearchProblem>.fromOpaque(context).takeUnretainedValue()
                            if task == 1 {
                                problem.residuals(at: p, into: r)
                            } else if task == 2, !problem.jacobian(at: p, into: j) || problem.isBroken {
                                return -1
                            }
                            return 0
                        }, context, Int32(m), Int32(n), &p, residuals, jacobian, Int32(m), functionTolerance,
                        parameterTolerance, 0, limit, scale, 1, firstStep, 0, &evaluations, &derivatives, &pivots,
                        projected, work0, work1, work2, work)
                    : lmdif(
                        { context, m, n, p, r, _ in
                            guard let context, let p, let r else { return -1 }
                            Unmanaged<SearchProblem>.fromOpaque(context).takeUnretainedValue().residuals(at: p, into: r)
                            return 0
                        }, context, Int32(m), Int32(n), &p, residuals, functionTolerance, parameterTolerance, 0, limit,
                        0, scale, 1, firstStep, 0, &evaluations, jacobian, Int32(m), &pivots, projected, work0, work1,
                        work2, work)
            }
        }
        return Result(info: Int(info), evaluations: Int(evaluations) + Int(derivatives))
    }
}
