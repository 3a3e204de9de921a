//! Whole models of the table, from token ids to gradients, against PyTorch in float64: start, blocks and loss of this crate,
//! and the plain sums in f64 with which its gradients are compared. `--nocapture` shows how far each is away.

mod parts;
mod reference;

use architectures::{Case, Expected, Parts, SEQUENCES, Summary, pytorch, table, tokens, weights};
use outcrop_arch::{ArchSpec, Plan};
use outcrop_block::{Block, Loss, Start};
use parts::f64s;

/// The loss, the residual stream after each block, and gradients by part.
struct Computed {
    loss: f64,
    hidden: Vec<Vec<f64>>,
    gradients: Parts,
}

/// Ids that are read and ids that are asked for, [sequences, positions] each.
fn batch(arch: &ArchSpec) -> [Vec<usize>; 2] {
    let tokens = tokens(arch);
    let rows = |from: usize| {
        let rows = tokens.chunks(arch.context + 1);
        let ids = rows.flat_map(|row| &row[from..][..arch.context]);
        ids.map(|id| *id as usize).collect()
    };
    [rows(0), rows(1)]
}

/// What the first block gets, as plain sums.
fn embedded(arch: &ArchSpec, parts: &Parts, ids: &[usize]) -> Vec<f64> {
    let width = arch.embedding_dim.unwrap_or(arch.d_model);
    let table = &parts["TokenEmbedding.Embedding"];
    let rows = ids
        .iter()
        .flat_map(|id| f64s(&table[id * width..][..width]));
    let section = Plan::new(arch).start;
    let weights = parts::of_section(&section, None, parts);
    reference::run(&section, &weights, &rows.collect::<Vec<_>>(), arch.context)
}

fn ours(arch: &ArchSpec) -> Computed {
    let (plan, all, [ids, targets]) = (Plan::new(arch), weights(arch), batch(arch));
    let start = Start::new(&plan.start).expect("a start");
    let positions = arch.leading() + arch.context;
    let [tables, given] = [start.tables(), start.inputs()].map(|i| parts::gather(i, None, &all));
    let [tables, weights] = [&tables, &given].map(|list| list.iter().map(Vec::as_slice).collect());
    let (tables, weights): (Vec<&[f32]>, Vec<&[f32]>) = (tables, weights);
    let (x, tape) = start.forward(&tables, &weights, &ids, arch.context);
    let mut states = vec![x];
    let mut passes = Vec::new();
    for layer in 1..=plan.layers() {
        let block = Block::new(plan.block(layer)).expect("a block");
        let given = parts::gather(block.inputs(), Some(layer), &all);
        let inputs: Vec<&[f32]> = given.iter().map(Vec::as_slice).collect();
        let (y, tape) = block.forward(&inputs, &states[layer - 1], positions, true, None);
        states.push(y);
        passes.push((block, given, tape.expect("it was asked for")));
    }
    let end = Loss::new(&plan.end).expect("an end");
    let given = parts::gather(end.inputs(), None, &all);
    let inputs: Vec<&[f32]> = given.iter().map(Vec::as_slice).collect();
    let (loss, back) = end.compute(&inputs, &states[plan.layers()], &targets, true);
    let (mut dx, of_end) = back.expect("they were asked for");
    let mut gradients = Parts::new();
    parts::scatter(end.inputs(), None, &of_end, &mut gradients);
    while let Some((block, given, tape)) = passes.pop() {
        let layer = passes.len() + 1;
        let inputs: Vec<&[f32]> = given.iter().map(Vec::as_slice).collect();
        let x = &states[layer - 1];
        let (before, of_block) = block.backward(&inputs, x, positions, &tape, &dx);
        parts::scatter(block.inputs(), Some(layer), &of_block, &mut gradients);
        dx = before;
    }
    let of_start = start.backward(&weights, &ids, arch.context, &tape, &dx);
    let inputs = [start.tables(), start.inputs()].concat();
    parts::scatter(&inputs, None, &of_start, &mut gradients);
    let hidden = states[1..].iter().map(|state| f64s(state)).collect();
    let loss = f64::from(loss);
    Computed {
        loss,
        hidden,
        gradients,
    }
}

/// As plain sums in f64; without gradients.
fn plain(arch: &ArchSpec) -> Computed {
    let (plan, all, [ids, targets]) = (Plan::new(arch), weights(arch), batch(arch));
    let mut x = embedded(arch, &all, &ids);
    let positions = arch.leading() + arch.context;
    let mut hidden = Vec::new();
    for layer in 1..=plan.layers() {
        let section = plan.block(layer);
        let weights = parts::of_section(section, Some(layer), &all);
        x = reference::run(section, &weights, &x, positions);
        hidden.push(x.clone());
    }
    let weights = parts::of_section(&plan.end, None, &all);
    let logits = reference::run(&plan.end, &weights, &x, positions);
    Computed {
        loss: reference::cross_entropy(&logits, &targets),
        hidden,
        gradients: Parts::new(),
    }
}

/// The largest distance of the loss and the states, and that of the gradients.
fn distances(computed: &Computed, exact: &Expected) -> [f64; 2] {
    assert_eq!(computed.hidden.len(), exact.hidden.len());
    let states = computed.hidden.iter().zip(&exact.hidden);
    let states = states.map(|(ours, exact)| Summary::of(ours).distance(exact, 0.0));
    let forward = states.fold((computed.loss - exact.loss).abs() / exact.loss, f64::max);
    // terms of the size of other gradients may cancel in one, as for biases of keys: their roundings do not
    let most = exact
        .gradients
        .values()
        .map(Summary::norm)
        .fold(0.0, f64::max);
    let of = |(name, ours): (&String, &Vec<f32>)| {
        let exact = exact
            .gradients
            .get(name)
            .unwrap_or_else(|| panic!("{name}"));
        Summary::of(&f64s(ours)).distance(exact, most / 100.0)
    };
    [
        forward,
        computed.gradients.iter().map(of).fold(0.0, f64::max),
    ]
}

#[test]
fn blocks_and_the_loss_are_those_of_pytorch() {
    let expected = pytorch();
    for Case { name, arch } in table() {
        let computed = ours(&arch);
        assert_eq!(
            computed.hidden[0].len(),
            SEQUENCES * (arch.leading() + arch.context) * arch.d_model
        );
        let parts = expected[&name].gradients.keys();
        assert!(computed.gradients.keys().eq(parts), "{name}");
        let [forward, backward] = distances(&computed, &expected[&name]);
        println!("{name}: {forward:.1e} forward, {backward:.1e} backward");
        assert!(
            forward < 1e-6 && backward < 1e-5,
            "{name}: {forward:.1e} {backward:.1e}"
        );
    }
}

/// What finite differences are taken of is what PyTorch computes.
#[test]
fn plain_sums_in_f64_are_those_of_pytorch() {
    let expected = pytorch();
    for Case { name, arch } in table() {
        let [forward, _] = distances(&plain(&arch), &expected[&name]);
        println!("{name}: {forward:.1e}");
        assert!(forward < 1e-11, "{name}: {forward:.1e}");
    }
}
