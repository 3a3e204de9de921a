use std::collections::BTreeSet;

use super::Table;

impl Table {
    /// The same table with the corpora of models, each (model, corpus). Models of other names are passed over.
    ///
    /// Where every model has a corpus, and there are several, [`evaluate`](crate::evaluate) also leaves out each corpus
    /// in turn.
    #[must_use]
    pub fn with_corpora(mut self, corpora: &[(String, String)]) -> Self {
        for (model, corpus) in corpora {
            if let Some(place) = self.models.iter().position(|m| m.model == *model) {
                self.corpora[place].clone_from(corpus);
            }
        }
        self
    }

    /// The corpora, in order; none unless every model has one and there are several.
    pub(crate) fn corpora(&self) -> BTreeSet<&str> {
        let found: BTreeSet<&str> = self.corpora.iter().map(String::as_str).collect();
        match found.contains("") || found.len() < 2 {
            true => BTreeSet::new(),
            false => found,
        }
    }

    /// The corpus of the model of a row; empty where not known.
    pub(crate) fn corpus(&self, row: usize) -> &str {
        &self.corpora[self.rows[row].model]
    }
}
