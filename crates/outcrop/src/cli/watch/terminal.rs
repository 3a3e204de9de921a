//! A terminal as ratatui draws on it, by the control sequences of ECMA-48.

use std::io::{Result, Stdout, Write, stdout};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

/// The second screen of the terminal, without a cursor; the first one comes back when it is dropped.
pub(super) struct Screen {
    out: Stdout,
    at: Position,
}

/// To the second screen, no cursor.
const OPEN: &str = "\x1b[?1049h\x1b[?25l";
/// Style, cursor and first screen as they were.
const CLOSE: &str = "\x1b[0m\x1b[?25h\x1b[?1049l";

impl Screen {
    pub(super) fn open() -> Result<Self> {
        let mut out = stdout();
        out.write_all(OPEN.as_bytes())?;
        let at = Position::default();
        Ok(Self { out, at })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // a terminal that is gone needs nothing
        let _ = self.out.write_all(CLOSE.as_bytes());
        let _ = self.out.flush();
    }
}

/// The number of a colour among the sixteen of a terminal, for its text.
fn colour(colour: Color) -> u8 {
    match colour {
        Color::Red => 31,
        Color::Yellow => 33,
        Color::Cyan => 36,
        Color::DarkGray => 90,
        _ => 39,
    }
}

impl Backend for Screen {
    type Error = std::io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> Result<()> {
        for (x, y, cell) in content {
            let bold = if cell.modifier.contains(Modifier::BOLD) {
                ";1"
            } else {
                ""
            };
            let place = format!("\x1b[{};{}H", y + 1, x + 1);
            write!(
                self.out,
                "{place}\x1b[0{bold};{}m{}",
                colour(cell.fg),
                cell.symbol()
            )?;
        }
        write!(self.out, "\x1b[0m")
    }

    fn hide_cursor(&mut self) -> Result<()> {
        write!(self.out, "\x1b[?25l")
    }

    fn show_cursor(&mut self) -> Result<()> {
        write!(self.out, "\x1b[?25h")
    }

    fn get_cursor_position(&mut self) -> Result<Position> {
        Ok(self.at)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<()> {
        self.at = position.into();
        write!(self.out, "\x1b[{};{}H", self.at.y + 1, self.at.x + 1)
    }

    fn clear(&mut self) -> Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> Result<()> {
        let sequence = match region {
            ClearType::All => "\x1b[2J",
            ClearType::AfterCursor => "\x1b[J",
            ClearType::BeforeCursor => "\x1b[1J",
            ClearType::CurrentLine => "\x1b[2K",
            ClearType::UntilNewLine => "\x1b[K",
        };
        write!(self.out, "{sequence}")
    }

    /// Rows and columns; 80 by 24 where the terminal does not say.
    fn size(&self) -> Result<Size> {
        let size = console::Term::stdout().size_checked();
        let (rows, columns) = size.unwrap_or((24, super::WIDTH));
        Ok(Size::new(columns, rows))
    }

    fn window_size(&mut self) -> Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size()?,
            pixels: Size::default(),
        })
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}
