//! Tensors made of others: slices, rows in another order, parts joined.

use super::{Part, Source, Stored, View, count, span};

type Result<T, E = String> = std::result::Result<T, E>;

impl Stored {
    /// The same elements seen by a view of them, as a tensor of `shape`.
    pub(crate) fn seen(&self, view: View, shape: Vec<usize>) -> Result<Self> {
        let elements: usize = self.info.shape.iter().product();
        let reach = span(&view.shape, &view.strides).and_then(|span| span.checked_add(view.first));
        let fits = count(&view.shape).is_some_and(|made| Some(made) == count(&shape));
        if !fits || reach.is_none_or(|reach| reach > elements) {
            let has = &self.info.shape;
            return Err(format!(
                "has shape {has:?}, of which no {shape:?} can be made"
            ));
        }
        let mut made = self.clone();
        made.info.bytes = (view.elements() * self.info.dtype.size()) as u64;
        made.info.shape = shape;
        let as_it_is = view.first == 0 && view.strides == View::whole(&view.shape).strides;
        if !(as_it_is && view.elements() == elements) {
            made.source = Source::Strewn(Box::new(made.source), view);
        }
        Ok(made)
    }

    /// The same elements, read as a tensor of extents `shape` whose dimensions are taken in the `order`;
    /// its rows are then the first `rows` dimensions.
    pub(crate) fn reordered(&self, shape: &[usize], order: &[usize], rows: usize) -> Result<Self> {
        self.reshaped(shape.to_vec())?;
        let whole = View::whole(shape);
        let view = View {
            first: 0,
            shape: order.iter().map(|i| shape[*i]).collect(),
            strides: order.iter().map(|i| whole.strides[*i]).collect(),
        };
        let (first, rest) = view.shape.split_at(rows);
        let mut result = vec![first.iter().product()];
        if !rest.is_empty() {
            result.push(rest.iter().product());
        }
        self.seen(view, result)
    }

    /// A matrix with its dimensions exchanged.
    pub(crate) fn transposed(&self) -> Result<Self> {
        match self.info.shape[..] {
            [rows, columns] => self.reordered(&[rows, columns], &[1, 0], 1),
            _ => Err(format!(
                "has shape {:?}, which is no matrix",
                self.info.shape
            )),
        }
    }

    /// Rows of a head that were stored in pairs of channels that are rotated together (0, d/2, 1, d/2 + 1,
    /// ...), in the order of transformers: first halves, then second halves.
    pub(crate) fn unpaired(&self, heads: usize) -> Result<Self> {
        let (rows, rest) = self.split_rows()?;
        let pair = heads.checked_mul(2).filter(|pair| *pair > 0);
        if pair.is_none_or(|pair| rows % pair != 0) {
            return Err(format!("has {rows} rows, no pairs of {heads} heads"));
        }
        let shape = [heads, rows / heads / 2, 2, rest];
        let made = self.reordered(&shape, &[0, 2, 1, 3], 3)?;
        made.reshaped(self.info.shape.clone())
    }

    /// Rows, and elements of one.
    fn split_rows(&self) -> Result<(usize, usize)> {
        let (rows, rest) = self.info.shape.split_first().ok_or("is a single number")?;
        Ok((*rows, rest.iter().product()))
    }

    /// The same elements in another shape.
    pub(crate) fn reshaped(&self, shape: Vec<usize>) -> Result<Self> {
        let mut made = self.clone();
        if count(&shape) != count(&made.info.shape) {
            return Err(format!(
                "has shape {:?}, expected {shape:?}",
                self.info.shape
            ));
        }
        made.info.shape = shape;
        Ok(made)
    }

    /// One of several pieces that follow one another in each of `groups` groups of rows: `sizes` are rows of
    /// each piece in a group.
    pub(crate) fn cut(&self, groups: usize, sizes: &[usize], which: usize) -> Result<Self> {
        let (rows, rest) = self.split_rows()?;
        let group = sizes.iter().try_fold(0usize, |sum, n| sum.checked_add(*n));
        let Some(group) = group.filter(|group| group.checked_mul(groups) == Some(rows)) else {
            return Err(format!("has {rows} rows, not {groups} times {sizes:?}"));
        };
        let view = View {
            first: sizes[..which].iter().sum::<usize>() * rest,
            shape: vec![groups, sizes[which], rest],
            strides: vec![group * rest, rest, 1],
        };
        let mut shape = self.info.shape.clone();
        shape[0] = groups * sizes[which];
        self.seen(view, shape)
    }

    /// Tensors one behind another along a dimension.
    pub(crate) fn joined(parts: &[Self], dimension: usize) -> Result<Self> {
        let first = parts.first().ok_or("has no parts")?;
        let mut shape = first.info.shape.clone();
        if dimension >= shape.len() {
            return Err(format!(
                "has shape {shape:?}, which has no dimension {dimension}"
            ));
        }
        let (mut at, mut bytes, mut made) = (0usize, 0u64, Vec::new());
        for part in parts {
            let mut like = part.info.shape.clone();
            let fits = like.len() == shape.len() && part.info.dtype == first.info.dtype;
            if fits {
                like[dimension] = shape[dimension];
            }
            if like != first.info.shape {
                let (one, other) = (&first.info.shape, &part.info.shape);
                return Err(format!("has parts of the shapes {one:?} and {other:?}"));
            }
            let mut offsets = vec![0; shape.len()];
            offsets[dimension] = at;
            at = at
                .checked_add(part.info.shape[dimension])
                .ok_or("is too long")?;
            bytes = bytes.checked_add(part.info.bytes).ok_or("is too long")?;
            made.push(Part {
                offsets,
                shape: part.info.shape.clone(),
                source: part.source.clone(),
            });
        }
        shape[dimension] = at;
        let mut whole = first.clone();
        whole.info.bytes = bytes;
        whole.source = Source::Joined {
            shape: shape.clone(),
            parts: made,
        };
        whole.info.shape = shape;
        Ok(whole)
    }
}
