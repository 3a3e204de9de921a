//! Between which magnitudes a rank should be.

use crate::sums::magnitude_bits;

/// Two magnitudes, both inside, by their bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bracket {
    pub(crate) low: u32,
    pub(crate) high: u32,
}

/// Where the magnitude is expected below which a share of all lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expected {
    pub(super) share: f64,
    pub(super) bracket: Bracket,
}

impl Expected {
    /// As far as `margin` on both sides.
    pub(crate) fn about(share: f64, middle: f64, margin: f64) -> Self {
        let bits = |x: f64| (x.max(0.0) as f32).min(f32::MAX).to_bits();
        Self {
            share,
            bracket: Bracket {
                low: bits(middle - margin),
                high: bits(middle + margin),
            },
        }
    }

    /// Whether `rank` of `n` is that of the share, or one of the two beside it.
    pub(super) fn is_of(&self, rank: usize, n: usize) -> bool {
        (self.share * (n - 1) as f64 - rank as f64).abs() <= 1.0
    }
}

/// How far the bracket of a sample reaches, in standard errors of a rank in it.
const ERRORS: f64 = 4.0;

/// The same of one rank among those in a bracket, for the bracket within it.
const NARROW: f32 = 1.5;

impl Bracket {
    /// Where the one at `rank` of the `count` inside should be, as if they were spread evenly.
    pub(super) fn narrow(self, rank: usize, count: usize) -> Self {
        let [low, high] = [self.low, self.high].map(f32::from_bits);
        let (each, rank) = ((high - low) / count as f32, rank as f32 + 0.5);
        let margin = NARROW * (count as f32).sqrt();
        let bound = |rank: f32| magnitude_bits((low + rank * each).clamp(low, high));
        Self {
            low: bound(rank - margin),
            high: bound(rank + margin),
        }
    }

    /// A narrower one with what is below it, or with what is above it.
    pub(super) fn beside(self, narrow: Self, below: bool) -> Self {
        match below {
            true => Self {
                high: narrow.high,
                ..self
            },
            false => Self {
                low: narrow.low,
                ..self
            },
        }
    }
}

/// Some magnitudes, by their bits.
#[derive(Debug, Default)]
pub(super) struct Sample {
    bits: Vec<u32>,
    /// So many of the smallest come first, in any order.
    first: usize,
}

impl Sample {
    /// Between 256 and 1024 places of `n`, with repetitions where n is less.
    pub(super) fn places(&self, n: usize) -> impl Iterator<Item = usize> + use<> {
        let count = (n / 64).clamp(256, 1024) as u64;
        (1..=count).map(move |i| {
            // multiples of the golden ratio spread evenly and, unlike a stride, favour no channel
            let turn = u128::from(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            ((turn * n as u128) >> 64) as usize
        })
    }

    /// Of `n` scalars, each by its place.
    pub(super) fn take(&mut self, n: usize, scalar: impl Fn(usize) -> f32) {
        let places = self.places(n);
        self.first = 0;
        self.bits.clear();
        self.bits
            .extend(places.map(|at| magnitude_bits(scalar(at))));
    }

    /// Where ranks side by side of `n` scalars should be; from 0, or without an end, where the sample has too few. Fastest for
    /// ranks above those of the call before.
    pub(super) fn bracket(&mut self, ranks: &[usize], n: usize) -> Bracket {
        let count = self.bits.len() as f64;
        let place = |rank: usize, side: f64| {
            let share = (rank as f64 + 0.5) / n as f64;
            let error = (count * share * (1.0 - share)).sqrt();
            share * count + side * (ERRORS * error + 1.0)
        };
        let (low, high) = (
            place(ranks[0], -1.0).floor(),
            place(ranks[ranks.len() - 1], 1.0).ceil(),
        );
        Bracket {
            low: if low < 0.0 { 0 } else { self.at(low as usize) },
            high: match (high as usize) < self.bits.len() {
                true => *self.select(high as usize),
                false => f32::MAX.to_bits(),
            },
        }
    }

    /// The one at a place if they were sorted, behind which smaller ones are not sought again.
    fn at(&mut self, place: usize) -> u32 {
        let bits = *self.select(place);
        self.first = place;
        bits
    }

    fn select(&mut self, place: usize) -> &mut u32 {
        if place < self.first {
            self.first = 0;
        }
        let from = self.first;
        self.bits[from..].select_nth_unstable(place - from).1
    }
}
