use outcrop_core::Trajectory;

use super::Figure;
use super::shared::{NO_FITS, RATIO};
use crate::chart::palette::OKABE_ITO;
use crate::chart::{Axis, Key, Mark, Panel, RGBColor, Sheet, Stroke, Symbol, shorten};
use crate::data::{Data, points};

/// Points and best fits of a shallow, a middle and a deep layer of the smallest and the largest
/// model.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let models = data.followed();
    let ends = match models.as_slice() {
        [first, .., last] => vec![*first, *last],
        other => other.to_vec(),
    };
    let mut panels = Vec::new();
    for model in ends {
        let all = data.trajectories_of(&model.name);
        let fitted = |t: &&Trajectory| data.best_fit(&t.model, t.layer).is_some();
        let all: Vec<_> = all.into_iter().filter(fitted).collect();
        let mut picked = vec![0, all.len() / 2, all.len().saturating_sub(1)];
        picked.dedup();
        let color = OKABE_ITO[0];
        let picked = picked.into_iter().filter_map(|i| all.get(i));
        panels.extend(picked.filter_map(|t| fit_panel(data, t, color)).map(|p| {
            let title = format!("{}, {}", shorten(model.name.clone(), 22), p.title);
            // what is measured is the same in all of them
            let legend = p.legend.into_iter().skip(1).collect();
            Panel { title, legend, ..p }
        }));
    }
    if panels.is_empty() {
        return Err(NO_FITS);
    }
    Ok(Figure {
        caption: "Measured ratios and the best fitted curve (lowest AICc) of a shallow, a middle \
                  and a deep layer of the smallest and the largest model."
            .into(),
        reading: "Each panel has a vertical axis of its own. R² says which part of the variation \
                  over training the curve explains.",
        sheet: Sheet {
            columns: 3,
            panel_size: (340, 290),
            legend: vec![Key::new("measured", OKABE_ITO[0], Symbol::Point)],
            panels,
        },
    })
}

/// The colour of fitted curves.
const CURVE: RGBColor = OKABE_ITO[1];

/// The points of a trajectory with its best fit; none where it has no fit.
pub(super) fn fit_panel(data: &Data, t: &Trajectory, color: RGBColor) -> Option<Panel> {
    let fit = data.best_fit(&t.model, t.layer)?;
    let (points, curve) = (points(t), data.curve(fit));
    let steps = points.iter().chain(&curve.points).map(|p| p.0);
    let x = Axis::steps(steps);
    let y = Axis::around(RATIO, points.iter().map(|p| p.1), curve.values());
    let curve_color = if color == CURVE { OKABE_ITO[0] } else { CURVE };
    let mut keys = vec![Key::new("measured", color, Symbol::Point)];
    if !curve.points.is_empty() {
        let r2 = fit
            .r2
            .map_or_else(String::new, |r2| format!(", R² {r2:.3}"));
        let label = format!("{}{r2}", fit.hypothesis);
        keys.push(Key::new(label, curve_color, Symbol::Line));
    }
    if !curve.bands.is_empty() {
        keys.push(Key::new("its band", curve_color, Symbol::Band));
    }
    let title = format!("layer {}", t.layer);
    let bands = curve.bands.into_iter();
    let mut marks: Vec<Mark> = bands.map(|b| Mark::Band(b, curve_color)).collect();
    marks.push(Mark::Points(points, color));
    marks.push(Mark::Line(curve.points, curve_color, Stroke::Solid));
    Some(Panel::new(title, x, y, marks).with_legend(keys))
}
