//! A plan's page: HTML with a picture of the tables, or Markdown for a change ticket.

use std::fmt::Write;

use super::plan_data::Room;
pub use super::plan_data::{Origin, PlanPage};
use super::{Assets, markdown, page};
use crate::forecast::Forecast;
use dbmocker_core::humanize;
use dbmocker_generate::batch::GenerateError;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;

/// The largest size of a page in bytes; 500 tables fit.
const LIMIT: usize = 2_900_000;

const ASSETS: Assets = Assets {
    styles: &[include_str!("page.css"), include_str!("plan.css")],
    scripts: &[
        include_str!("vendor/panzoom.min.js"),
        include_str!("page.js"),
        include_str!("layout.js"),
        include_str!("picture.js"),
        include_str!("plan.js"),
    ],
};

/// Renders a plan as one HTML file. Where there are many tables, values are shortened, then fewer rows shown.
///
/// # Errors
/// A row cannot be generated.
///
/// # Panics
/// Never: numbers and texts always fit JSON.
pub fn html(
    plan: &Plan,
    generator: &Generator,
    forecast: &Forecast,
    origin: Origin<'_>,
) -> Result<String, GenerateError> {
    let title = format!("Plan of {}", origin.target);
    let mut out = String::new();
    for (i, room) in Room::ALL.into_iter().enumerate() {
        let mut data = PlanPage::new(plan, generator, forecast, origin, room)?;
        if i > 0 {
            data = data.shortened(room);
        }
        out = page(&title, ASSETS, &data).expect("numbers and texts always fit JSON");
        if out.len() <= LIMIT {
            break;
        }
    }
    Ok(out)
}

/// Renders a plan as Markdown: what is written, the effects on other sessions, and a line for each table.
pub fn text(plan: &Plan, forecast: &Forecast, origin: Origin<'_>) -> String {
    let mut out = format!("# Plan of {}\n\n", markdown(origin.target));
    let mut line = |text: std::fmt::Arguments<'_>| writeln!(out, "{text}").expect("writing to memory is infallible");
    let (tables, rows) = (humanize::plural(plan.tables.len() as u64, "table"), humanize::rows(plan.rows()));
    line(format_args!("- server: {}", markdown(origin.server)));
    line(format_args!("- {tables}, {rows}, seed {}", plan.seed));
    line(format_args!("- {}", markdown(&forecast.estimate())));
    line(format_args!("\n## Meanwhile\n"));
    forecast.meanwhile.iter().for_each(|text| line(format_args!("- {}", markdown(text))));
    line(format_args!("\n## Tables\n\n| level | table | rows | in the table before | on disk | estimate | note |"));
    line(format_args!("|---:|---|---:|---:|---:|---:|---|"));
    for table in &plan.tables {
        let of = forecast.tables.iter().find(|f| f.name == table.name);
        let disk = of.map_or_else(String::new, |f| humanize::bytes(f.bytes + f.indexes));
        let time = of.map_or_else(String::new, |f| crate::forecast::about(f.seconds));
        let limited =
            table.limited_by.as_ref().map(|why| format!("of {} asked: {why}", humanize::count(table.requested)));
        let unsolved = table.unsolved.iter().map(|u| format!("unsolved CHECK {}: {}", u.check, u.text));
        let notes: Vec<String> = limited.into_iter().chain(unsolved).map(|n| markdown(&n)).collect();
        line(format_args!(
            "| {} | {} | {} | {} | {disk} | {time} | {} |",
            table.level,
            markdown(&table.name.to_string()),
            humanize::count(table.rows),
            humanize::count(table.existing),
            notes.join("; ")
        ));
    }
    let left_out = dbmocker_core::schema::left_alone(plan.left_out.iter().map(|l| (l.name.to_string(), &*l.reason)));
    if !left_out.is_empty() {
        line(format_args!("\n## Left out\n"));
        left_out.iter().for_each(|text| line(format_args!("- {}", markdown(text))));
    }
    out
}
