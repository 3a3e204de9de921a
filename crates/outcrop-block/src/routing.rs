use std::ops::Range;

/// Which experts the tokens of one sequence passed in one block.
#[derive(Clone, Copy, Debug)]
pub struct Routing<'a> {
    experts: usize,
    probabilities: &'a [f32],
    choices: &'a [u32],
}

impl<'a> Routing<'a> {
    /// How many experts there are.
    pub fn experts(&self) -> usize {
        self.experts
    }

    /// Number of tokens of the sequence.
    pub fn tokens(&self) -> usize {
        self.probabilities.len() / self.experts
    }

    /// What the router gave each expert, [tokens, experts] by rows: softmax over all experts, 0 to 1.
    pub fn probabilities(&self) -> &'a [f32] {
        self.probabilities
    }

    /// The experts that each token passed, from 0, [tokens, chosen] by rows, the one with the largest probability first.
    pub fn choices(&self) -> &'a [u32] {
        self.choices
    }
}

/// The routing of all rows of a group.
#[derive(Debug, Default)]
pub(crate) struct Routings {
    experts: usize,
    chosen: usize,
    probabilities: Vec<f32>,
    choices: Vec<u32>,
}

/// That of some of the rows, to be written.
#[derive(Debug)]
pub(crate) struct Routes<'a> {
    experts: usize,
    chosen: usize,
    probabilities: &'a mut [f32],
    choices: &'a mut [u32],
}

impl Routings {
    /// Makes room for so many rows.
    pub(crate) fn resize(&mut self, rows: usize, [experts, chosen]: [usize; 2]) {
        (self.experts, self.chosen) = (experts, chosen);
        self.probabilities.resize(rows * experts, 0.0);
        self.choices.resize(rows * chosen, 0);
    }

    /// Says that there are none.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// All of them, so many rows at a time.
    pub(crate) fn chunks(&mut self, rows: usize) -> impl Iterator<Item = Routes<'_>> {
        let (experts, chosen) = (self.experts, self.chosen);
        let probabilities = self.probabilities.chunks_mut((rows * experts).max(1));
        let choices = self.choices.chunks_mut((rows * chosen).max(1));
        let both = probabilities.zip(choices);
        both.map(move |(probabilities, choices)| Routes {
            experts,
            chosen,
            probabilities,
            choices,
        })
    }

    /// Those of some rows; none where there are no experts.
    pub(crate) fn of(&self, rows: Range<usize>) -> Option<Routing<'_>> {
        (self.experts > 0).then(|| Routing {
            experts: self.experts,
            probabilities: &self.probabilities[rows.start * self.experts..rows.end * self.experts],
            choices: &self.choices[rows.start * self.chosen..rows.end * self.chosen],
        })
    }
}

impl Routes<'_> {
    pub(crate) fn set(&mut self, row: usize, probabilities: &[f32], choices: &[u32]) {
        self.probabilities[row * self.experts..][..self.experts].copy_from_slice(probabilities);
        self.choices[row * self.chosen..][..self.chosen].copy_from_slice(choices);
    }
}
