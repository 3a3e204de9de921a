//! Closed cases: protocols whose weakness is known from the literature must be found, sound ones must hold.

use std::collections::BTreeSet;

use super::{DirEntry, Op, Rules, Tree, cut};
use crate::random::Random;

const SEEDS: u64 = 400;

fn place(name: &str) -> DirEntry {
    DirEntry {
        folder: 0,
        name: name.into(),
    }
}

fn name(name: &str, id: usize) -> Op {
    Op::Name {
        place: place(name),
        id,
        folder: false,
    }
}

fn write(id: usize, at: usize, bytes: &[u8]) -> Op {
    Op::Write {
        id,
        at,
        bytes: bytes.into(),
    }
}

fn rename(from: &str, to: &str) -> Op {
    Op::Rename {
        from: place(from),
        to: place(to),
    }
}

/// What a file may hold after a cut at any moment from `from` on; none where it has no name.
fn outcomes(
    start: &Tree,
    ops: &[Op],
    from: usize,
    rules: Rules,
    file: &str,
) -> BTreeSet<Option<Vec<u8>>> {
    let one = |seed| {
        let mut random = Random::new(seed);
        let at = from + random.up_to(ops.len() - from);
        let mut left = cut(start, &ops[..at], rules, &mut random).files();
        left.remove(file)
    };
    (0..SEEDS).map(one).collect()
}

fn some(contents: &[&[u8]]) -> BTreeSet<Option<Vec<u8>>> {
    contents.iter().map(|bytes| Some(bytes.to_vec())).collect()
}

/// A folder with a file `a` that says "old".
fn old() -> Tree {
    let mut tree = Tree::empty();
    tree.apply(&name("a", 1));
    tree.apply(&write(1, 0, b"old"));
    tree
}

#[test]
fn a_rename_without_fsync_may_leave_an_empty_file() {
    let ops = [name("t", 2), write(2, 0, b"new"), rename("t", "a")];
    for rules in [Rules::Strict, Rules::Ordered] {
        let found = outcomes(&old(), &ops, 0, rules, "a");
        assert!(
            found.is_superset(&some(&[b"old", b"", b"new"])),
            "{found:?}"
        );
    }
    let zeros = outcomes(&old(), &ops, 0, Rules::Strict, "a");
    assert!(zeros.contains(&Some(vec![0; 3])), "a size without its data");
    let ordered = outcomes(&old(), &ops, 0, Rules::Ordered, "a");
    assert!(!ordered.contains(&Some(vec![0; 3])));
}

#[test]
fn a_rename_after_fsync_leaves_the_old_or_the_new() {
    let sync = Op::Sync { id: 2 };
    let ops = [name("t", 2), write(2, 0, b"new"), sync, rename("t", "a")];
    for rules in [Rules::Strict, Rules::Ordered] {
        let found = outcomes(&old(), &ops, 0, rules, "a");
        assert_eq!(found, some(&[b"old", b"new"]), "{rules:?}");
    }
    let folder = [&ops[..], &[Op::Sync { id: 0 }]].concat();
    for rules in [Rules::Strict, Rules::Ordered] {
        let found = outcomes(&old(), &folder, folder.len(), rules, "a");
        assert_eq!(
            found,
            some(&[b"new"]),
            "{rules:?}: after fsync of the folder"
        );
    }
}

#[test]
fn a_new_name_is_durable_by_fsync_of_its_folder_alone_or_of_the_file_on_ext4() {
    let ops = [name("n", 2), write(2, 0, b"new"), Op::Sync { id: 2 }];
    let strict = outcomes(&old(), &ops, ops.len(), Rules::Strict, "n");
    assert_eq!(strict, [None, Some(b"new".to_vec())].into());
    let ordered = outcomes(&old(), &ops, ops.len(), Rules::Ordered, "n");
    assert_eq!(ordered, some(&[b"new"]));
}

/// A sync of the whole file system is one of every file and name, but not of what was done after it began.
#[test]
fn a_sync_of_all_is_of_what_was_done_before_it_began() {
    let ops = |before| {
        let begun = Op::SyncAll { before };
        [name("n", 2), write(2, 0, b"new"), begun, rename("n", "a")]
    };
    for rules in [Rules::Strict, Rules::Ordered] {
        let found = outcomes(&old(), &ops(2), 3, rules, "a");
        assert_eq!(found, some(&[b"old", b"new"]), "{rules:?}");
        let found = outcomes(&old(), &ops(1), 4, rules, "a");
        assert!(
            found.is_superset(&some(&[b"old", b"", b"new"])),
            "{rules:?}"
        );
    }
}

#[test]
fn an_overwrite_in_place_tears() {
    let (old_bytes, new) = (vec![b'o'; 8192], vec![b'n'; 8192]);
    let mut start = old();
    start.apply(&write(1, 0, &old_bytes));
    let torn = [vec![b'n'; 4096], vec![b'o'; 4096]].concat();
    let swapped = [vec![b'o'; 4096], vec![b'n'; 4096]].concat();
    let strict = outcomes(&start, &[write(1, 0, &new)], 1, Rules::Strict, "a");
    assert!(strict.is_superset(&some(&[&old_bytes, &new, &torn, &swapped])));
    let ordered = outcomes(&start, &[write(1, 0, &new)], 1, Rules::Ordered, "a");
    assert!(ordered.contains(&Some(torn)) && !ordered.contains(&Some(swapped)));
}

/// A state that is synced before the rows it speaks of.
#[test]
fn an_append_without_fsync_may_be_behind_a_state_that_was_synced_later() {
    let mut start = old();
    start.apply(&name("state", 2));
    let ops = [
        write(1, 3, b"+row"),
        write(2, 0, b"1 row"),
        Op::Sync { id: 2 },
    ];
    for rules in [Rules::Strict, Rules::Ordered] {
        let rows = outcomes(&start, &ops, ops.len(), rules, "a");
        assert!(rows.contains(&Some(b"old".to_vec())), "{rules:?}");
        let state = outcomes(&start, &ops, ops.len(), rules, "state");
        assert_eq!(state, some(&[b"1 row"]));
    }
    let sound = [&[ops[0].clone(), Op::Sync { id: 1 }], &ops[1..]].concat();
    for rules in [Rules::Strict, Rules::Ordered] {
        let rows = outcomes(&start, &sound, sound.len(), rules, "a");
        assert_eq!(rows, some(&[b"old+row"]), "{rules:?}");
    }
}

#[test]
fn two_renames_may_change_places_where_nothing_orders_them() {
    let mut start = old();
    start.apply(&name("b", 2));
    let ops = [rename("a", "c"), rename("b", "d")];
    let second_alone = |rules| {
        (0..SEEDS).any(|seed| {
            let left = cut(&start, &ops, rules, &mut Random::new(seed)).files();
            left.contains_key("a") && left.contains_key("d")
        })
    };
    assert!(second_alone(Rules::Strict) && !second_alone(Rules::Ordered));
}

/// The files of a folder that was renamed into place have names of their own to lose.
#[test]
fn a_folder_in_place_may_be_empty_until_it_was_synced_itself() {
    let folder = Op::Name {
        place: place("t"),
        id: 2,
        folder: true,
    };
    let mut inner = name("f", 3);
    if let Op::Name { place, .. } = &mut inner {
        place.folder = 2;
    }
    let [file, whole] = [3, 2].map(|id| Op::Sync { id });
    let ops = [
        folder,
        inner,
        write(3, 0, b"x"),
        file,
        rename("t", "a"),
        Op::Sync { id: 0 },
    ];
    let start = Tree::empty();
    let found = outcomes(&start, &ops, ops.len(), Rules::Strict, "a/f");
    assert_eq!(found, [None, Some(b"x".to_vec())].into());
    let mut sound = ops.to_vec();
    sound.insert(4, whole);
    let found = outcomes(&start, &sound, sound.len(), Rules::Strict, "a/f");
    assert_eq!(found, some(&[b"x"]));
}

#[test]
fn what_was_removed_and_not_synced_may_come_back() {
    let ops = [Op::Remove { place: place("a") }];
    for rules in [Rules::Strict, Rules::Ordered] {
        let found = outcomes(&old(), &ops, 1, rules, "a");
        assert_eq!(found, [None, Some(b"old".to_vec())].into(), "{rules:?}");
    }
}
