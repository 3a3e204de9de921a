//! The view in the terminal.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use outcrop_core::Error as CoreError;
use ratatui::Terminal;
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::frame;
use super::keys::{Key, Keys};
use super::state::Watched;
use super::terminal::Screen;
use crate::Result;
use crate::cli::stop;

/// How long a key may wait.
const SOON: Duration = Duration::from_millis(100);

/// Shows the runs until `q` or Ctrl-C; looks at them again after each `pause`. The terminal is left as it was.
pub(super) fn show(runs: &mut [Watched], pause: Duration) -> Result<()> {
    let stop = stop::on_signal("")?;
    let failed = |e: std::io::Error| CoreError::io("write", "the terminal", e);
    let keys = Keys::open();
    let mut terminal = Terminal::new(Screen::open().map_err(failed)?).map_err(failed)?;
    let mut first = 0;
    let mut looked: Option<Instant> = None;
    while !stop.load(Ordering::Relaxed) {
        if looked.is_none_or(|at| at.elapsed() >= pause) {
            for run in runs.iter_mut() {
                run.look();
            }
            looked = Some(Instant::now());
        }
        let mut height = 0;
        let drawn = terminal.draw(|frame| {
            let area = frame.area();
            let lines = frame::lines(runs, area.width);
            height = usize::from(area.height).saturating_sub(1);
            first = first.min(lines.len().saturating_sub(height));
            let hidden = lines.len().saturating_sub(first + height);
            let mut page: Vec<Line<'_>> = lines.into_iter().skip(first).take(height).collect();
            page.resize(height, Line::default());
            page.push(footer(hidden));
            frame.render_widget(Paragraph::new(page), area);
        });
        drawn.map_err(failed)?;
        first = match keys.next(SOON) {
            Some(Key::Quit) => return Ok(()),
            Some(Key::Down) => first + 1,
            Some(Key::Up) => first.saturating_sub(1),
            Some(Key::PageDown) => first + height,
            Some(Key::PageUp) => first.saturating_sub(height),
            None => first,
        };
    }
    Ok(())
}

fn footer(hidden: usize) -> Line<'static> {
    let words = match hidden {
        0 => "q ends".to_owned(),
        _ => format!("q ends, arrows scroll: {hidden} more lines"),
    };
    Line::styled(words, Style::new().fg(Color::DarkGray))
}
