//! Blocks of quantised numbers, as ggml packs them.

use half::f16;

/// A way to pack numbers in blocks.
#[derive(Debug)]
pub(crate) struct Packing {
    /// ggml's number of the type.
    pub(crate) id: u32,
    pub(crate) name: &'static str,
    /// Numbers in a block.
    pub(crate) elements: usize,
    /// Bytes of a block.
    pub(crate) bytes: usize,
    /// Unpacks a block of `bytes` into `elements` numbers.
    unpack: fn(&[u8], &mut [f32]),
}

impl PartialEq for Packing {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

const fn packing(
    id: u32,
    name: &'static str,
    [elements, bytes]: [usize; 2],
    unpack: fn(&[u8], &mut [f32]),
) -> Packing {
    Packing {
        id,
        name,
        elements,
        bytes,
        unpack,
    }
}

/// The types that are read.
pub(crate) static PACKINGS: [Packing; 8] = [
    packing(2, "Q4_0", [32, 18], q4_0),
    packing(3, "Q4_1", [32, 20], q4_1),
    packing(6, "Q5_0", [32, 22], q5_0),
    packing(7, "Q5_1", [32, 24], q5_1),
    packing(8, "Q8_0", [32, 34], q8_0),
    packing(12, "Q4_K", [256, 144], q4_k),
    packing(13, "Q5_K", [256, 176], q5_k),
    packing(14, "Q6_K", [256, 210], q6_k),
];

impl Packing {
    /// Appends the numbers of whole blocks as little-endian f32.
    pub(super) fn append(&self, blocks: &[u8], bytes: &mut Vec<u8>) {
        let mut numbers = vec![0.0; self.elements];
        for block in blocks.chunks_exact(self.bytes) {
            (self.unpack)(block, &mut numbers);
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
    }
}

fn half(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

/// The four low bits of 16 bytes, then the four high ones: 32 numbers.
fn nibbles(packed: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let low = packed.iter().map(|byte| byte & 15);
    low.chain(packed.iter().map(|byte| byte >> 4))
}

/// d q - 8 d
fn q4_0(block: &[u8], out: &mut [f32]) {
    let d = half(block, 0);
    for (out, q) in out.iter_mut().zip(nibbles(&block[2..])) {
        *out = d * f32::from(i16::from(q) - 8);
    }
}

/// d q + m
fn q4_1(block: &[u8], out: &mut [f32]) {
    let (d, m) = (half(block, 0), half(block, 2));
    for (out, q) in out.iter_mut().zip(nibbles(&block[4..])) {
        *out = d * f32::from(q) + m;
    }
}

/// The fifth bits of 32 numbers, as 16.
fn fifth(bits: &[u8]) -> impl Iterator<Item = u8> + '_ {
    (0..32).map(|i| (bits[i / 8] >> (i % 8) & 1) << 4)
}

fn q5_0(block: &[u8], out: &mut [f32]) {
    let d = half(block, 0);
    let numbers = nibbles(&block[6..]).zip(fifth(&block[2..6]));
    for (out, (q, high)) in out.iter_mut().zip(numbers) {
        *out = d * f32::from(i16::from(q | high) - 16);
    }
}

fn q5_1(block: &[u8], out: &mut [f32]) {
    let (d, m) = (half(block, 0), half(block, 2));
    let numbers = nibbles(&block[8..]).zip(fifth(&block[4..8]));
    for (out, (q, high)) in out.iter_mut().zip(numbers) {
        *out = d * f32::from(q | high) + m;
    }
}

fn q8_0(block: &[u8], out: &mut [f32]) {
    let d = half(block, 0);
    for (out, q) in out.iter_mut().zip(&block[2..]) {
        *out = d * f32::from(*q as i8);
    }
}

/// Scale and minimum of each of eight groups of 32 numbers, six bits each in twelve bytes.
fn scales(packed: &[u8]) -> [(u8, u8); 8] {
    std::array::from_fn(|i| match i {
        0..4 => (packed[i] & 63, packed[i + 4] & 63),
        _ => {
            let (low, high) = (packed[i + 4], i - 4);
            (
                low & 15 | packed[high] >> 6 << 4,
                low >> 4 | packed[high + 4] >> 6 << 4,
            )
        }
    })
}

/// d s q - m t, with s and t by groups of 32; `high` gives the fifth bit of a number.
fn grouped(block: &[u8], packed: &[u8], out: &mut [f32], high: impl Fn(usize, usize) -> u8) {
    let (d, m) = (half(block, 0), half(block, 2));
    for (group, (scale, minimum)) in scales(&block[4..16]).into_iter().enumerate() {
        let (d, m) = (d * f32::from(scale), m * f32::from(minimum));
        let bytes = &packed[group / 2 * 32..][..32];
        let numbers = out[group * 32..][..32].iter_mut().zip(bytes);
        for (i, (out, byte)) in numbers.enumerate() {
            let q = byte >> (group % 2 * 4) & 15;
            *out = d * f32::from(q | high(group, i)) - m;
        }
    }
}

fn q4_k(block: &[u8], out: &mut [f32]) {
    grouped(block, &block[16..], out, |_, _| 0);
}

fn q5_k(block: &[u8], out: &mut [f32]) {
    let bits = &block[16..48];
    grouped(block, &block[48..], out, |group, i| {
        (bits[i] >> group & 1) << 4
    });
}

/// Four low bits, two high ones and a scale of eight bits for each 16 numbers.
fn q6_k(block: &[u8], out: &mut [f32]) {
    let (low, high) = (&block[..128], &block[128..192]);
    let d = half(block, 208);
    for (i, out) in out.iter_mut().enumerate() {
        // halves of 128 numbers, each of four groups of 32
        let (part, group, place) = (i / 128, i / 32 % 4, i % 32);
        let byte = low[part * 64 + group % 2 * 32 + place];
        let two = high[part * 32 + place] >> (group * 2) & 3;
        let q = i16::from(byte >> (group / 2 * 4) & 15 | two << 4) - 32;
        *out = d * f32::from(block[192 + i / 16] as i8) * f32::from(q);
    }
}
