//! Numbers in few characters: integers of one or two bytes, in base64.

/// The largest code of two bytes; 0 is a number that is missing.
const WORD: f64 = 65_534.0;
/// The largest code of one byte; 0 is a number that is missing.
const BYTE: f64 = 254.0;
/// Relative errors from `LEAST` on, over `DECADES` decades, have a code.
const LEAST: f64 = 1e-5;
const DECADES: f64 = 6.0;

/// Bytes in the order in which they are written.
#[derive(Default)]
pub(super) struct Bytes(Vec<u8>);

impl Bytes {
    /// `value` between `low` and `high` in two bytes, the lower first: code - 1 = 65534 (value - low) / (high - low).
    pub(super) fn word(&mut self, value: f64, (low, high): (f64, f64)) {
        let part = (value - low) / (high - low).max(f64::MIN_POSITIVE);
        let code = match part.is_finite() {
            true => 1 + (WORD * part.clamp(0.0, 1.0)).round() as u16,
            false => 0,
        };
        self.0.extend(code.to_le_bytes());
    }

    /// A relative error in one byte: code - 1 = 254 log10(error / 1e-5) / 6, so that it is 3 % off at most.
    pub(super) fn relative_error(&mut self, error: f64) {
        let part = (error / LEAST).log10() / DECADES;
        let code = match error.is_finite() && error >= 0.0 {
            true => 1 + (BYTE * part.clamp(0.0, 1.0)).round() as u8,
            false => 0,
        };
        self.0.push(code);
    }

    /// The bytes in base64, without line breaks.
    pub(super) fn base64(&self) -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::with_capacity(self.0.len().div_ceil(3) * 4);
        for chunk in self.0.chunks(3) {
            let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for i in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize];
                text.push(if i <= chunk.len() {
                    char::from(digit)
                } else {
                    '='
                });
            }
        }
        text
    }
}

/// Lowest and highest finite value; none where there is none.
pub(super) fn ends(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|v| v.is_finite());
    finite.fold(None, |ends, v| {
        let (low, high) = ends.unwrap_or((v, v));
        Some((v.min(low), v.max(high)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (text, code) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(Bytes(text.as_bytes().to_vec()).base64(), code);
        }
    }

    #[test]
    fn a_number_comes_back_to_four_digits_and_a_missing_one_as_missing() {
        let (low, high) = (3f64.ln(), 3000f64.ln());
        for ratio in [3.0, 17.25, 812.4, 3000.0] {
            let mut bytes = Bytes::default();
            bytes.word(f64::ln(ratio), (low, high));
            let code = f64::from(u16::from_le_bytes([bytes.0[0], bytes.0[1]]));
            let back = (low + (high - low) * (code - 1.0) / WORD).exp();
            assert!((back / ratio - 1.0).abs() < 6e-5, "{ratio}: {back}");
        }
        let mut bytes = Bytes::default();
        bytes.word(f64::NAN, (low, high));
        bytes.relative_error(f64::NAN);
        bytes.relative_error(0.02);
        let back = LEAST * 10f64.powf(DECADES * (f64::from(bytes.0[3]) - 1.0) / BYTE);
        assert_eq!(bytes.0[..3], [0; 3]);
        assert!((back / 0.02 - 1.0).abs() < 0.03);
        assert_eq!(ends([f64::NAN, 2.0, -1.0]), Some((-1.0, 2.0)));
    }
}
