use super::Figure;
use crate::data::Data;
use crate::forest;

/// What each variant of the recipe does to each quantity.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let sheet = forest::sheet(&data.inputs.effects);
    Ok(Figure {
        caption: "Effects of variants of the recipe, paired over seeds with the baseline.".into(),
        reading: "A dot is the mean effect, its line the interval that holds together with those of all other \
                  variants of the panel. The dashed line is no effect. Look at ratio, loss and sink rate together: \
                  a peak that moved elsewhere, or a model that learned less, is no gain.",
        sheet: sheet.ok_or("no effect is finite")?,
    })
}
