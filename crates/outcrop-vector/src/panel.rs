//! What functions of panels of scores share.

/// Keys whose weights are added up before the sum is added to that of others: fewer roundings.
pub(crate) const KEYS: usize = 64;

/// Runs a function of the width of panels for the one that is there, known to the compiler.
macro_rules! by_width {
    ($width:expr, $function:ident $(:: <$($more:literal),*>)? ($($given:expr),*)) => {
        match $width {
            32 => $function::<32 $(, $($more),*)?>($($given),*),
            16 => $function::<16 $(, $($more),*)?>($($given),*),
            8 => $function::<8 $(, $($more),*)?>($($given),*),
            4 => $function::<4 $(, $($more),*)?>($($given),*),
            2 => $function::<2 $(, $($more),*)?>($($given),*),
            1 => $function::<1 $(, $($more),*)?>($($given),*),
            width => panic!("panels of {width} columns"),
        }
    };
}
pub(crate) use by_width;

/// Puts `x` where column c does not see a row: after `first` + c.
#[inline(always)]
pub(crate) fn hide<const W: usize>(rows: &mut [[f32; W]], first: usize, x: f32) {
    for (key, row) in rows.iter_mut().enumerate().skip(first) {
        row[..(key - first).min(W)].fill(x);
    }
}
