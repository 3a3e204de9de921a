//! NumPy arrays as text.

/// An array [sequences, 4, layers], in the order of its text.
#[derive(Debug, PartialEq)]
pub(super) struct Array {
    /// Number of layers.
    pub(super) layers: usize,
    /// The values, of which every `4 * layers` are one sequence.
    pub(super) values: Vec<f32>,
}

/// Rows of one sequence: top1, top2, top3, median.
pub(super) const STATISTICS: usize = 4;

/// Reads what `str` or `repr` of an array [sequences, 4, layers] gives, or one row a line without
/// brackets, as `np.savetxt` writes. The error is the reason, in words.
pub(super) fn parse(text: &str) -> Result<Array, String> {
    let text = text.trim();
    let inner = text.strip_prefix("np.").unwrap_or(text);
    let inner = inner.strip_prefix("array(").unwrap_or(inner).trim_start();
    let mut shape = Shape::default();
    match inner.starts_with('[') {
        true => brackets(inner, &mut shape)?,
        false => lines(inner, &mut shape)?,
    }
    match shape.width {
        Some(layers) if layers > 0 && !shape.values.is_empty() => Ok(Array {
            layers,
            values: shape.values,
        }),
        _ => Err("there are no values".into()),
    }
}

/// Checks the shape while values come in.
#[derive(Default)]
struct Shape {
    values: Vec<f32>,
    /// Values in the row that is open.
    row: usize,
    /// Rows in the sequence that is open.
    rows: usize,
    sequences: usize,
    width: Option<usize>,
}

impl Shape {
    fn value(&mut self, word: &str) -> Result<(), String> {
        if word.contains("..") || word.contains('…') {
            return Err(
                "abbreviated by NumPy: `...` stands for values that are not in the file; \
                 print with np.set_printoptions(threshold=sys.maxsize)"
                    .into(),
            );
        }
        let value = word.parse().map_err(|_| {
            let shown: String = word.chars().take(20).collect();
            format!("{shown:?} is no number, {}", self.place())
        })?;
        self.values.push(value);
        self.row += 1;
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), String> {
        let width = *self.width.get_or_insert(self.row);
        if self.row != width {
            let reason = format!("{} values, the first row has {width}", self.row);
            return Err(format!("{reason}, {}", self.place()));
        }
        (self.row, self.rows) = (0, self.rows + 1);
        Ok(())
    }

    fn end_sequence(&mut self) -> Result<(), String> {
        if self.rows != STATISTICS {
            return Err(format!(
                "sequence {} has {} rows, expected 4 (top1, top2, top3, median)",
                self.sequences, self.rows
            ));
        }
        (self.rows, self.sequences) = (0, self.sequences + 1);
        Ok(())
    }

    fn place(&self) -> String {
        format!("in row {} of sequence {}", self.rows, self.sequences)
    }
}

const DEPTH: usize = 3;

fn brackets(text: &str, shape: &mut Shape) -> Result<(), String> {
    let mut depth = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '[' if depth == DEPTH => return Err("nested more than 3 deep".into()),
            '[' => depth += 1,
            ']' => {
                match depth {
                    DEPTH => shape.end_row()?,
                    2 => shape.end_sequence()?,
                    _ => {}
                }
                depth -= 1;
            }
            c if c == ',' || c.is_whitespace() => {}
            _ => {
                let end = rest.find(|c: char| "[],".contains(c) || c.is_whitespace());
                let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
                if depth != DEPTH && !word.starts_with("..") {
                    return Err(format!(
                        "values {depth} brackets deep, expected 3: sequences, statistics, layers"
                    ));
                }
                shape.value(word)?;
                rest = after;
                continue;
            }
        }
        rest = &rest[c.len_utf8()..];
        if depth == 0 {
            return ending(rest);
        }
    }
    Err("the text ends before its brackets close".into())
}

/// Nothing may follow but what `repr` puts there, such as `, dtype=float32)`.
fn ending(rest: &str) -> Result<(), String> {
    let rest = rest.trim().trim_start_matches(',').trim_start();
    let word = |c: char| c.is_ascii_alphanumeric() || "'=.".contains(c);
    let left = match rest.strip_prefix("dtype=") {
        Some(dtype) => dtype.trim_start_matches(word).trim_start(),
        None => rest,
    };
    match left {
        "" | ")" => Ok(()),
        _ => Err("there is text after the array".into()),
    }
}

fn lines(text: &str, shape: &mut Shape) -> Result<(), String> {
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words = line.split(|c: char| c == ',' || c.is_whitespace());
        for word in words.filter(|word| !word.is_empty()) {
            shape.value(word)?;
        }
        shape.end_row()?;
        if shape.rows == STATISTICS {
            shape.end_sequence()?;
        }
    }
    match shape.rows {
        0 => Ok(()),
        _ => shape.end_sequence(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_numpy_prints_is_read() {
        let expected = Array {
            layers: 2,
            values: vec![1.0, 2e10, 3.0, 4.0, 5.0, 6.0, 0.125, f32::INFINITY],
        };
        for text in [
            "[[[1. 2.e+10]\n  [3. 4.]\n  [5. 6.]\n  [1.25e-01 inf]]]\n",
            "array([[[1., 2.e+10],\n        [3., 4.],\n [5., 6.], [0.125, inf]]], dtype=float32)",
            "# shape (1, 4, 2)\n1.0 2e10\n3 4\n5.0 6.0\n1.25e-1 inf\n",
        ] {
            assert_eq!(parse(text), Ok(expected.clone_of()), "{text}");
        }
        assert!(parse("[[[1] [2] [3] [nan]]]").unwrap().values[3].is_nan());
    }

    impl Array {
        fn clone_of(&self) -> Self {
            Self {
                values: self.values.clone(),
                ..*self
            }
        }
    }

    #[test]
    fn what_is_no_such_array_is_told() {
        for (text, reason) in [
            ("", "no values"),
            ("[]", "no values"),
            ("[[[] [] [] []]]", "no values"),
            ("[[1 2] [3 4]]", "2 brackets deep"),
            ("[[[[1]]]]", "more than 3 deep"),
            (
                "[[[1 2] [3] [4 5] [6 7]]]",
                "1 values, the first row has 2, in row 1 of sequence 0",
            ),
            ("[[[1] [2] [3]]]", "3 rows, expected 4"),
            ("[[[1] [2] [3] [4]] [[1]]]", "sequence 1 has 1 rows"),
            (
                "[[[1 ... 2] [3 ... 4] [5 ... 6] [7 ... 8]]]",
                "abbreviated by NumPy",
            ),
            (
                "[[[1] [2] [3] [4]]\n\n ...\n\n [[1] [2] [3] [4]]]",
                "abbreviated by NumPy",
            ),
            ("[[[1] [2] [3] [x4]]]", "\"x4\" is no number"),
            ("[[[1] [2] [3]", "before its brackets close"),
            ("[[[1] [2] [3] [4]]] [[[1]]]", "after the array"),
            ("]", "is no number"),
            ("1 2\n3 4\n5 6\n", "3 rows"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
