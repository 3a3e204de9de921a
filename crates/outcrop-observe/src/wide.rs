//! Loops over the widest vectors of the machine.

pub(crate) use pulp::{Arch, Simd, WithSimd};

/// A function that is compiled for every kind of vectors, and runs as the one for this machine. What it calls in its loops
/// must be `#[inline(always)]`. As rounding is that of each operation by itself and lanes are of a fixed number, the result
/// is the same bits on any machine.
macro_rules! vectorised {
    (
        $(#[$doc:meta])*
        $visibility:vis fn $name:ident<'a>($($given:ident: $kind:ty),* $(,)?) -> $output:ty $body:block
    ) => {
        $(#[$doc])*
        $visibility fn $name<'a>($($given: $kind),*) -> $output {
            struct Call<'a> {
                $($given: $kind),*
            }

            impl<'a> $crate::wide::WithSimd for Call<'a> {
                type Output = $output;

                #[inline(always)]
                fn with_simd<S: $crate::wide::Simd>(self, _: S) -> $output {
                    let Self { $($given),* } = self;
                    $body
                }
            }

            $crate::wide::Arch::new().dispatch(Call { $($given),* })
        }
    };
}

pub(crate) use vectorised;

/// A few vectors, [`LANES`](crate::sums::LANES) scalars, of which the first [`vectors`] are used: so many on any machine. The
/// compiler may make vectors of arrays of f32, too, but shuffles them, or does not inline `array::from_fn`, as soon as a
/// function is long.
pub(crate) type Vectors<S> = [<S as Simd>::f32s; crate::sums::LANES];

/// As many scalars in lines of memory of their own: vectors across two lines cost twice as much.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Block(pub(crate) [f32; crate::sums::LANES]);

impl Block {
    /// Some scalars as blocks, with zeros behind the last.
    pub(crate) fn all(some: &[f32]) -> Vec<Self> {
        let chunks = some.chunks(crate::sums::LANES);
        chunks.map(Self::padded).collect()
    }

    /// At most as many scalars, with zeros behind them.
    #[inline(always)]
    pub(crate) fn padded(some: &[f32]) -> Self {
        let mut all = Self::default();
        all.0[..some.len()].copy_from_slice(some);
        all
    }
}

/// How many vectors have as many scalars.
#[inline(always)]
pub(crate) const fn vectors<S: Simd>() -> usize {
    crate::sums::LANES / S::F32_LANES
}

/// The scalars of vectors.
#[inline(always)]
pub(crate) fn scalars<S: Simd>(from: &Vectors<S>) -> [f32; crate::sums::LANES] {
    let mut all = [0.0; crate::sums::LANES];
    let to = S::as_mut_simd_f32s(&mut all).0.iter_mut();
    to.zip(from).for_each(|(to, x)| *to = *x);
    all
}

/// Scalars as vectors, with zeros behind them where they are too few.
#[inline(always)]
pub(crate) fn padded<S: Simd>(simd: S, some: &[f32]) -> Vectors<S> {
    let mut all = [0.0; crate::sums::LANES];
    all[..some.len()].copy_from_slice(some);
    let mut to = [simd.splat_f32s(0.0); crate::sums::LANES];
    let from = S::as_simd_f32s(&all).0;
    to.iter_mut().zip(from).for_each(|(to, x)| *to = *x);
    to
}
