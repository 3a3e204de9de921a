//! A hook that measures, and measuring on another engine.

use outcrop_arch::{OUTCROP, Plan, TensorName};
use outcrop_core::{Detail, LayerStats, Measurement};
use outcrop_measure::{Meter, Routers, Sinks, received};

use crate::engine::{Engine, LayerWeights};
use crate::forward::{check, embed};
use crate::weights::Reader;
use crate::{AttentionWeights, Error, Hook, Published, Result, Routing, forward};

/// What is measured of a checkpoint.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Measured {
    /// One row for each (sequence, layer), in that order, with tokens in its detail.
    pub rows: Vec<Measurement>,
    /// Attention sinks, where they were asked for.
    pub sinks: Option<Sinks>,
    /// How many tokens each expert gets, by layer; empty for a model without experts.
    pub routers: Routers,
}

/// Measures the residual stream after every block: top 3 with places and tokens, lower median, RMS,
/// kurtosis, and the same without the first position; with `sinks` also how much attention each head
/// gives to the first position, which costs about as much again as the attention itself. Of a mixture of experts
/// it also counts the tokens of each expert. Rows carry `model` and `step`. Positions of an image are the class token (0),
/// the registers and the patches; the patches alone have tokens, and the statistics of later positions are theirs.
/// Registers of a model of text are not measured: position 0 is the first token; attention to the first position is that to
/// the first register. `observe` is called after each (layer, sequence).
///
/// ```
/// use outcrop_forward::{Published, measure};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/neox-parallel");
/// let model = Published::open(folder.as_ref())?;
/// let measured = measure(&model, &[vec![3, 1, 4, 1, 5]], ("tiny", 512), true, &mut |_, _| {})?;
/// assert_eq!(measured.rows.len(), model.arch().layers);
/// let rate = measured.sinks.and_then(|sinks| sinks.rate());
/// assert!(rate.is_some_and(|rate| (0.0..=1.0).contains(&rate)));
/// # Ok::<(), outcrop_forward::Error>(())
/// ```
///
/// # Errors
/// As [`forward`].
pub fn measure(
    model: &Published,
    sequences: &[Vec<u32>],
    of: (&str, u64),
    sinks: bool,
    observe: &mut dyn FnMut(usize, usize),
) -> Result<Measured> {
    measure_with(model, sequences, of, sinks, observe, &mut ())
}

/// As [`measure()`], and shows another hook the same pass, each time after the measurement: what that hook changes in the
/// residual stream is measured from the next block on.
///
/// # Errors
/// As [`forward`].
pub fn measure_with(
    model: &Published,
    sequences: &[Vec<u32>],
    (name, step): (&str, u64),
    sinks: bool,
    observe: &mut dyn FnMut(usize, usize),
    other: &mut impl Hook,
) -> Result<Measured> {
    let mut hook = Measuring {
        model,
        sequences,
        name,
        step,
        meter: Meter::new(),
        measured: Measured {
            rows: Vec::with_capacity(sequences.len() * model.arch().layers),
            sinks: sinks.then(Sinks::new),
            routers: Routers::new(),
        },
        weights: Vec::new(),
        failed: None,
        observe,
    };
    forward(model, sequences, &mut (&mut hook, other))?;
    let mut measured = match hook.failed {
        Some(error) => return Err(error.into()),
        None => hook.measured,
    };
    measured.rows.sort_by_key(|row| (row.sequence, row.layer));
    Ok(measured)
}

/// The row of what was found of a (layer, sequence).
fn row(
    model: &Published,
    sequences: &[Vec<u32>],
    (name, step): (&str, u64),
    (layer, sequence): (usize, usize),
    (stats, detail): (LayerStats, Detail),
) -> Measurement {
    let arch = model.arch();
    let leading = arch.leading() - arch.registers;
    let token = |position: u32| {
        let at = (position as usize).checked_sub(leading)?;
        sequences[sequence].get(at).copied()
    };
    Measurement {
        model: name.to_owned(),
        step,
        sequence: sequence as u32,
        layer: layer as u32,
        stats,
        detail: Detail {
            tokens: stats.top.map(|top| token(top?.place.position)),
            ..detail
        },
        suspect: None,
        stage: None,
    }
}

/// As [`measure()`] without sinks, computed and measured by `engine`. Sequences are embedded here; then the engine gets the
/// weights of one block after another. Those of the next block are read while it computes.
///
/// # Errors
/// As [`forward`]; [`Error::Engine`] for what the engine refuses or fails at.
pub fn measure_on(
    engine: &dyn Engine,
    model: &Published,
    sequences: &[Vec<u32>],
    of: (&str, u64),
    observe: &mut dyn FnMut(usize, usize),
) -> Result<Measured> {
    let arch = model.arch();
    check(arch, sequences, 1)?;
    engine.check(arch).map_err(Error::Engine)?;
    let names = OUTCROP.name_parts(&Plan::new(arch))?;
    let streams = embed(model, sequences)?;
    let d = arch.d_model;
    let each = streams.ranges.iter();
    let each: Vec<&[f32]> = each
        .map(|r| &streams.values[r.start * d..r.end * d])
        .collect();
    let mut pass = engine.begin(arch, &each).map_err(Error::Engine)?;
    drop(streams);
    let mut rows = Vec::with_capacity(sequences.len() * arch.layers);
    let mut next = read(model, &names, 1);
    for layer in 1..=arch.layers {
        let weights = std::mem::replace(&mut next, Ok(Vec::new()))?;
        let (computed, read) = rayon::join(
            || pass.block(layer, weights),
            || match layer < arch.layers {
                true => read(model, &names, layer + 1),
                false => Ok(Vec::new()),
            },
        );
        next = read;
        for (layer, sequence, stats, detail) in computed.map_err(Error::Engine)? {
            rows.push(row(
                model,
                sequences,
                of,
                (layer, sequence),
                (stats, detail),
            ));
            observe(layer, sequence);
        }
    }
    rows.sort_by_key(|row| (row.sequence, row.layer));
    Ok(Measured {
        rows,
        ..Measured::default()
    })
}

/// The weights of a block under the names of a plan.
fn read(model: &Published, names: &[TensorName], layer: usize) -> Result<LayerWeights> {
    let layer = Some(layer);
    let reader = Reader { model, layer };
    let of_block = names
        .iter()
        .filter(|name| name.layer == layer && name.required);
    of_block
        .map(|name| Ok((name.clone(), reader.named(name)?)))
        .collect()
}

struct Measuring<'a> {
    model: &'a Published,
    sequences: &'a [Vec<u32>],
    name: &'a str,
    step: u64,
    meter: Meter,
    measured: Measured,
    weights: Vec<f32>,
    failed: Option<outcrop_measure::Error>,
    observe: &'a mut dyn FnMut(usize, usize),
}

impl Hook for Measuring<'_> {
    fn residual(&mut self, layer: usize, sequence: usize, hidden: &mut [f32]) {
        let arch = self.model.arch();
        let (registers, d) = (arch.registers, arch.d_model);
        let leading = arch.leading() - registers;
        let hidden = &hidden[registers * d..];
        match self.meter.measure_detail_from(hidden, d, leading.max(1)) {
            Err(error) => self.failed = Some(error),
            Ok(found) => {
                let of = (self.name, self.step);
                let row = row(self.model, self.sequences, of, (layer, sequence), found);
                self.measured.rows.push(row);
            }
        }
        (self.observe)(layer, sequence);
    }

    fn routing(&mut self, layer: usize, _: usize, routing: &Routing<'_>) {
        let (choices, p) = (routing.choices(), routing.probabilities());
        let routers = &mut self.measured.routers;
        routers.add(layer as u32, routing.experts(), choices, p);
    }

    fn attention(&mut self, layer: usize, _: usize, attention: &AttentionWeights<'_>) {
        let Some(sinks) = &mut self.measured.sinks else {
            return;
        };
        for head in 0..attention.heads() {
            attention.weights(head, &mut self.weights);
            let alpha = received(&self.weights, attention.tokens());
            sinks.add(
                layer as u32,
                head as u32 + 1,
                alpha.first().copied().unwrap_or(0.0),
            );
        }
    }
}
