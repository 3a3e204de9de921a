//! The instructions: the only unsafe code of this crate.
#![expect(unsafe_code, reason = "tiles have no stable safe functions")]

use super::{PARTS, STEP};

/// Rows and columns of C that are computed together: two tiles each way.
pub(crate) const SIDE: usize = 32;

/// Whether this machine has tiles of bf16 and its kernel lets this process use them. Asked once.
pub(crate) fn available() -> bool {
    static AVAILABLE: std::sync::LazyLock<bool> = std::sync::LazyLock::new(cpu::available);
    *AVAILABLE
}

/// This thread's tiles are configured while it lives.
pub(crate) struct Tiles(std::marker::PhantomData<*const ()>);

/// What is multiplied.
#[derive(Clone, Copy)]
pub(crate) struct Factors<'a> {
    /// Steps of 32 rows of A.
    pub(crate) a: &'a [u32],
    /// As many of 32 columns of B, or more, in this many parts.
    pub(crate) b: &'a [u32],
    pub(crate) parts: usize,
    /// So many numbers after the beginning of `b` lies what is needed next: it is fetched meanwhile, [`AHEAD`] a step.
    pub(crate) next: usize,
}

/// Numbers that are fetched in a step.
pub(crate) const AHEAD: usize = 256;

/// Where sums begin.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// At these numbers in every row.
    Line(&'a [f32; SIDE]),
    /// At what is there.
    C,
}

impl Tiles {
    /// # Panics
    /// Where tiles are not [`available`].
    pub(crate) fn new() -> Self {
        assert!(available(), "this machine has no tiles");
        // SAFETY: tiles are there and permitted.
        unsafe { cpu::configure() };
        Self(std::marker::PhantomData)
    }

    /// Writes `start` + A B to [`SIDE`] rows of [`SIDE`] numbers of `c`, `stride` apart.
    ///
    /// # Panics
    /// Where `c` is shorter, or B has fewer steps than A.
    pub(crate) fn multiply(
        &self,
        factors: Factors<'_>,
        start: Start<'_>,
        c: &mut [f32],
        stride: usize,
    ) {
        let Factors { a, b, parts, next } = factors;
        let steps = a.len() / STEP;
        assert!(
            steps > 0 && b.len() >= steps * STEP / PARTS * parts,
            "as many steps of A and B"
        );
        assert!(
            c.len() >= (SIDE - 1) * stride + SIDE,
            "32 rows of 32 numbers"
        );
        let to = c.as_mut_ptr();
        let (from, from_stride) = match start {
            Start::Line(line) => (line.as_ptr(), 0),
            Start::C => (to.cast_const(), stride),
        };
        let place = Place {
            from,
            from_stride,
            to,
            stride,
        };
        let factors = Addresses {
            a: a.as_ptr(),
            b: b.as_ptr(),
            next: b.as_ptr().wrapping_add(next),
            steps,
        };
        // SAFETY: this thread's tiles are configured, and what is read and written lies in the slices, as asserted.
        unsafe { cpu::multiply(factors, parts, place) }
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: tiles are there; nothing of them is used later.
        unsafe { cpu::release() };
    }
}

/// Sums of two by two tiles: where they begin, and where they go.
#[cfg_attr(
    not(all(target_arch = "x86_64", target_os = "linux")),
    expect(dead_code, reason = "nothing has tiles")
)]
struct Place {
    from: *const f32,
    from_stride: usize,
    to: *mut f32,
    stride: usize,
}

/// Where factors begin.
#[cfg_attr(
    not(all(target_arch = "x86_64", target_os = "linux")),
    expect(dead_code, reason = "nothing has tiles")
)]
struct Addresses {
    a: *const u32,
    b: *const u32,
    next: *const u32,
    steps: usize,
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod cpu {
    use std::arch::asm;
    use std::arch::x86_64::__cpuid_count;

    use super::{Addresses, Place};

    /// What `ldtilecfg` reads: palette 1, and for each of eight tiles 64 bytes a row and 16 rows.
    #[repr(C, align(64))]
    struct Configuration {
        palette: u8,
        start: u8,
        reserved: [u8; 14],
        bytes: [u16; 16],
        rows: [u8; 16],
    }

    static CONFIGURATION: Configuration = Configuration {
        palette: 1,
        start: 0,
        reserved: [0; 14],
        bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
        rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
    };

    pub(super) fn available() -> bool {
        // leaf 7: amx-bf16 and amx-tile
        let has = __cpuid_count(0, 0).eax >= 7
            && __cpuid_count(7, 0).edx & (1 << 22 | 1 << 24) == (1 << 22 | 1 << 24);
        has && pulp::x86::V4::try_new().is_some() && permitted()
    }

    /// Asks the kernel for the state of tiles: `arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)`.
    fn permitted() -> bool {
        let answer: i64;
        // SAFETY: the call reads no memory; it changes what this process may use, nothing else.
        unsafe {
            asm!("syscall", inlateout("rax") 158_i64 => answer, in("rdi") 0x1023, in("rsi") 18,
                lateout("rcx") _, lateout("r11") _, options(nostack));
        }
        answer == 0
    }

    /// # Safety
    /// Tiles must be available.
    pub(super) unsafe fn configure() {
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &raw const CONFIGURATION, options(nostack, readonly))
        }
    }

    /// # Safety
    /// Tiles must be available.
    pub(super) unsafe fn release() {
        unsafe { asm!("tilerelease", options(nostack, nomem)) }
    }

    /// Two tiles of A (4, 5) times two of B (6, 7), added to four of C (0 to 3). Meanwhile a few lines are fetched.
    macro_rules! four {
        ($line:literal) => {
            concat!(
                "tdpbf16ps tmm0, tmm4, tmm6\nprefetcht1 [{next} + 64 * ", $line, "]\n",
                "tdpbf16ps tmm1, tmm4, tmm7\nprefetcht1 [{next} + 64 + 64 * ", $line, "]\n",
                "tdpbf16ps tmm2, tmm5, tmm6\nprefetcht1 [{next} + 128 + 64 * ", $line, "]\n",
                "tdpbf16ps tmm3, tmm5, tmm7\nprefetcht1 [{next} + 192 + 64 * ", $line, "]\n",
            )
        };
        () => {
            "tdpbf16ps tmm0, tmm4, tmm6\ntdpbf16ps tmm1, tmm4, tmm7\ntdpbf16ps tmm2, tmm5, tmm6\ntdpbf16ps tmm3, tmm5, tmm7\n"
        };
    }

    macro_rules! load {
        (a $part:literal) => {
            concat!(
                "tileloadd tmm4, [{a} + {line} + 2048 * ",
                $part,
                "]\ntileloadd tmm5, [{a} + {line} + 1024 + 2048 * ",
                $part,
                "]\n"
            )
        };
        (b $part:literal) => {
            concat!(
                "tileloadd tmm6, [{b} + {line} + 2048 * ",
                $part,
                "]\ntileloadd tmm7, [{b} + {line} + 1024 + 2048 * ",
                $part,
                "]\n"
            )
        };
    }

    /// The products of a step: parts of A and B from the largest (0) to the smallest; those below 2^-22 are left out.
    macro_rules! products {
        (1) => {
            concat!(load!(a 0), load!(b 0), four!(0), load!(a 1), four!(4), load!(a 2), four!(8))
        };
        (2) => {
            concat!(
                load!(a 0), load!(b 1), four!(0), load!(b 0), four!(4), load!(a 2), four!(8), load!(a 1), four!(12),
                load!(b 1), four!()
            )
        };
        (3) => {
            concat!(
                load!(a 0), load!(b 2), four!(0), load!(b 1), four!(4), load!(b 0), four!(8), load!(a 2), four!(12),
                load!(a 1), four!(), load!(b 1), four!()
            )
        };
    }

    macro_rules! sums {
        ($parts:tt, $factors:ident, $place:ident) => {{
            let (low, low_to) = ($place.from.wrapping_add(16 * $place.from_stride), $place.to.wrapping_add(16 * $place.stride));
            asm!(
                "tileloadd tmm0, [{from} + {from_line}]",
                "tileloadd tmm1, [{from} + {from_line} + 64]",
                "tileloadd tmm2, [{low} + {from_line}]",
                "tileloadd tmm3, [{low} + {from_line} + 64]",
                "2:",
                products!($parts),
                "add {a}, 6144",
                concat!("add {b}, 2048 * ", $parts),
                "add {next}, 1024",
                "dec {steps}",
                "jnz 2b",
                "tilestored [{to} + {to_line}], tmm0",
                "tilestored [{to} + {to_line} + 64], tmm1",
                "tilestored [{low_to} + {to_line}], tmm2",
                "tilestored [{low_to} + {to_line} + 64], tmm3",
                from = in(reg) $place.from, from_line = in(reg) 4 * $place.from_stride, low = in(reg) low,
                to = in(reg) $place.to, to_line = in(reg) 4 * $place.stride, low_to = in(reg) low_to,
                a = inout(reg) $factors.a => _, b = inout(reg) $factors.b => _, next = inout(reg) $factors.next => _,
                steps = inout(reg) $factors.steps => _, line = in(reg) 64_usize,
                options(nostack),
            )
        }};
    }

    /// # Safety
    /// Tiles must be configured on this thread, A and B hold `steps` > 0 steps, and `place` 32 rows of 32 numbers.
    pub(super) unsafe fn multiply(factors: Addresses, parts: usize, place: Place) {
        // SAFETY: as promised.
        unsafe {
            match parts {
                1 => sums!(1, factors, place),
                2 => sums!(2, factors, place),
                _ => sums!(3, factors, place),
            }
        }
    }
}

/// Only Linux on x86-64 is known to have tiles.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod cpu {
    use super::{Addresses, Place};

    pub(super) fn available() -> bool {
        false
    }

    pub(super) unsafe fn configure() {}

    pub(super) unsafe fn release() {}

    pub(super) unsafe fn multiply(_: Addresses, _: usize, _: Place) {}
}
