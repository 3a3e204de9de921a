//! Tasks that are solved in context: what comes next was seen earlier in the sequence, and nothing of it is in the weights.

use rand_chacha::ChaCha8Rng;

use super::Error;
use super::batch::below;
use super::generated::{Generated, Pool, Row};
use super::spec::{COPIED, PAIRED};

/// Random symbols, then the same symbols again: A B C A B C. The second half can be predicted from the first, by the
/// place alone or by looking for the symbol before (an induction head, Olsson et al. 2209.11895).
pub(super) struct Copying {
    symbols: usize,
    sha256: String,
}

/// Pairs of a key and a value, then the same pairs in another order: A B C D C D A B. Only who looks for the key
/// knows the value that comes after it. Keys are the first half of the symbols and differ within a sequence, values are
/// the second half.
pub(super) struct Induction {
    symbols: usize,
    sha256: String,
}

impl Copying {
    /// Of rows that have two halves.
    pub(super) fn open(symbols: usize, row: Row) -> Result<Self, Error> {
        row.at_least("copy", 2)?;
        COPIED.check(symbols).map(Self::new)
    }

    fn new(symbols: usize) -> Self {
        let sha256 = outcrop_core::sha256_hex(format!("copy:{symbols}").as_bytes());
        Self { symbols, sha256 }
    }
}

impl Generated for Copying {
    fn symbols(&self) -> usize {
        self.symbols
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Of an odd length the first symbol comes a third time.
    fn draw(&self, rng: &mut ChaCha8Rng, _: Pool, length: usize, out: &mut Vec<u32>) {
        let half = length / 2;
        let start = out.len();
        out.extend((0..half).map(|_| below(rng, self.symbols) as u32));
        for at in half..length {
            out.push(out[start + at % half]);
        }
    }

    fn optimal_loss_at(&self, at: usize, length: usize) -> f64 {
        match self.is_answer(at, length) {
            true => 0.0,
            false => (self.symbols as f64).ln(),
        }
    }

    fn is_answer(&self, at: usize, length: usize) -> bool {
        at >= length / 2
    }
}

impl Induction {
    /// Of rows that have two pairs or more, and no more than there are keys.
    pub(super) fn open(symbols: usize, row: Row) -> Result<Self, Error> {
        row.at_least("induction", 8)?;
        let symbols = PAIRED.check(symbols)?;
        let (pairs, keys) = (row.length / 4, symbols / 2);
        if pairs > keys {
            return Err(Error::FewKeys {
                symbols,
                keys,
                pairs,
                context: row.context,
                context_at_most: row.context + 4 * keys + 3 - row.length,
            });
        }
        Ok(Self::new(symbols))
    }

    fn new(symbols: usize) -> Self {
        let sha256 = outcrop_core::sha256_hex(format!("induction:{symbols}").as_bytes());
        Self { symbols, sha256 }
    }

    /// The round, the pair in it, and whether it is the value of the pair, of the symbol `at`.
    fn place(at: usize, length: usize) -> (usize, usize, bool) {
        let round = 2 * (length / 4);
        (at / round, at % round / 2, at % 2 == 1)
    }
}

impl Generated for Induction {
    fn symbols(&self) -> usize {
        self.symbols
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Up to three symbols that no pair fills begin a third round.
    fn draw(&self, rng: &mut ChaCha8Rng, _: Pool, length: usize, out: &mut Vec<u32>) {
        let (end, keys) = (out.len() + length, self.symbols / 2);
        let mut left: Vec<usize> = (0..keys).collect();
        let mut pairs: Vec<[u32; 2]> = Vec::new();
        for _ in 0..length / 4 {
            let key = left.swap_remove(below(rng, left.len()));
            let value = keys + below(rng, self.symbols - keys);
            pairs.push([key as u32, value as u32]);
        }
        while out.len() < end {
            for pair in &pairs {
                out.extend(pair.iter().take(end - out.len()));
            }
            for i in (1..pairs.len()).rev() {
                pairs.swap(i, below(rng, i + 1));
            }
        }
    }

    fn optimal_loss_at(&self, at: usize, length: usize) -> f64 {
        let keys = self.symbols / 2;
        let possible = match Self::place(at, length) {
            (0, pair, false) => keys - pair,
            (0, _, true) => self.symbols - keys,
            (_, pair, false) => length / 4 - pair,
            (_, _, true) => 1,
        };
        (possible as f64).ln()
    }

    fn is_answer(&self, at: usize, length: usize) -> bool {
        let (round, _, is_value) = Self::place(at, length);
        round > 0 && is_value
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::batch::{Purpose, stream};
    use super::*;

    fn sequences(task: &dyn Generated, length: usize) -> Vec<Vec<u32>> {
        let mut rng = stream(Purpose::Training, 3, 1);
        let mut draw = |_| {
            let mut row = vec![99];
            task.draw(&mut rng, Pool::Training, length, &mut row);
            row.split_off(1)
        };
        (0..300).map(&mut draw).collect()
    }

    #[test]
    fn the_second_half_is_the_first() {
        for length in [2, 9, 16] {
            let task = Copying::new(7);
            for row in sequences(&task, length) {
                assert_eq!(row.len(), length);
                let (first, second) = row.split_at(length / 2);
                let again = first.iter().cycle().zip(second);
                assert!(again.clone().all(|(a, b)| a == b));
                assert!(row.iter().all(|symbol| *symbol < 7));
                let answers = (0..length).filter(|at| task.is_answer(*at, length));
                assert_eq!(answers.count(), again.count());
            }
        }
    }

    /// An answer is the value that came after the same key before; nothing else is certain.
    #[test]
    fn a_value_follows_its_key() {
        for (symbols, length) in [(8, 16), (12, 19), (40, 64)] {
            let task = Induction::new(symbols);
            let mut orders = BTreeMap::new();
            for row in sequences(&task, length) {
                let mut values = BTreeMap::new();
                for (at, pair) in row.chunks(2).enumerate() {
                    let [key, value] = pair[..] else { continue };
                    assert!((key as usize) < symbols / 2 && value as usize >= symbols / 2);
                    let known = values.insert(key, value);
                    assert_eq!(known.is_some(), at >= length / 4, "keys differ");
                    assert_eq!(known.is_some(), task.is_answer(2 * at + 1, length));
                    assert!(!task.is_answer(2 * at, length));
                    assert!(known.is_none_or(|known| known == value));
                }
                let key = |at: usize| row[2 * at];
                let again = (0..length / 4).position(|at| key(at) == key(length / 4));
                *orders.entry(again).or_insert(0) += 1;
            }
            assert_eq!(orders.len(), length / 4, "pairs return in any order");
        }
    }

    #[test]
    fn what_is_drawn_costs_its_entropy() {
        let (copying, induction) = (Copying::new(10), Induction::new(10));
        let loss = |task: &dyn Generated, length| -> f64 {
            (0..length).map(|at| task.optimal_loss_at(at, length)).sum()
        };
        assert!((loss(&copying, 6) - 3.0 * 10f64.ln()).abs() < 1e-12);
        // 2 of 5 keys in order, 2 values, the order of 2 keys
        let expected = (5.0 * 4.0 * 5.0 * 5.0 * 2.0f64).ln();
        assert!((loss(&induction, 8) - expected).abs() < 1e-12);
    }

    #[test]
    fn sequences_that_cannot_repeat_are_refused_with_the_way_out() {
        let row = |context, length| Row { context, length };
        let said = Copying::open(4, row(1, 1))
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("`copy`") && said.contains("2 or more"),
            "{said}"
        );
        let open = |symbols, row| Induction::open(symbols, row).map(|_| ());
        let said = open(64, row(6, 7)).unwrap_err().to_string();
        assert!(
            said.contains("context is 6") && said.contains("7 or more"),
            "{said}"
        );
        let said = open(8, row(64, 64)).unwrap_err().to_string();
        for part in [
            "induction:8",
            "4 keys",
            "16 pairs",
            "induction:32",
            "19 or less",
        ] {
            assert!(said.contains(part), "{said}");
        }
        assert!(open(8, row(19, 19)).is_ok() && open(32, row(64, 64)).is_ok());
        assert!(open(8, row(18, 19)).is_ok() && open(8, row(19, 20)).is_err());
    }
}
