//! What shap and scikit-learn computed (tests/fixtures/explain.py).

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Fixture {
    pub(crate) x: Vec<Vec<f64>>,
    pub(crate) background: Vec<Vec<f64>>,
    pub(crate) rows: Vec<Vec<f64>>,
    pub(crate) weights: Vec<f64>,
    pub(crate) trees: Trees,
    pub(crate) linear_exact: Shares,
    pub(crate) trees_exact: Shares,
    pub(crate) trees_tree: Shares,
    pub(crate) dependence: Vec<Dependence>,
}

#[derive(Deserialize)]
pub(crate) struct Shares {
    pub(crate) base: Vec<f64>,
    pub(crate) shares: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
pub(crate) struct Dependence {
    pub(crate) column: usize,
    pub(crate) grid: Vec<f64>,
    pub(crate) average: Vec<f64>,
    pub(crate) individual: Vec<Vec<f64>>,
}

/// Added trees, as scikit-learn's gradient boosting keeps them.
#[derive(Deserialize)]
pub(crate) struct Trees {
    start: f64,
    rate: f64,
    trees: Vec<Tree>,
}

#[derive(Deserialize)]
struct Tree {
    /// Negative in leaves.
    feature: Vec<i64>,
    threshold: Vec<f64>,
    left: Vec<i64>,
    right: Vec<i64>,
    value: Vec<f64>,
}

/// A column, the threshold, and whether the way goes left.
type Step = (usize, f64, bool);

/// What a column must satisfy on the way to a leaf.
pub(crate) type Test = Box<dyn Fn(f64) -> bool>;

/// The tests on the way to a leaf, and what it adds.
pub(crate) type Leaf = (Vec<(usize, Test)>, f64);

impl Fixture {
    pub(crate) fn load() -> Self {
        serde_json::from_str(include_str!("../fixtures/explain.json")).unwrap()
    }
}

impl Trees {
    pub(crate) fn predict(&self, x: &[f64]) -> f64 {
        let values = self.trees.iter().map(|t| t.predict(x));
        self.start + self.rate * values.sum::<f64>()
    }

    pub(crate) fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        for tree in &self.trees {
            tree.walk(0, &mut Vec::new(), &mut |path, value| {
                let test = |(column, threshold, left): &Step| {
                    let (threshold, left) = (*threshold, *left);
                    let test: Test = Box::new(move |v| (v <= threshold) == left);
                    (*column, test)
                };
                leaves.push((path.iter().map(test).collect(), self.rate * value));
            });
        }
        leaves
    }
}

impl Tree {
    fn predict(&self, x: &[f64]) -> f64 {
        let mut node = 0;
        while self.feature[node] >= 0 {
            let left = x[self.feature[node] as usize] <= self.threshold[node];
            node = if left {
                self.left[node]
            } else {
                self.right[node]
            } as usize;
        }
        self.value[node]
    }

    fn walk(&self, node: usize, path: &mut Vec<Step>, leaf: &mut dyn FnMut(&[Step], f64)) {
        if self.feature[node] < 0 {
            return leaf(path, self.value[node]);
        }
        for (left, child) in [(true, self.left[node]), (false, self.right[node])] {
            path.push((self.feature[node] as usize, self.threshold[node], left));
            self.walk(child as usize, path, leaf);
            path.pop();
        }
    }
}
