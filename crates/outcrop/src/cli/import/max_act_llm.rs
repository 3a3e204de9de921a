//! Statistics of every layer in JSON, as Max_act_llm publishes them.

use outcrop_core::published::max_act_llm::{read, recognise};
use outcrop_core::table;

use super::{Args, Format, write_provenance};
use crate::Result;
use crate::cli::output::{count, print, say};

pub(super) const FORMAT: Format = Format {
    name: "max-act-llm",
    about: "MODEL_activation_stats.json and MODEL_top5_stats.json: moments and largest magnitudes of every place",
    source: "https://github.com/clx1415926/Max_act_llm",
    recognise,
    import,
};

fn import(args: &Args) -> Result<()> {
    let found = read(&args.dir, args.step)?;
    for key in &found.left_out {
        say(&format!(
            "note: {key} is left out: it is no place of a block here"
        ));
    }
    outcrop_core::check_writable(&args.out)?;
    table::write_rows(&args.out.join("observables.csv"), &found.observations)?;
    write_provenance(args, &FORMAT)?;
    let mut models: Vec<(&str, u64)> = Vec::new();
    for row in &found.observations {
        if !models.contains(&(row.model.as_str(), row.step)) {
            models.push((&row.model, row.step));
        }
    }
    print(&format!(
        "{} of {}, in {}",
        count(found.observations.len(), "number"),
        count(models.len(), "checkpoint"),
        args.out.join("observables.csv").display()
    ));
    Ok(())
}
