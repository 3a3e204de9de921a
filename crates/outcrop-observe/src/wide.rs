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
