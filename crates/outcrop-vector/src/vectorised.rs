/// A function that is compiled for every kind of vectors, and runs as the one for this machine: loops in
/// it use the widest there are. What it calls in them must be `#[inline(always)]`, or it is compiled for
/// the narrowest. It is no closure given to `pulp`, since the compiler is free not to inline those.
///
/// ```
/// outcrop_vector::vectorised! {
///     /// y += factor x.
///     pub fn add_scaled<'a>(x: &'a [f32], factor: f32, y: &'a mut [f32]) -> () {
///         y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
///     }
/// }
/// let mut y = [1.0, 2.0];
/// add_scaled(&[3.0, 4.0], 0.5, &mut y);
/// assert_eq!(y, [2.5, 4.0]);
/// ```
#[macro_export]
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

            impl<'a> $crate::pulp::WithSimd for Call<'a> {
                type Output = $output;

                #[inline(always)]
                fn with_simd<S: $crate::pulp::Simd>(self, _: S) -> $output {
                    let Self { $($given),* } = self;
                    $body
                }
            }

            $crate::pulp::Arch::new().dispatch(Call { $($given),* })
        }
    };
}
