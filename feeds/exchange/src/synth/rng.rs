//! A small seeded generator of random numbers, and the few distributions the market draws from.
//!
//! Logarithms and powers come from `libm`, not from the host's maths library: the same seed gives the same market, bit for
//! bit, on every host.

/// xoshiro256++ 1.0 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), its state filled from
/// the seed by splitmix64 (Steele, Lea and Flood, 2014) as its authors advise.
#[derive(Clone, Debug)]
pub(crate) struct Rng {
    state: [u64; 4],
    /// The second of the two normal deviates that the polar method makes at a time.
    spare: Option<f64>,
}

impl Rng {
    /// A generator whose whole future is `seed`; every seed, 0 too, is good.
    pub(crate) fn new(seed: u64) -> Self {
        let mut counter = seed;
        Self { state: std::array::from_fn(|_| splitmix64(&mut counter)), spare: None }
    }

    /// The next 64 random bits.
    pub(crate) fn next_u64(&mut self) -> u64 {
        let [s0, s1, s2, s3] = self.state;
        let result = s0.wrapping_add(s3).rotate_left(23).wrapping_add(s0);
        let (t2, t3) = (s2 ^ s0, s3 ^ s1);
        self.state = [s0 ^ t3, s1 ^ t2, t2 ^ (s1 << 17), t3.rotate_left(45)];
        result
    }

    /// Uniform in `0.0..1.0`, on a grid of 2⁻⁵³.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Uniform in `0..n`; 0 for `n = 0`. The bias, below `n / 2⁶⁴`, is left in (Lemire, 2019, without his rejection).
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// Exponential with the given mean.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// Standard normal, by the polar method (Marsaglia and Bray, 1964).
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let factor = libm::sqrt(-2.0 * libm::log(square) / square);
                self.spare = Some(y * factor);
                return x * factor;
            }
        }
    }

    /// Lognormal with the given median and the standard deviation `sigma` of its logarithm.
    pub(super) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    /// Lomax (a Pareto law that starts at 0): P(X > x) = (1 + x / scale)^(−shape).
    pub(super) fn lomax(&mut self, scale: f64, shape: f64) -> f64 {
        scale * (libm::pow(1.0 - self.unit(), -1.0 / shape) - 1.0)
    }
}

/// One step of splitmix64.
fn splitmix64(counter: &mut u64) -> u64 {
    *counter = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *counter;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean of `n` draws.
    fn mean(n: u32, mut draw: impl FnMut() -> f64) -> f64 {
        (0..n).map(|_| draw()).sum::<f64>() / f64::from(n)
    }

    #[test]
    fn splitmix64_gives_the_published_sequence() {
        let mut counter = 1_234_567;
        let got: [u64; 5] = std::array::from_fn(|_| splitmix64(&mut counter));
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(got, published);
    }

    #[test]
    fn xoshiro256_gives_the_published_sequence() {
        let mut rng = Rng { state: [1, 2, 3, 4], spare: None };
        let got: [u64; 5] = std::array::from_fn(|_| rng.next_u64());
        let published =
            [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386, 9_228_616_714_210_784_205];
        assert_eq!(got, published);
    }

    #[test]
    fn distributions_have_their_moments() {
        let mut rng = Rng::new(7);
        let n = 200_000;
        assert!((mean(n, || rng.unit()) - 0.5).abs() < 0.005);
        assert!((mean(n, || rng.exponential(3.0)) - 3.0).abs() < 0.03);
        assert!(mean(n, || rng.normal()).abs() < 0.01);
        assert!((mean(n, || rng.normal().powi(2)) - 1.0).abs() < 0.02);
        assert!((mean(n, || f64::from(u8::from(rng.lognormal(2.0, 1.5) < 2.0))) - 0.5).abs() < 0.005);
        // The median of a Lomax law of shape 2 is scale · (√2 − 1).
        let median = 10.0 * (2.0_f64.sqrt() - 1.0);
        assert!((mean(n, || f64::from(u8::from(rng.lomax(10.0, 2.0) < median))) - 0.5).abs() < 0.005);
        assert!((mean(n, || f64::from(u8::from(rng.below(3) == 2))) - 1.0 / 3.0).abs() < 0.005);
        assert_eq!(rng.below(0), 0);
    }
}
