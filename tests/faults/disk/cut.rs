use super::tree::put;
use super::{Id, Op, Tree};
use crate::random::Random;

/// What outlasts a power cut beside what was synced itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    /// POSIX promises no more: names only by fsync of their folder, the rest in any order, blocks and sizes apart.
    Strict,
    /// ext4 with `data=ordered`: names in order, all of them by any fsync, and no size before its data.
    Ordered,
}

/// What may be on the disk after a power cut that came when `done` had been done to `start`.
pub(crate) fn cut(start: &Tree, done: &[Op], rules: Rules, random: &mut Random) -> Tree {
    let mut left = start.clone();
    done.iter().for_each(|op| left.hold(op));
    cut_names(&mut left, done, rules, random);
    for id in left.ids() {
        if let Some(content) = left.content(id) {
            let pending: Vec<&Op> = after_sync(done, id, content);
            match rules {
                Rules::Strict => scatter(content, &pending, random),
                Rules::Ordered => grow(content, &pending, random),
            }
        }
    }
    left
}

/// Does what changed names: all that is durable, and of the rest what the rules may leave.
fn cut_names(left: &mut Tree, done: &[Op], rules: Rules, random: &mut Random) {
    let synced = |folders: &[Id], from: usize| {
        done[from..].iter().any(|op| match (op, rules) {
            (Op::Sync { .. }, Rules::Ordered) => true,
            (Op::Sync { id }, Rules::Strict) => folders.contains(id),
            (Op::SyncAll { before }, _) => from < *before,
            _ => false,
        })
    };
    let in_order = rules == Rules::Ordered || random.coin();
    let chance = random.one_of(&[0.0, 0.5, 1.0]);
    let reached = random.up_to(done.len());
    for (place, op) in done.iter().enumerate() {
        let folders = op.folders();
        let kept = synced(&folders, place)
            || match in_order {
                true => place < reached,
                false => random.share() < chance,
            };
        if !folders.is_empty() && kept {
            left.apply(op);
        }
    }
}

/// Does what was synced of a file; returns what was not.
fn after_sync<'a>(done: &'a [Op], id: Id, content: &mut Vec<u8>) -> Vec<&'a Op> {
    let synced_by = |(place, op): (usize, &Op)| match op {
        Op::Sync { id: of } if *of == id => Some(place),
        Op::SyncAll { before } => Some(*before),
        _ => None,
    };
    let synced = done.iter().enumerate().filter_map(synced_by).max();
    let synced = synced.unwrap_or(0);
    let of_file = |op: &&Op| op.content_of() == Some(id);
    done[..synced]
        .iter()
        .filter(of_file)
        .for_each(|op| change(content, op));
    done[synced..].iter().filter(of_file).collect()
}

fn change(content: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Write { at, bytes, .. } => put(content, *at, bytes),
        Op::Resize { length, .. } => content.resize(*length, 0),
        _ => {}
    }
}

/// Some of the changes in order, and of the next one some blocks from its start.
fn grow(content: &mut Vec<u8>, pending: &[&Op], random: &mut Random) {
    let whole = random.up_to(pending.len());
    pending[..whole].iter().for_each(|op| change(content, op));
    if let Some(Op::Write { at, bytes, .. }) = pending.get(whole) {
        let block = random.one_of(&[512, 4096]);
        let end = (at + random.up_to(bytes.len())) / block * block;
        put(content, *at, &bytes[..end.saturating_sub(*at)]);
    }
}

/// Any of the blocks, and the length of any moment: zeros where a block is missing.
fn scatter(content: &mut Vec<u8>, pending: &[&Op], random: &mut Random) {
    let mut lengths = vec![content.len()];
    let mut straight = content.clone();
    for op in pending {
        change(&mut straight, op);
        lengths.push(straight.len());
    }
    let length = random.one_of(&lengths);
    let chance = random.one_of(&[0.0, 0.5, 1.0]);
    let block = random.one_of(&[512, 4096]);
    for op in pending {
        let Op::Write { at, bytes, .. } = op else {
            continue;
        };
        let mut from = *at;
        while from < at + bytes.len() {
            let end = ((from / block + 1) * block).min(at + bytes.len());
            if random.share() < chance {
                put(content, from, &bytes[from - at..end - at]);
            }
            from = end;
        }
    }
    content.resize(length, 0);
}
