/// Factors that were compared with the optimum over all sixteen outcomes, made apart from this package with scipy.
struct FullOptimum: Sendable {
    let trials: UInt64
    let s: Double
    let bias: Double
    let power: Double
    let win: Double
    let loss: Double
    /// Mean log2 F of a trial: with two values, and the optimum of sixteen, which a solver comes close to.
    let twoValues: Double
    let sixteen: Double
}

/// n, S, μ, β; the factors; both means. Power 0: no power gives any bits at ε = 1e-6, and F = 1.
let fullOptima: [FullOptimum] = [
    FullOptimum(
        trials: 1048576, s: 2.0747, bias: 0.0, power: 0.0019861840180497247, win: 1.0029928838228295,
        loss: 0.9910213485315116,
        twoValues: 0.00014229452417648634, sixteen: 0.00014229452415323937),
    FullOptimum(
        trials: 1048576, s: 2.0747, bias: 0.0001, power: 0.001985511150995271, win: 1.0029916506284873,
        loss: 0.9910202600371572,
        twoValues: 0.00014056624714750077, sixteen: 0.00014056624708570341),
    FullOptimum(
        trials: 1048576, s: 2.0747, bias: 0.001, power: 0.00197941367252704, win: 1.0029804977831644,
        loss: 0.9910106752396227,
        twoValues: 0.0001250267271902905, sixteen: 0.0001250266998794308),
    FullOptimum(
        trials: 1048576, s: 2.0747, bias: 0.005, power: 0.001952351436678885, win: 1.0029311753894063,
        loss: 0.9909684148980024,
        twoValues: 5.63473455123184e-05, sixteen: 5.634734549478181e-05),
    FullOptimum(
        trials: 17000000, s: 2.236, bias: 0.0, power: 0.0005110520263172272, win: 1.0007698797025746,
        loss: 0.9976903608922765,
        twoValues: 0.00012987989707973868, sixteen: 0.00012987989694472168),
    FullOptimum(
        trials: 17000000, s: 2.236, bias: 0.0001, power: 0.0005108830270855928, win: 1.00076956888572,
        loss: 0.9976900616631308,
        twoValues: 0.00012943521782639777, sixteen: 0.0001294352019262174),
    FullOptimum(
        trials: 17000000, s: 2.236, bias: 0.001, power: 0.0005093563160511492, win: 1.0007667651056193,
        loss: 0.9976873995383351,
        twoValues: 0.0001254357391264195, sixteen: 0.0001254357391211433),
    FullOptimum(
        trials: 17000000, s: 2.236, bias: 0.005, power: 0.0005025701048380953, win: 1.0007543500440041,
        loss: 0.9976756844221121,
        twoValues: 0.00010774920416490479, sixteen: 0.00010774920282136364),
    FullOptimum(
        trials: 17000000, s: 2.236, bias: 0.01, power: 0.0004940859692190212, win: 1.0007389372297446,
        loss: 0.9976613144486343,
        twoValues: 8.584720499059352e-05, sixteen: 8.584720460278634e-05),
    FullOptimum(
        trials: 1000000, s: 2.3, bias: 0.0, power: 0.0021274401280206084, win: 1.003205815175391,
        loss: 0.9903825544738267,
        twoValues: 0.0006736565615084204, sixteen: 0.0006736565614829638),
    FullOptimum(
        trials: 1000000, s: 2.3, bias: 0.0001, power: 0.002126738401663305, win: 1.0032045228033417,
        loss: 0.990381302814908,
        twoValues: 0.0006718055088556947, sixteen: 0.0006718055088491669),
    FullOptimum(
        trials: 1000000, s: 2.3, bias: 0.001, power: 0.002120426425046225, win: 1.0031929059280538,
        loss: 0.9903700420517891,
        twoValues: 0.0006551636089958983, sixteen: 0.0006551636063714832),
    FullOptimum(
        trials: 1000000, s: 2.3, bias: 0.005, power: 0.002092350259998907, win: 1.0031414384527455,
        loss: 0.9903205489404693,
        twoValues: 0.0005815537128960853, sixteen: 0.0005815536612700379),
    FullOptimum(
        trials: 1000000, s: 2.3, bias: 0.01, power: 0.002057235297476762, win: 1.0030775248227317,
        loss: 0.9902598454277639,
        twoValues: 0.0004903725896006168, sixteen: 0.0004903725886151534),
    FullOptimum(
        trials: 10000000, s: 2.3, bias: 0.0, power: 0.0006749714047493305, win: 1.0010168471343794,
        loss: 0.9969494585968617,
        twoValues: 0.00021803372261972325, sixteen: 0.00021803372256976112),
    FullOptimum(
        trials: 10000000, s: 2.3, bias: 0.0001, power: 0.0006747493075177251, win: 1.001016438254819,
        loss: 0.9969490584463143,
        twoValues: 0.000217446606575789, sixteen: 0.00021744660655088096),
    FullOptimum(
        trials: 10000000, s: 2.3, bias: 0.001, power: 0.0006727517601407863, win: 1.0010127632076058,
        loss: 0.9969454574232685,
        twoValues: 0.00021216817947510155, sixteen: 0.00021216817946406936),
    FullOptimum(
        trials: 10000000, s: 2.3, bias: 0.005, power: 0.000663878225492163, win: 1.000996498576728,
        loss: 0.9969295724396894,
        twoValues: 0.0001888232523957295, sixteen: 0.00018882325222742728),
    FullOptimum(
        trials: 10000000, s: 2.3, bias: 0.01, power: 0.0006527744075874662, win: 1.0009762917064768,
        loss: 0.9969101038411005,
        twoValues: 0.0001599014167816624, sixteen: 0.0001599014011590044),
    FullOptimum(
        trials: 3016, s: 2.413793103448276, bias: 0.0, power: 0.03643822665669995, win: 1.0552223301914787,
        loss: 0.8343330094255639,
        twoValues: 0.010360873039141669, sixteen: 0.01036087303912055),
    FullOptimum(
        trials: 3016, s: 2.413793103448276, bias: 0.0001, power: 0.03642541220867597, win: 1.0551985677532458,
        loss: 0.8343159525294772,
        twoValues: 0.01032897838916269, sixteen: 0.010328978302478139),
    FullOptimum(
        trials: 3016, s: 2.413793103448276, bias: 0.001, power: 0.03631010836067713, win: 1.0549849295859794,
        loss: 0.8341628060363575,
        twoValues: 0.010042265462289653, sixteen: 0.010042265462271927),
    FullOptimum(
        trials: 3016, s: 2.413793103448276, bias: 0.005, power: 0.03579816274467881, win: 1.054040194400726,
        loss: 0.8334904774301065,
        twoValues: 0.008775383123370756, sixteen: 0.008775383123364597),
    FullOptimum(
        trials: 3016, s: 2.413793103448276, bias: 0.01, power: 0.03515957715914505, win: 1.0528703634099867,
        loss: 0.8326689331309917,
        twoValues: 0.007208873841403146, sixteen: 0.0072088738413896404),
    FullOptimum(
        trials: 1048576, s: 2.0747, bias: 0.01, power: 0.0, win: 1.0, loss: 1.0,
        twoValues: 0.0, sixteen: 0.0),
]
