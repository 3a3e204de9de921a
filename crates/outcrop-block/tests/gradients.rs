//! Blocks of many architectures, forward and backward, against finite differences of plain sums in f64.

mod numbers;
mod reference;

use architectures::{cases, table};
use numbers::{f32s, numbers};
use outcrop_arch::{ArchSpec, NormPlacement, Plan, QkNorm, Section, Step, TensorKind};
use outcrop_block::{Block, HeadPart, Input, Loss, Start, Stream, Weight};
use outcrop_gemm::Packed;
use reference::attention::{How, row};
use reference::{Weights, cross_entropy, run};

/// Numbers of one input whose derivatives are compared.
const COMPARED: usize = 24;

/// The weights of the plan that inputs hold in their columns.
fn weights(inputs: &[Input], values: &[Vec<f64>]) -> Weights {
    let mut weights = Weights::new();
    for (input, values) in inputs.iter().zip(values) {
        if input.kind == TensorKind::Embedding {
            // a tied unembedding; rows of a table
            let kind = match input.shape.len() {
                1 => TensorKind::Embedding,
                _ => TensorKind::Matrix,
            };
            let key = (input.roles[0], kind);
            weights.insert(key, values.clone());
            continue;
        }
        let width = input.shape[input.shape.len() - 1];
        let places = input
            .columns
            .iter()
            .flat_map(|c| c.outputs.clone().map(|o| (c.role, o)));
        for (column, (role, output)) in places.enumerate() {
            let whole = weights.entry((role, input.kind)).or_default();
            let rows = values.len() / width;
            let end = (output + 1) * rows;
            whole.resize(whole.len().max(end), 0.0);
            for row in 0..rows {
                whole[output * rows + row] = values[row * width + column];
            }
        }
    }
    weights
}

/// (f(x + h) - f(x - h)) / 2h of some numbers of one of the inputs, with their places.
fn differences(
    given: &[Vec<f64>],
    which: usize,
    f: &dyn Fn(&[Vec<f64>]) -> f64,
) -> Vec<(usize, f64)> {
    let h = 1e-5;
    let mut moved = given.to_vec();
    let mut at = |i: usize, x: f64| {
        moved[which][i] = x;
        let value = f(&moved);
        moved[which][i] = given[which][i];
        value
    };
    let numbers = &given[which];
    let step = numbers.len().div_ceil(COMPARED);
    let slope = |i: usize| {
        (
            i,
            (at(i, numbers[i] + h) - at(i, numbers[i] - h)) / (2.0 * h),
        )
    };
    (0..numbers.len()).step_by(step).map(slope).collect()
}

fn assert_close(ours: &[f32], exact: &[(usize, f64)], what: &str) {
    let size = exact.iter().fold(0.0f64, |m, (_, x)| m.max(x.abs()));
    for (i, exact) in exact {
        let error = (f64::from(ours[*i]) - exact).abs();
        assert!(
            error < 2e-5 * (size + 0.1),
            "{what} {i}: {} {exact}",
            ours[*i]
        );
    }
}

fn check(name: &str, section: &Section, [sequences, tokens]: [usize; 2]) {
    let block = Block::new(section).expect(name);
    let rows = sequences * tokens;
    let counts = block
        .inputs()
        .iter()
        .map(|input| input.shape.iter().product());
    let counts: Vec<usize> = counts.chain([rows * block.d_model()]).collect();
    let scaled = |(i, n): (usize, &usize)| numbers(*n, i as u64 + 1);
    let mut given: Vec<Vec<f64>> = counts.iter().enumerate().map(scaled).collect();
    let x = given.len() - 1;
    let dy = numbers(counts[x], 50);
    let output = |given: &[Vec<f64>]| {
        run(
            section,
            &weights(block.inputs(), &given[..x]),
            &given[x],
            tokens,
        )
    };
    let value = |given: &[Vec<f64>]| {
        output(given)
            .iter()
            .zip(&dy)
            .map(|(y, w)| y * w)
            .sum::<f64>()
    };
    // gains that are near one
    for (input, values) in block.inputs().iter().zip(&mut given) {
        if input.kind == TensorKind::Gain {
            values.iter_mut().for_each(|gain| *gain = 1.0 + *gain / 4.0);
        }
    }
    let ours: Vec<Vec<f32>> = given.iter().map(|x| f32s(x)).collect();
    let inputs: Vec<&[f32]> = ours[..x].iter().map(Vec::as_slice).collect();
    let (y, tape) = block.forward(&inputs, &ours[x], tokens, true, None);
    let exact: Vec<(usize, f64)> = output(&given).into_iter().enumerate().collect();
    assert_close(&y, &exact, &format!("{name}: y"));
    let (without, _) = block.forward(&inputs, &ours[x], tokens, false, None);
    assert_eq!(y, without, "{name}: without a tape");
    let tape = tape.expect("it was asked for");
    let (dx, mut gradients) = block.backward(&inputs, &ours[x], tokens, &tape, &f32s(&dy));
    gradients.push(dx);
    for (i, gradient) in gradients.iter().enumerate() {
        let roles = block
            .inputs()
            .get(i)
            .map(|input| (&input.roles, input.kind));
        let what = format!("{name}: {roles:?}");
        assert_eq!(gradient.len(), counts[i], "{what}");
        assert_close(gradient, &differences(&given, i, &value), &what);
    }
}

#[test]
fn a_block_and_its_gradients_are_those_in_f64() {
    for case in cases() {
        for kind in Plan::new(&case.arch).blocks {
            check(&case.name, &kind.section, [2, 7]);
        }
    }
}

/// What observers get are the weights with which values are read.
#[test]
fn weights_of_attention_are_those_in_f64() {
    for case in cases() {
        let section = Plan::new(&case.arch).block(1).clone();
        let block = Block::new(&section).expect(&case.name);
        let counts = block
            .inputs()
            .iter()
            .map(|input| input.shape.iter().product());
        let filled = |(i, n)| numbers(n, i as u64 + 1);
        let given: Vec<Vec<f64>> = counts.enumerate().map(filled).collect();
        let ready = |(input, values): (&Input, &Vec<f64>)| match input.shape[..] {
            [k, n] => Weight::Matrix(vec![Packed::new(&f32s(values), k, n)]),
            _ => Weight::Vector(f32s(values)),
        };
        let packed: Vec<Weight> = block.inputs().iter().zip(&given).map(ready).collect();
        let mut x = f32s(&numbers(70 * block.d_model(), 50));
        let mut stream = Stream::default();
        stream.look(&block, &packed, &[70], &mut x);
        let (attention, known) = (stream.attention(0..70), weights(block.inputs(), &given));
        let attends = |step: &&Step| matches!(step, Step::Attend { .. });
        let step = section.steps.iter().find(attends).expect("attention");
        let (how, [_, _, d]) = How::new(step);
        for head in 0..attention.heads() {
            let kv = head * attention.kv_heads() / attention.heads();
            let (mut apart, mut ours) = (Vec::new(), Vec::new());
            attention.put_apart(&[HeadPart::Queries(head), HeadPart::Keys(kv)], &mut apart);
            attention.weights(head, &mut ours);
            let f64s = |part: usize| {
                apart[part * 70 * d..][..70 * d]
                    .iter()
                    .copied()
                    .map(f64::from)
            };
            let [q, k] = [0, 1].map(|part| f64s(part).collect::<Vec<_>>());
            let mut exact = vec![0.0; 70 * 70];
            for (position, query) in q.chunks(d).enumerate() {
                let key = |p: usize| &k[p * d..][..d];
                let (seen, all) = row(&how, &known, (query, position), [head, kv], key);
                let places = seen.map(|p| position * 70 + p);
                places
                    .zip(all)
                    .for_each(|(place, weight)| exact[place] = weight);
            }
            let exact: Vec<(usize, f64)> = exact.into_iter().enumerate().collect();
            assert_close(&ours, &exact, &format!("{}: weights", case.name));
        }
    }
}

/// More positions than a panel has columns, more rows than go through a block together.
#[test]
fn long_sequences_and_many_rows() {
    let long = table().into_iter().filter(|case| case.arch.context > 40);
    std::thread::scope(|scope| {
        for case in long {
            scope.spawn(move || {
                let rows = [8, case.arch.context];
                check(&case.name, Plan::new(&case.arch).block(1), rows);
            });
        }
    });
}

/// Norms with and without the mean taken off, gain and shift, also those that no switch has.
#[test]
fn norms_of_any_properties() {
    let peri = ArchSpec {
        norm_placement: NormPlacement::Peri,
        qk_norm: QkNorm::Head,
        ..table().swap_remove(0).arch
    };
    let section = Plan::new(&peri).block(1).clone();
    for properties in 0..8 {
        let has = |bit: u32| properties >> bit & 1 == 1;
        let mut section = section.clone();
        for step in &mut section.steps {
            if let Step::Norm { centred, .. } | Step::HeadNorm { centred, .. } = step {
                *centred = has(0);
            }
        }
        section.parts.retain(|part| match part.kind {
            TensorKind::Gain => has(1),
            TensorKind::Shift => has(2),
            TensorKind::Embedding | TensorKind::Matrix | TensorKind::Bias | TensorKind::Alpha => {
                true
            }
        });
        check(&format!("norms {properties:b}"), &section, [2, 5]);
    }
}

fn check_loss(name: &str, arch: &ArchSpec, rows: usize, z: f32) {
    let section = Plan::new(arch).end;
    let loss = Loss::new(&section).expect(name);
    let targets: Vec<usize> = (0..rows).map(|i| (i * 5) % arch.vocab).collect();
    let counts = loss
        .inputs()
        .iter()
        .map(|input| input.shape.iter().product());
    let tokens = arch.leading() + rows;
    let counts: Vec<usize> = counts.chain([tokens * arch.d_model]).collect();
    let filled = |(i, n): (usize, &usize)| numbers(*n, i as u64 + 20);
    let given: Vec<Vec<f64>> = counts.iter().enumerate().map(filled).collect();
    let x = given.len() - 1;
    let value = |given: &[Vec<f64>]| {
        let weights = weights(loss.inputs(), &given[..x]);
        let logits = run(&section, &weights, &given[x], tokens);
        let whole = |row: &[f64]| row.iter().map(|l| l.exp()).sum::<f64>().ln().powi(2);
        let squares = logits.chunks(arch.vocab).map(whole).sum::<f64>();
        [cross_entropy(&logits, &targets), squares / rows as f64]
    };
    let total = |given: &[Vec<f64>]| {
        let [nats, squares] = value(given);
        nats + f64::from(z) * squares
    };
    let ours: Vec<Vec<f32>> = given.iter().map(|x| f32s(x)).collect();
    let inputs: Vec<&[f32]> = ours[..x].iter().map(Vec::as_slice).collect();
    let (found, gradients) = loss.compute_with_z(&inputs, &ours[x], &targets, z, true);
    for (ours, exact) in found.into_iter().zip(value(&given)) {
        assert!(
            (f64::from(ours) - exact).abs() < 1e-6 * exact.max(1.0),
            "{name}"
        );
    }
    assert_eq!(loss.compute(&inputs, &ours[x], &targets, false).0, found[0]);
    let (dx, mut gradients) = gradients.expect("they were asked for");
    gradients.push(dx);
    for (i, gradient) in gradients.iter().enumerate() {
        let what = format!("{name}: input {i} of the loss");
        assert_close(gradient, &differences(&given, i, &total), &what);
    }
}

#[test]
fn a_loss_and_its_gradients_are_those_in_f64() {
    for case in cases() {
        for rows in [9, 300] {
            check_loss(&case.name, &case.arch, rows, 0.0);
        }
        check_loss(&case.name, &case.arch, 9, 0.25);
    }
}

fn check_start(name: &str, arch: &ArchSpec, [sequences, tokens]: [usize; 2]) {
    let section = Plan::new(arch).start;
    let start = Start::new(&section).expect(name);
    let ids: Vec<usize> = (0..sequences * tokens)
        .map(|i| (i * i + 3) % arch.vocab)
        .collect();
    let (tables, inputs) = (start.tables(), start.inputs());
    let counts = tables.iter().chain(inputs);
    let counts = counts.map(|input| input.shape.iter().product::<usize>());
    let filled = |(i, n)| numbers(n, i as u64 + 30);
    let given: Vec<Vec<f64>> = counts.enumerate().map(filled).collect();
    let output = |given: &[Vec<f64>]| {
        let (of_tables, of_inputs) = given.split_at(tables.len());
        let mut weights = weights(inputs, of_inputs);
        for (table, values) in tables.iter().zip(of_tables) {
            let used = tokens * table.shape[1];
            let used = &values[..used.min(values.len())];
            weights.insert((table.roles[0], table.kind), used.to_vec());
        }
        let width = tables[0].shape[1];
        let rows = ids
            .iter()
            .flat_map(|id| &of_tables[0][id * width..][..width]);
        let rows: Vec<f64> = rows.copied().collect();
        run(&section, &weights, &rows, tokens)
    };
    let dy = numbers(sequences * (arch.leading() + tokens) * arch.d_model, 50);
    let value = |given: &[Vec<f64>]| {
        let y = output(given);
        y.iter().zip(&dy).map(|(y, w)| y * w).sum::<f64>()
    };
    let ours: Vec<Vec<f32>> = given.iter().map(|x| f32s(x)).collect();
    let all: Vec<&[f32]> = ours.iter().map(Vec::as_slice).collect();
    let (of_tables, of_inputs) = all.split_at(tables.len());
    let (y, tape) = start.forward(of_tables, of_inputs, &ids, tokens);
    let exact: Vec<(usize, f64)> = output(&given).into_iter().enumerate().collect();
    assert_close(&y, &exact, &format!("{name}: start"));
    let gradients = start.backward(of_inputs, &ids, tokens, &tape, &f32s(&dy));
    for (i, gradient) in gradients.iter().enumerate() {
        let what = format!("{name}: input {i} of the start");
        assert_eq!(gradient.len(), given[i].len(), "{what}");
        assert_close(gradient, &differences(&given, i, &value), &what);
    }
}

#[test]
fn a_start_and_its_gradients_are_those_in_f64() {
    for case in cases() {
        let tokens = case.arch.context.min(9);
        check_start(&case.name, &case.arch, [3, tokens]);
        // more rows than go through a step together
        check_start(&case.name, &case.arch, [300 / tokens + 1, tokens]);
    }
}
