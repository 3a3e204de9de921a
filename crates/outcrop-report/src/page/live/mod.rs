//! What the script of the page draws from: the tables in compact arrays, as JSON.

mod fits;
mod lines;
mod lists;
mod models;
mod pack;
mod times;

use outcrop_core::Trajectory;

use crate::data::Data;
use crate::page::json::object;

/// The data of the script. Every number is packed as [`pack`] says.
pub(super) fn data(data: &Data) -> String {
    let mut order: Vec<&Trajectory> = data.trajectories.iter().collect();
    let place = |t: &Trajectory| data.models.iter().position(|m| m.name == t.model);
    order.retain(|t| !t.ratios.is_empty());
    order.sort_by_cached_key(|t| (place(t), t.layer));
    let mut fields = vec![("models", models::models(data))];
    fields.extend(lines::fields(data, &order));
    fields.extend(fits::fields(data, &order));
    object(fields)
}
