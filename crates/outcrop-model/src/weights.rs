//! Parameters in files: under the names and in the layout of a family.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use outcrop_arch::{ArchSpec, Family, Plan, TensorKind, TensorName, TensorRole};
use outcrop_checkpoint::{read_tensors_where, write_tensors};

use crate::stored::{from_file, to_file, width};
use crate::{Error, ParameterMap, Result};

/// A part of a plan: its layer, role and kind.
type Key = (Option<usize>, TensorRole, TensorKind);

/// Tensors as they are stored, [outputs, inputs], and where in them each row of each part of a plan stands.
#[derive(Default)]
struct Stored {
    names: Vec<TensorName>,
    values: Vec<Option<Vec<f32>>>,
    /// Tensor and row of each row.
    rows: HashMap<Key, Vec<(usize, usize)>>,
}

impl Stored {
    fn add(&mut self, name: TensorName, values: Option<Vec<f32>>) {
        let mut row = 0;
        for span in &name.spans {
            let rows = self.rows.entry((name.layer, span.role, name.kind));
            let places = (row..row + span.rows).map(|row| (self.names.len(), row));
            rows.or_default().extend(places);
            row += span.rows;
        }
        self.names.push(name);
        self.values.push(values);
    }

    /// The rows of another tensor of the same plan; none where one of them is not there.
    fn take(&mut self, wanted: &TensorName) -> Option<Vec<f32>> {
        let first = wanted.spans.first()?;
        let (tensor, _) = *self.row(wanted, first.role, first.first)?;
        if self.names[tensor].spans == wanted.spans {
            return self.values[tensor].take();
        }
        let width = width(wanted);
        let mut values = Vec::with_capacity(wanted.shape.iter().product());
        for span in &wanted.spans {
            for index in span.first..span.first + span.rows {
                let (tensor, row) = *self.row(wanted, span.role, index)?;
                let from = self.values[tensor].as_ref()?;
                values.extend_from_slice(&from[row * width..][..width]);
            }
        }
        Some(values)
    }

    fn row(&self, wanted: &TensorName, role: TensorRole, index: usize) -> Option<&(usize, usize)> {
        self.rows
            .get(&(wanted.layer, role, wanted.kind))?
            .get(index)
    }
}

/// The tensors of an architecture in files of a family.
fn named(spec: &ArchSpec, family: &Family) -> Result<Vec<TensorName>> {
    let names = family.name_parts(&Plan::new(spec))?;
    Ok(names.into_iter().filter(|name| name.required).collect())
}

/// Puts the tensors of a file in the place of parameters.
pub(crate) struct Load {
    stored: Stored,
    problems: Vec<String>,
}

impl Load {
    /// The tensors of a safetensors file of a family.
    pub(crate) fn open(spec: &ArchSpec, family: &Family, path: &Path) -> Result<Self> {
        let weight = |name: &str| family.standard_name(name).is_some();
        let given = read_tensors_where(path, weight)?.into_iter();
        let given = given.filter_map(|t| Some((family.standard_name(&t.name)?, t)));
        let mut given: BTreeMap<_, _> = given.collect();
        let mut load = Self {
            stored: Stored::default(),
            problems: Vec::new(),
        };
        for name in named(spec, family)? {
            let values = given.remove(&name.name);
            load.add(name, values);
        }
        if spec.tied {
            given.retain(|name, _| *name != format!("{}.weight", family.layout().head.name));
        }
        let superfluous = given.keys().map(|name| format!("`{name}` is superfluous"));
        load.problems.extend(superfluous);
        Ok(load)
    }

    fn add(&mut self, name: TensorName, given: Option<outcrop_checkpoint::Tensor>) {
        let problem = match given {
            None => "is missing".to_owned(),
            Some(given) if given.shape != name.shape => {
                format!("has shape {:?}, expected {:?}", given.shape, name.shape)
            }
            Some(given) => {
                let values = from_file(&name, given.data);
                return self.stored.add(name, Some(values));
            }
        };
        self.problems.push(format!("`{}` {problem}", name.name));
        self.stored.add(name, None);
    }

    /// Checks that every parameter got its tensor and every tensor its parameter.
    pub(crate) fn finish(self, path: &Path) -> Result<()> {
        match self.problems.is_empty() {
            true => Ok(()),
            false => Err(Error::Weights {
                path: path.to_owned(),
                problems: self.problems,
            }),
        }
    }
}

impl ParameterMap for Load {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let Some(values) = self.stored.take(weight) else {
            return tensor; // a problem that was noted
        };
        let mut shape = tensor.dims();
        if weight.kind == TensorKind::Matrix {
            shape.reverse(); // as files have it
        }
        let loaded = Tensor::<D>::from_data(TensorData::new(values, shape), &tensor.device());
        let loaded = match weight.kind {
            // Laid out afresh, so that a loaded matrix is as fast as a drawn one.
            TensorKind::Matrix => {
                let data = loaded.transpose().into_data();
                Tensor::from_data(data, &tensor.device())
            }
            TensorKind::Embedding
            | TensorKind::Bias
            | TensorKind::Gain
            | TensorKind::Shift
            | TensorKind::Alpha => loaded,
        };
        loaded.set_require_grad(tensor.is_require_grad())
    }
}

/// Gathers parameters.
#[derive(Default)]
pub(crate) struct Save {
    stored: Stored,
    failed: Option<Error>,
}

impl Save {
    /// Writes them as a file of a family, completely or not at all.
    pub(crate) fn write(mut self, spec: &ArchSpec, family: &Family, path: &Path) -> Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut tensors = Vec::new();
        let names = named(spec, family)?;
        for (name, value) in family.constants(&names) {
            let (shape, data) = (Vec::new(), vec![value]);
            tensors.push(outcrop_checkpoint::Tensor { name, shape, data });
        }
        for name in names {
            let data = self.stored.take(&name);
            let data = data.unwrap_or_else(|| unreachable!("a family names the parts of the plan"));
            let data = to_file(&name, data);
            let TensorName { name, shape, .. } = name;
            let name = family.file_name(spec, &name);
            tensors.push(outcrop_checkpoint::Tensor { name, shape, data });
        }
        let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        Ok(write_tensors(path, &tensors, &metadata)?)
    }
}

impl ParameterMap for Save {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let stored = match weight.kind {
            TensorKind::Matrix => tensor.clone().transpose(),
            TensorKind::Embedding
            | TensorKind::Bias
            | TensorKind::Gain
            | TensorKind::Shift
            | TensorKind::Alpha => tensor.clone(),
        };
        match stored.try_into_vec_as::<f32>() {
            Ok(values) => self.stored.add(weight.clone(), Some(values)),
            Err(e) => self.failed = Some(Error::Device(e.to_string())),
        }
        tensor
    }
}
