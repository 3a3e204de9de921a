//! Parameters in files: under the names and in the layout of a family.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use outcrop_arch::{ArchSpec, Family, Plan, TensorKind, TensorName, TensorRole};
use outcrop_checkpoint::{read_tensors_where, write_tensors};

use crate::parameters::Network;
use crate::stored::{from_file, to_file, turned, width};
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
        let shape = tensor.dims();
        let values = match weight.kind {
            TensorKind::Matrix => turned(&values, values.len() / shape[0].max(1)),
            TensorKind::Embedding
            | TensorKind::Bias
            | TensorKind::Gain
            | TensorKind::Shift
            | TensorKind::Alpha => values,
        };
        let loaded = Tensor::<D>::from_data(TensorData::new(values, shape), &tensor.device());
        loaded.set_require_grad(tensor.is_require_grad())
    }
}

/// Writes parameters as a file of a family, completely or not at all.
pub(crate) fn save(
    network: &Network,
    (spec, family): (&ArchSpec, &Family),
    path: &Path,
) -> Result<()> {
    let mut stored = gathered(network)?;
    let mut tensors = Vec::new();
    let names = named(spec, family)?;
    for (name, value) in family.constants(&names) {
        let (shape, data) = (Vec::new(), vec![value]);
        tensors.push(outcrop_checkpoint::Tensor { name, shape, data });
    }
    for name in names {
        let data = stored.take(&name);
        let data = data.unwrap_or_else(|| unreachable!("a family names the parts of the plan"));
        let data = to_file(&name, data);
        let TensorName { name, shape, .. } = name;
        let name = family.file_name(spec, &name);
        tensors.push(outcrop_checkpoint::Tensor { name, shape, data });
    }
    let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
    Ok(write_tensors(path, &tensors, &metadata)?)
}

/// Parameters as files have them, under their own names.
fn gathered(network: &Network) -> Result<Stored> {
    let mut stored = Stored::default();
    for parameter in network.all() {
        let name = &*parameter.name;
        let numbers = parameter.numbers()?;
        let numbers = numbers.as_slice();
        let values = match name.kind {
            TensorKind::Matrix => turned(numbers, name.shape.last().copied().unwrap_or_default()),
            TensorKind::Embedding
            | TensorKind::Bias
            | TensorKind::Gain
            | TensorKind::Shift
            | TensorKind::Alpha => numbers.to_vec(),
        };
        stored.add(name.clone(), Some(values));
    }
    Ok(stored)
}
