//! A published checkpoint: its config, and where each tensor of the architecture is stored.

mod names;

use std::collections::BTreeMap;
use std::path::Path;

use outcrop_arch::{ArchSpec, Family, Plan, TensorName, TensorPart, TensorRole};
use outcrop_block::{Block, Columns, Loss, Start};
use outcrop_checkpoint::Weights;
use outcrop_core::read_huggingface;
use rayon::prelude::*;

use self::names::Matched;
use crate::{Error, Result, random_patch};

/// A published checkpoint: its config and its weights, which stay on the disk.
#[derive(Debug)]
pub struct Published {
    arch: ArchSpec,
    family: &'static Family,
    start: Start,
    /// The kinds of blocks, and which of them each layer is.
    blocks: Vec<Block>,
    kinds: Vec<usize>,
    /// What follows the blocks; none in a model of images.
    loss: Option<Loss>,
    weights: Weights,
    /// Where each tensor of the architecture is stored.
    places: Places,
    notes: Vec<String>,
}

/// Where tensors are stored, by layer, role, part and expert; or one after another the vectors that together are one.
type Places = BTreeMap<(Option<usize>, u8, u8, usize), StoredTensor>;

#[derive(Debug)]
pub(crate) struct StoredTensor {
    /// Name in the file.
    stored: String,
    pub(crate) tensor: TensorName,
}

impl StoredTensor {
    /// Its name in the file.
    pub(crate) fn stored(&self) -> &str {
        &self.stored
    }
}

impl Published {
    /// Opens a folder with `config.json` and weights, and makes sure that the weights are those of
    /// the architecture.
    ///
    /// # Errors
    /// [`Error::Core`] for a config that is unreadable or not supported, [`Error::Checkpoint`] for
    /// weights that cannot be read, [`Error::Tensors`] for missing, superfluous or misshaped ones.
    pub fn open(folder: &Path) -> Result<Self> {
        let found = read_huggingface(&folder.join("config.json"))?;
        Self::with_arch(found.arch, found.family, folder)
    }

    /// Opens a folder with weights of a known architecture, whose names and layout are those of
    /// `family`, and makes sure of that. What [`Published::open`] does after it has read the config;
    /// for models of ours that no such config describes.
    ///
    /// # Errors
    /// [`Error::Arch`] for an architecture that the family does not hold, [`Error::Block`] for one with a step
    /// that there is not here, else as [`Published::open`].
    pub fn with_arch(arch: ArchSpec, family: &'static Family, folder: &Path) -> Result<Self> {
        Self::with_weights(arch, family, Weights::open(folder)?)
    }

    /// As [`Published::with_arch`], of weights that are open.
    ///
    /// # Errors
    /// As [`Published::with_arch`].
    pub fn with_weights(arch: ArchSpec, family: &'static Family, weights: Weights) -> Result<Self> {
        let mut wanted = family.tensors(&arch)?;
        let plan = Plan::new(&arch);
        let blocks = plan.blocks.iter().map(|block| Block::new(&block.section));
        let blocks = blocks.collect::<outcrop_block::Result<Vec<_>>>()?;
        let mut matched = names::matched(family, &wanted, &weights)?;
        let stacked = family.stacked_tensors(&arch)?.unwrap_or_default();
        let mut stacks = stacked.iter().filter(|tensor| tensor.stack.is_some());
        if stacks.any(|tensor| matched.stored.contains_key(&tensor.name)) {
            wanted = stacked;
        }
        let places = placed(wanted, &weights, &mut matched);
        let mut model = Self {
            kinds: kinds(&plan),
            start: Start::new(&plan.start)?,
            loss: match arch.patches {
                None => Some(Loss::new(&plan.end)?),
                Some(_) => None,
            },
            blocks,
            arch,
            family,
            places,
            notes: weights.notes().to_vec(),
            weights,
        };
        matched.faults.extend(model.untied()?);
        if !matched.faults.is_empty() {
            return Err(Error::Tensors {
                path: model.weights.path().to_owned(),
                reason: matched.faults.join("; "),
            });
        }
        model.notes.append(&mut matched.notes);
        Ok(model)
    }

    /// What is wrong with an unembedding that is stored beside an embedding that it should be.
    fn untied(&self) -> Result<Option<String>> {
        let place = |role| self.place(None, role, TensorPart::Weight);
        let roles = [TensorRole::TokenEmbedding, TensorRole::Unembedding].map(place);
        let [Some(embedding), Some(head)] = roles else {
            return Ok(None);
        };
        if !self.arch.tied || self.weights.same(&embedding.stored, &head.stored)? {
            return Ok(None);
        }
        Ok(Some(format!(
            "`{}` and `{}` differ, though the config ties them; set `tie_word_embeddings` to false, \
             or take one out",
            embedding.stored, head.stored
        )))
    }

    /// Notes for the user on how the weights were found, as sentences without a full stop:
    /// prefixes that were taken off names, tensors that were left out.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Its architecture.
    pub fn arch(&self) -> &ArchSpec {
        &self.arch
    }

    /// Its family.
    pub fn family(&self) -> &'static Family {
        self.family
    }

    /// Its weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    fn place(
        &self,
        layer: Option<usize>,
        role: TensorRole,
        part: TensorPart,
    ) -> Option<&StoredTensor> {
        self.places.get(&(layer, role as u8, part as u8, 0))
    }

    /// The tensor that has a part of an expert: its own, or that of all.
    pub(crate) fn expert(
        &self,
        layer: Option<usize>,
        role: TensorRole,
        part: TensorPart,
        expert: usize,
    ) -> Result<&StoredTensor> {
        let own = (layer, role as u8, part as u8, expert);
        let own = self
            .places
            .get(&own)
            .filter(|place| place.tensor.expert == Some(expert));
        let of_all = |role| {
            self.place(layer, role, part)
                .filter(|place| place.tensor.stack.is_some())
        };
        let found = own
            .or_else(|| of_all(role))
            .or_else(|| of_all(TensorRole::ExpertGateUp));
        found.ok_or_else(|| self.missing(&format!("{role:?} of expert {expert}")))
    }

    /// What a tensor has of one expert, as it is stored.
    pub(crate) fn read_expert(&self, place: &StoredTensor, expert: usize) -> Result<Vec<f32>> {
        let mut values = Vec::new();
        match place.tensor.stack {
            None => self.weights.read_f32(&place.stored, &mut values)?,
            Some(_) => {
                let rows = expert..expert + 1;
                self.weights
                    .read_rows_f32(&place.stored, rows, &mut values)?;
            }
        }
        Ok(values)
    }

    /// What is stored of a tensor of the architecture, in order.
    pub(crate) fn pieces(
        &self,
        layer: Option<usize>,
        role: TensorRole,
        part: TensorPart,
    ) -> impl Iterator<Item = &StoredTensor> {
        let key = |piece| (layer, role as u8, part as u8, piece);
        let pieces = self.places.range(key(0)..=key(usize::MAX));
        pieces.map(|(_, place)| place)
    }

    /// Block `layer`, from 1.
    pub(crate) fn block(&self, layer: usize) -> &Block {
        &self.blocks[self.kinds[layer - 1]]
    }

    /// What stands before the blocks.
    pub(crate) fn start(&self) -> &Start {
        &self.start
    }

    /// The vectors of positions from the first on; none where there are no such.
    pub(crate) fn positions(&self) -> Result<Vec<f32>> {
        let role = TensorRole::PositionEmbedding;
        let Some(place) = self.place(None, role, TensorPart::Weight) else {
            return Ok(Vec::new());
        };
        let rows = place.tensor.skipped..place.tensor.shape[0];
        let mut values = Vec::new();
        match place.tensor.spread {
            true => self.weights.read_f32(&place.stored, &mut values)?,
            false => (self.weights).read_rows_f32(&place.stored, rows, &mut values)?,
        }
        Ok(values)
    }

    /// What follows the blocks.
    ///
    /// # Errors
    /// [`Error::Images`] for a model of images.
    pub(crate) fn loss(&self) -> Result<&Loss> {
        self.loss.as_ref().ok_or(Error::Images)
    }

    /// A tensor as f32, and whether it is stored as [in, out].
    pub(crate) fn read(
        &self,
        layer: Option<usize>,
        role: TensorRole,
        part: TensorPart,
    ) -> Result<(Vec<f32>, bool)> {
        let mut pieces = self.pieces(layer, role, part);
        let place = pieces.next();
        let place = place.ok_or_else(|| self.missing(&format!("{role:?}")))?;
        let mut values = Vec::new();
        self.weights.read_f32(&place.stored, &mut values)?;
        let mut more = Vec::new();
        for piece in pieces {
            self.weights.read_f32(&piece.stored, &mut more)?;
            values.append(&mut more);
        }
        if place.tensor.offset != 0.0 {
            values.iter_mut().for_each(|x| *x += place.tensor.offset);
        }
        Ok((values, place.tensor.transposed))
    }

    fn missing(&self, what: &str) -> Error {
        Error::Tensors {
            path: self.weights.path().to_owned(),
            reason: format!("the {what} is missing"),
        }
    }

    /// The name in the file of the unembedding, or of the embedding where they are tied.
    pub(crate) fn unembedding(&self) -> Result<&str> {
        let place = |role| self.place(None, role, TensorPart::Weight);
        let tied = || place(TensorRole::TokenEmbedding).filter(|_| self.arch.tied);
        let found = place(TensorRole::Unembedding).or_else(tied);
        found
            .map(|place| place.stored.as_str())
            .ok_or_else(|| self.missing("unembedding"))
    }

    /// The embedding's rows of `tokens`, which are in its range, one after another; of a model of images the patches that
    /// they name.
    pub(crate) fn embed(&self, tokens: &[u32]) -> Result<Vec<f32>> {
        if let Some(patches) = self.arch.patches {
            let rows = tokens.iter().map(|&id| random_patch(id, patches.numbers));
            return Ok(rows.collect::<Vec<_>>().concat());
        }
        let place = self.place(None, TensorRole::TokenEmbedding, TensorPart::Weight);
        let Some(place) = place else {
            return Ok(Vec::new());
        };
        let width = place.tensor.shape[1];
        let mut rows = vec![0.0; tokens.len() * width];
        let found = rows.par_chunks_exact_mut(width).zip(tokens);
        found.try_for_each_init(Vec::new, |row, (out, &token)| {
            let range = token as usize..token as usize + 1;
            self.weights.read_rows_f32(&place.stored, range, row)?;
            out.copy_from_slice(row);
            Ok::<_, Error>(())
        })?;
        Ok(rows)
    }
}

/// Where the tensors of an architecture are stored, by layer, role and part; what is missing, of
/// another shape or too much is a fault of `matched`.
fn placed(wanted: Vec<TensorName>, weights: &Weights, matched: &mut Matched) -> Places {
    let mut places = Places::new();
    let (mut missing, mut shapes) = (Vec::new(), Vec::new());
    let mut stored = std::mem::take(&mut matched.stored);
    for tensor in wanted {
        let Some(name) = stored.remove(&tensor.name) else {
            // measuring needs no unembedding, and files of the bare body have none
            if tensor.required && tensor.role != TensorRole::Unembedding {
                missing.push(tensor.name);
            }
            continue;
        };
        let shape = weights.get(&name).map(|info| info.shape.clone());
        let shape = shape.unwrap_or_default();
        if !tensor.fits(&shape) {
            let expected = &tensor.shape;
            shapes.push(format!(
                "`{name}` has shape {shape:?}, expected {expected:?}"
            ));
        }
        let expert = tensor.expert.unwrap_or(0);
        let mut key = (tensor.layer, tensor.role as u8, tensor.part as u8, expert);
        while tensor.expert.is_none() && places.contains_key(&key) {
            key.3 += 1; // another piece of the same
        }
        let stored = name;
        places.insert(key, StoredTensor { stored, tensor });
    }
    let superfluous: Vec<String> = stored.into_values().collect();
    matched.fault(&missing, ["is missing", "are missing"]);
    matched.shapes(shapes);
    matched.fault(
        &superfluous,
        [
            "is not of this architecture",
            "are not of this architecture",
        ],
    );
    if !missing.is_empty() && superfluous.is_empty() {
        matched.show(weights);
    }
    places
}

impl Published {
    /// The role under which the file has the part of that role and others in one matrix, if it does.
    pub(crate) fn fused(&self, layer: Option<usize>, role: TensorRole) -> Option<TensorRole> {
        let mut places = self.places.values().map(|place| &place.tensor);
        let holds = |tensor: &&TensorName| tensor.spans.iter().any(|span| span.role == role);
        let found = places.find(|tensor| tensor.layer == layer && holds(tensor))?;
        (found.role != role).then_some(found.role)
    }

    /// Which rows of the matrix of `role` some columns are, in the order of these.
    pub(crate) fn stored_rows(
        &self,
        layer: Option<usize>,
        role: TensorRole,
        columns: &[Columns],
    ) -> Vec<usize> {
        let place = self.place(layer, role, TensorPart::Weight);
        let mut rows: BTreeMap<(u8, usize), usize> = BTreeMap::new();
        for span in place.iter().flat_map(|place| &place.tensor.spans) {
            let outputs = span.first..span.first + span.rows;
            let first = rows.len();
            rows.extend(
                outputs
                    .zip(first..)
                    .map(|(o, row)| ((span.role as u8, o), row)),
            );
        }
        let columns = columns
            .iter()
            .flat_map(|c| c.outputs.clone().map(|o| (c.role as u8, o)));
        columns
            .filter_map(|column| rows.get(&column).copied())
            .collect()
    }
}

/// Which kind of block each layer is.
fn kinds(plan: &Plan) -> Vec<usize> {
    let kind = |layer| {
        let section = plan.block(layer);
        let same = |block: &outcrop_arch::BlockKind| std::ptr::eq(&block.section, section);
        plan.blocks.iter().position(same).unwrap_or(0)
    };
    (1..=plan.layers()).map(kind).collect()
}
