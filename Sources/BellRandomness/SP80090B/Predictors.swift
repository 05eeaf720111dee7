import CKernels

/// The four predictors with the standard's parameters; smaller ones are for its worked examples.
struct Predictors {
    /// Window sizes of MultiMCW, ascending.
    var windows: [UInt32] = [63, 255, 1023, 4095]
    var lags: UInt32 = 128
    /// MultiMMC: orders 1...orders, each with at most `markovContexts` contexts.
    var orders: UInt32 = 16
    var markovContexts: UInt32 = 100_000
    /// LZ78Y: contexts of up to `phrase` symbols, `phrases` together.
    var phrase: UInt32 = 16
    var phrases: UInt32 = 65_536

    /// Plays one predictor against the symbols 0..<alphabet; nil for other estimators and too few symbols.
    func estimate(_ estimator: EntropyEstimator, _ symbols: [UInt8], alphabet: Int) -> EntropyEstimate? {
        let (n, k) = (symbols.count, UInt32(max(2, alphabet)))
        let played: bell_prediction
        switch estimator {
        case .multiMCW: played = bell_predict_window(symbols, n, k, windows, UInt32(windows.count))
        case .lag: played = bell_predict_lag(symbols, n, lags)
        case .multiMMC: played = bell_predict_markov(symbols, n, k, orders, markovContexts)
        case .lz78y: played = bell_predict_lz78y(symbols, n, k, phrase, phrases)
        default: return nil
        }
        return EntropyEstimate.prediction(estimator, played, alphabet: alphabet)
    }
}
