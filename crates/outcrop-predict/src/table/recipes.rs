use std::collections::BTreeSet;

use super::{Table, features};
use crate::Recipe;

impl Table {
    /// The same table with the recipes of models, each (model, recipe). Models of other names are passed over.
    ///
    /// Features of corpus and recipe ([`Feature::RECIPE`](crate::Feature::RECIPE)) are learned from where every model of the
    /// training rows has a recipe. Where there are several corpora, [`evaluate`](crate::evaluate) also leaves out each in turn.
    #[must_use]
    pub fn with_recipes(mut self, recipes: &[(String, Recipe)]) -> Self {
        for (model, recipe) in recipes {
            let Some(place) = self.models.iter().position(|m| m.model == *model) else {
                continue;
            };
            for row in self.rows.iter_mut().filter(|row| row.model == place) {
                row.features = features(&self.models[place].arch, Some(recipe), row.layer);
            }
            self.recipes[place] = Some(recipe.clone());
        }
        self
    }

    /// Does every model have a recipe, and do they differ?
    pub fn recipes_differ(&self) -> bool {
        self.known_recipes().len() > 1
    }

    /// The corpora, in order; none unless every model has one and there are several.
    pub(crate) fn corpora(&self) -> BTreeSet<&str> {
        let corpora = self.recipes.iter();
        let corpora = corpora.map(|recipe| Some(recipe.as_ref()?.corpus.as_str()));
        let found: Option<BTreeSet<&str>> = corpora.collect();
        found.filter(|found| found.len() > 1).unwrap_or_default()
    }

    /// The corpus of the model of a row; empty where not known.
    pub(crate) fn corpus(&self, row: usize) -> &str {
        self.recipe(row).map_or("", |recipe| &recipe.corpus)
    }

    pub(crate) fn recipes(&self) -> &[Option<Recipe>] {
        &self.recipes
    }

    /// How the model of this name was trained, where that is known.
    pub(crate) fn recipe_of(&self, model: &str) -> Option<&Recipe> {
        let place = self.models.iter().position(|named| named.model == model)?;
        self.recipes[place].as_ref()
    }

    /// How the model of a row was trained, where that is known.
    pub(crate) fn recipe(&self, row: usize) -> Option<&Recipe> {
        self.recipes[self.rows[row].model].as_ref()
    }

    /// The different recipes, each with the number of its models, the most frequent first; none unless every model has one.
    pub(crate) fn known_recipes(&self) -> Vec<(Recipe, usize)> {
        let mut found: Vec<(Recipe, usize)> = Vec::new();
        for recipe in &self.recipes {
            let Some(recipe) = recipe else {
                return Vec::new();
            };
            match found.iter_mut().find(|(known, _)| known == recipe) {
                Some((_, count)) => *count += 1,
                None => found.push((recipe.clone(), 1)),
            }
        }
        found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        found
    }
}
