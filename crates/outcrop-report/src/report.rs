use std::path::{Path, PathBuf};

use outcrop_core::{check_writable, write_atomic};

use crate::data::Data;
use crate::figures::{self, Figure};
use crate::{Format, Inputs, Result, explained, output, page, summary};

/// What [`write_report`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub html: PathBuf,
    /// The figures: for each an SVG, then a PNG.
    pub figures: Vec<PathBuf>,
    /// The same for print, as wide as a column or a page of a journal.
    pub print: Vec<PathBuf>,
}

/// The folders of a report, below its own, that hold figures: those for the screen, and those for print.
pub const FIGURE_FOLDERS: [&str; 2] = ["figures", "figures/print"];

/// Writes `report.html`, `figures/NAME.{svg,png}` and the same for print, `figures/print/NAME.{svg,png}`, into the folder
/// `out`, which is created if need be. Each file appears completely or not at all; files of an earlier report are replaced.
///
/// # Errors
/// [`Error::Write`](crate::Error::Write) with the path, [`Error::Draw`](crate::Error::Draw) with the
/// figure.
pub fn write_report(inputs: &Inputs, out: &Path) -> Result<Written> {
    write_report_with(inputs, out, &mut |_, _, _| {})
}

/// As [`write_report`]; `progress` is called with how many figures are done, of how many, and the name of
/// the one that comes next (the page comes last).
///
/// # Errors
/// As [`write_report`].
pub fn write_report_with(
    inputs: &Inputs,
    out: &Path,
    progress: &mut dyn FnMut(usize, usize, &str),
) -> Result<Written> {
    let [folder, for_print] = FIGURE_FOLDERS.map(|name| out.join(name));
    check_writable(&folder)?;
    check_writable(&for_print)?;
    let data = Data::new(inputs);
    let mut sections = figures::all(&data);
    let at = figures::OF_PAPER.min(sections.len());
    sections.splice(at..at, explained::sections(&data));
    let total = sections.iter().filter(|s| s.figure.is_ok()).count();
    let (mut files, mut print, mut drawn) = (Vec::new(), Vec::new(), Vec::new());
    for section in sections {
        let panels = match &section.figure {
            Err(_) => None,
            Ok(figure) => {
                progress(files.len() / 2, total, &section.name);
                files.extend(write_figure(figure, &section.name, &folder)?);
                print.extend(write_for_print(figure, &section.name, &for_print)?);
                Some(output::panels(&figure.sheet, &section.name)?)
            }
        };
        drawn.push((section, panels));
    }
    progress(total, total, "report.html");
    let html = out.join("report.html");
    let text = page::page(&data, &summary::of(&data), &drawn);
    write_atomic(&html, text.as_bytes())?;
    Ok(Written {
        html,
        figures: files,
        print,
    })
}

fn write_figure(figure: &Figure, name: &str, folder: &Path) -> Result<[PathBuf; 2]> {
    let svg = output::svg(&figure.sheet, name)?;
    let png = output::png(&figure.sheet, name)?;
    let svg_file = output::write(svg.as_bytes(), folder, name, Format::Svg)?;
    let png_file = output::write(&png, folder, name, Format::Png)?;
    Ok([svg_file, png_file])
}

fn write_for_print(figure: &Figure, name: &str, folder: &Path) -> Result<[PathBuf; 2]> {
    let (svg, png) = output::print(&figure.sheet, name)?;
    let svg_file = output::write(svg.as_bytes(), folder, name, Format::Svg)?;
    let png_file = output::write(&png, folder, name, Format::Png)?;
    Ok([svg_file, png_file])
}
