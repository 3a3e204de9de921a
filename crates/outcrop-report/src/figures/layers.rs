use super::Figure;
use super::shared::{
    NO_MEASUREMENTS, first_and_last, magnitude_axis, magnitude_keys, magnitude_panel,
};
use crate::chart::{Sheet, shorten};
use crate::data::{Data, Model};

/// Top-3 magnitudes and median per layer at the first and last step, for the smallest, the middle
/// and the largest model.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let measured = data.measured();
    let models = smallest_middle_largest(&measured);
    let mut profiles = Vec::new();
    for model in &models {
        let (first, last) = first_and_last(data, model).ok_or(NO_MEASUREMENTS)?;
        profiles.push((
            *model,
            "first",
            first,
            data.means.profile(&model.name, first),
        ));
        profiles.push((*model, "last", last, data.means.profile(&model.name, last)));
    }
    if profiles.is_empty() {
        return Err(NO_MEASUREMENTS);
    }
    profiles.sort_by_key(|p| p.1); // all first steps, then all last steps
    let y = magnitude_axis(profiles.iter().map(|p| p.3.as_slice()));
    let panels = profiles.iter().map(|(model, _, step, rows)| {
        let title = format!("{}, step {step}", shorten(model.name.clone(), 22));
        magnitude_panel(title, model.layers, rows, y.clone())
    });
    Ok(Figure {
        caption: "The three largest magnitudes and the median of every layer at the first (upper \
                  row) and the last measured step (lower row), for the smallest, the middle and \
                  the largest model."
            .into(),
        reading: "All panels share the vertical axis. The distance between the solid lines and \
                  the dashed median is what the ratio measures.",
        sheet: Sheet {
            columns: models.len(),
            panel_size: (340, 280),
            legend: magnitude_keys(),
            panels: panels.collect(),
        },
    })
}

fn smallest_middle_largest<'m>(models: &[&'m Model]) -> Vec<&'m Model> {
    match models {
        [] | [_] | [_, _] => models.to_vec(),
        [first, .., last] => vec![first, models[models.len() / 2], last],
    }
}
