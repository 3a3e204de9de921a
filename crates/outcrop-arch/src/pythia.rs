use crate::ArchSpec;
use crate::{Error, Result, nearest};

/// The sizes that [`ArchSpec::pythia`] knows, smallest first.
pub const PYTHIA_SIZES: [&str; 10] = [
    "14m", "31m", "70m", "160m", "410m", "1b", "1.4b", "2.8b", "6.9b", "12b",
];

/// layers, d_model, heads, vocabulary (padded).
const SHAPES: [[usize; 4]; 10] = [
    [6, 128, 4, 50304],
    [6, 256, 8, 50304],
    [6, 512, 8, 50304],
    [12, 768, 12, 50304],
    [24, 1024, 16, 50304],
    [16, 2048, 8, 50304],
    [24, 2048, 16, 50304],
    [32, 2560, 32, 50304],
    [32, 4096, 32, 50432],
    [36, 5120, 40, 50688],
];

impl ArchSpec {
    /// The architecture of a Pythia model, by size (`14m`, `31m`, `70m`, `160m`, `410m`, `1b`,
    /// `1.4b`, `2.8b`, `6.9b`, `12b`). Source: the configurations of EleutherAI/pythia.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for another size.
    pub fn pythia(size: &str) -> Result<Self> {
        let wanted = size.to_lowercase();
        let Some(index) = PYTHIA_SIZES.iter().position(|s| *s == wanted) else {
            let close = nearest(&wanted, PYTHIA_SIZES);
            let hint = close
                .map(|n| format!(" (did you mean {n}?)"))
                .unwrap_or_default();
            let allowed = format!("{}{hint}", PYTHIA_SIZES.join(", "));
            return Err(Error::range("pythia size", size, allowed));
        };
        let [layers, d_model, heads, vocab] = SHAPES[index];
        Ok(Self {
            vocab,
            context: 2048,
            ..Self::new(layers, d_model, heads)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts from the models' own configurations and cards, not from this code.
    #[test]
    fn parameter_counts_are_the_published_ones() {
        let rows: Vec<Vec<&str>> = include_str!("../tests/fixtures/pythia.csv")
            .lines()
            .filter(|l| !l.starts_with('#') && !l.starts_with("model"))
            .map(|l| l.split(',').collect())
            .collect();
        assert_eq!(rows.len(), PYTHIA_SIZES.len());
        for row in rows {
            let spec = ArchSpec::pythia(row[0]).unwrap();
            spec.check().unwrap();
            let shape = [
                spec.layers,
                spec.d_model,
                spec.heads,
                spec.d_head(),
                spec.rotary_dims(),
            ];
            let expected: Vec<usize> = row[1..6].iter().map(|v| v.parse().unwrap()).collect();
            assert_eq!(shape.as_slice(), expected, "{}", row[0]);
            assert_eq!(spec.d_ff.to_string(), row[6]);
            assert_eq!(spec.parameters().total.to_string(), row[8]);
            assert_eq!(spec.parameters().non_embedding.to_string(), row[9]);
        }
    }

    #[test]
    fn another_size_is_refused_with_the_nearest() {
        let error = ArchSpec::pythia("1.4").unwrap_err().to_string();
        assert!(error.contains("1.4b"), "{error}");
    }
}
