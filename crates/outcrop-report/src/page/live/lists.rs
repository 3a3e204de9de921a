//! Lists of numbers that many lines share, each written once.

use std::collections::HashMap;

use crate::page::json::{array, number};

/// Different lists in order of appearance.
#[derive(Default)]
pub(super) struct Lists {
    known: HashMap<Vec<u64>, usize>,
    lists: Vec<Vec<f64>>,
}

impl Lists {
    /// The index of `list`.
    pub(super) fn index(&mut self, list: Vec<f64>) -> usize {
        let bits = list.iter().map(|v| v.to_bits()).collect();
        *self.known.entry(bits).or_insert_with(|| {
            self.lists.push(list);
            self.lists.len() - 1
        })
    }

    pub(super) fn json(&self) -> String {
        array(
            self.lists
                .iter()
                .map(|list| array(list.iter().map(|v| number(*v)))),
        )
    }
}
