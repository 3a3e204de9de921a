//! What is shown of runs, as lines for any width.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::bar::NINE_LEVELS;
use ratatui::text::{Line, Span};

use super::state::{Layer, Phase, Shown, Watched};
use crate::cli::output::significant;

/// The least number of columns that a sparkline is worth.
const SPARK: usize = 8;

const HEAD: Style = Style::new().add_modifier(Modifier::BOLD);
const QUIET: Style = Style::new().fg(Color::DarkGray);
const LOSS: Style = Style::new().fg(Color::Yellow);
const RATIO: Style = Style::new().fg(Color::Cyan);
const PROBLEM: Style = Style::new().fg(Color::Red);

/// The lines as text without colours.
pub(super) fn text(runs: &[Watched], width: u16) -> String {
    let lines = lines(runs, width);
    let text = lines
        .iter()
        .map(|line| line.to_string().trim_end().to_owned());
    text.collect::<Vec<_>>().join("\n")
}

/// All lines of all runs, each at most `width` columns.
pub(super) fn lines(runs: &[Watched], width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let mut lines = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        if i > 0 {
            lines.push(Line::default());
        }
        lines.push(title(run, width));
        let shown = &run.shown;
        let words = shown
            .problem
            .iter()
            .flat_map(|problem| wrapped(problem, width));
        lines.extend(words.map(|words| Line::styled(words, PROBLEM)));
        lines.extend(progress(shown, width));
        lines.extend(losses(shown, width));
        lines.extend(layers(&shown.layers, width));
    }
    lines
}

fn title(run: &Watched, width: usize) -> Line<'static> {
    let shown = &run.shown;
    let phase = match shown.phase {
        Phase::Finished => "finished",
        Phase::Training => "training",
        Phase::Stopped => "not finished",
        Phase::Measured => "measured",
    };
    let (name, at) = (
        run.folder.display().to_string(),
        format!("step {}", shown.step),
    );
    let end = format!("  {phase}, {at}");
    let room = width.saturating_sub(end.chars().count());
    Line::from(vec![
        Span::styled(shortened(&name, room), HEAD),
        Span::raw(cut(&end, width)),
    ])
}

/// The bar, the speed and the time left of a run that is not finished.
fn progress(shown: &Shown, width: usize) -> Option<Line<'static>> {
    let steps = shown
        .steps
        .filter(|steps| *steps > 0 && shown.phase != Phase::Finished)?;
    let share = (shown.step as f64 / steps as f64).min(1.0);
    let mut words = format!(" {:>3.0} % of {steps} steps", 100.0 * share);
    if let Some(speed) = shown.speed {
        let left = (steps.saturating_sub(shown.step)) as f64 / speed;
        words += &format!(", {} steps/s, {} left", significant(speed), duration(left));
    }
    let room = width.saturating_sub(words.chars().count()).min(40);
    let full = (share * room as f64).round() as usize;
    let bar = match room {
        0..SPARK => String::new(),
        _ => "█".repeat(full) + &"░".repeat(room - full),
    };
    Some(Line::from(cut(&(bar + &words), width)))
}

/// Seconds as h:mm:ss.
fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours}:{minutes:02}:{:02}", seconds % 60)
}

fn losses(shown: &Shown, width: usize) -> Vec<Line<'static>> {
    let Some(last) = shown.losses.last() else {
        return Vec::new();
    };
    let numbers = [
        ("held-out loss", Some(last.held_out_loss)),
        ("training loss", last.loss),
        ("learning rate", last.learning_rate),
    ];
    let words = numbers
        .iter()
        .filter_map(|(name, x)| Some(format!("{name} {}", significant((*x)?))));
    let mut lines: Vec<Line<'_>> = fitted(words, width).into_iter().map(Line::from).collect();
    let curve: Vec<f64> = shown.losses.iter().map(|loss| loss.held_out_loss).collect();
    if width >= SPARK && curve.len() > 1 {
        lines.push(Line::styled(sparkline(&curve, width), LOSS));
    }
    lines
}

/// A table with a row for each layer: the last ratio, the largest with its step, all of them.
fn layers(layers: &[Layer], width: usize) -> Vec<Line<'static>> {
    if layers.is_empty() {
        return Vec::new();
    }
    let mut rows = vec![["layer", "ratio", "largest", "at step"].map(str::to_owned)];
    rows.extend(layers.iter().map(row));
    let widest = |c: usize| {
        rows.iter()
            .map(|row| row[c].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths = [0, 1, 2, 3].map(widest);
    let needed = |columns: usize| widths[..columns].iter().sum::<usize>() + 2 * (columns - 1);
    let columns = match width {
        w if w >= needed(4) + 2 + SPARK => 4,
        w if w >= needed(3) + 2 + SPARK => 3,
        _ => 2,
    };
    let room = width.saturating_sub(needed(columns) + 2);
    let line = |(i, row): (usize, &[String; 4])| {
        let cells = row.iter().zip(widths).take(columns);
        let cells: Vec<String> = cells.map(|(cell, w)| format!("{cell:>w$}")).collect();
        let cells = cut(&cells.join("  "), width);
        if i == 0 {
            return Line::styled(cells, QUIET);
        }
        let curve: Vec<f64> = layers[i - 1]
            .points
            .iter()
            .map(|(_, ratio)| *ratio)
            .collect();
        let spark = match room {
            0..SPARK => String::new(),
            _ => format!("  {}", sparkline(&curve, room)),
        };
        Line::from(vec![Span::raw(cells), Span::styled(spark, RATIO)])
    };
    rows.iter().enumerate().map(line).collect()
}

fn row(layer: &Layer) -> [String; 4] {
    let mut earliest = layer.points.iter().rev();
    let first = earliest.next();
    let largest = earliest.fold(first, |most, one| match most {
        Some(most) if most.1 > one.1 => Some(most),
        Some(_) | None => Some(one),
    });
    let number = |x: Option<f64>| x.map_or_else(|| "-".into(), significant);
    [
        layer.name.clone(),
        number(first.map(|(_, ratio)| *ratio)),
        number(largest.map(|(_, ratio)| *ratio)),
        largest.map_or_else(|| "-".into(), |(step, _)| step.to_string()),
    ]
}

/// Values as bars from the smallest to the largest, at most `width` of them: each is the mean of neighbours.
pub(super) fn sparkline(values: &[f64], width: usize) -> String {
    let count = values.len().min(width);
    let part = |i: usize| &values[i * values.len() / count..(i + 1) * values.len() / count];
    let means: Vec<f64> = (0..count).map(part).map(mean).collect();
    let finite = || means.iter().copied().filter(|x| x.is_finite());
    let (low, high) = (
        finite().fold(f64::INFINITY, f64::min),
        finite().fold(f64::NEG_INFINITY, f64::max),
    );
    let levels = [
        NINE_LEVELS.one_eighth,
        NINE_LEVELS.one_quarter,
        NINE_LEVELS.three_eighths,
        NINE_LEVELS.half,
        NINE_LEVELS.five_eighths,
        NINE_LEVELS.three_quarters,
        NINE_LEVELS.seven_eighths,
        NINE_LEVELS.full,
    ];
    let bar = |x: &f64| match x.is_finite() {
        false => "?",
        true if high > low => levels[((x - low) / (high - low) * 7.0).round() as usize],
        true => levels[0],
    };
    means.iter().map(bar).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Words in lines of at most `width` columns, two spaces between them.
fn fitted(words: impl Iterator<Item = String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + word.chars().count() <= width => {
                *line += &format!("  {word}");
            }
            Some(_) | None => lines.push(cut(&word, width)),
        }
    }
    lines
}

/// Text in lines of at most `width` columns.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters
        .chunks(width.max(1))
        .map(|line| line.iter().collect())
        .collect()
}

fn cut(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}

/// The end of a name that is too long, which says more than its beginning.
fn shortened(name: &str, width: usize) -> String {
    let letters = name.chars().count();
    match letters > width {
        false => name.to_owned(),
        true if width == 0 => String::new(),
        true => "…"
            .chars()
            .chain(name.chars().skip(letters + 1 - width))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_goes_from_the_smallest_to_the_largest() {
        assert_eq!(
            sparkline(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 20),
            "▁▂▃▄▅▆▇█"
        );
        assert_eq!(sparkline(&[0.0, 2.0, 6.0, 8.0], 2), "▁█");
        assert_eq!(sparkline(&[3.0, 3.0], 9), "▁▁");
        assert_eq!(sparkline(&[1.0, f64::NAN, 2.0], 9), "▁?█");
        assert_eq!(sparkline(&[], 9), "");
        assert_eq!(sparkline(&[1.0], 0), "");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let mut run = Watched::new("runs/a-name-that-is-rather-long".into());
        run.shown = Shown {
            phase: Phase::Training,
            step: 70,
            steps: Some(100),
            layers: vec![Layer {
                name: "12".into(),
                points: (0..50).map(|i| (i, (i * i) as f64)).collect(),
            }],
            speed: Some(2.5),
            problem: Some("failed to read a file".into()),
            ..Shown::default()
        };
        for width in 0..200 {
            for line in lines(std::slice::from_ref(&run), width) {
                assert!(line.width() <= usize::from(width).max(1), "{width}: {line}");
            }
        }
    }

    #[test]
    fn the_largest_ratio_is_the_first_of_equal_ones() {
        let layer = Layer {
            name: "1".into(),
            points: vec![(0, 1.0), (8, 5.0), (16, 5.0), (32, 2.0)],
        };
        assert_eq!(row(&layer), ["1", "2.000", "5.000", "8"]);
        assert_eq!(row(&Layer::default())[1..], ["-", "-", "-"]);
    }
}
