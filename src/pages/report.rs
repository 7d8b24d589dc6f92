//! A run's page: HTML with charts over time, or Markdown for a change ticket.

use std::fmt::Write;

use serde::Serialize;

use super::{Assets, markdown, page};
use crate::report::Report;
use crate::verify::Verification;
use dbmocker_core::humanize;
use dbmocker_core::schema::left_alone;

const ASSETS: Assets = Assets {
    styles: &[include_str!("vendor/uPlot.min.css"), include_str!("page.css"), include_str!("report.css")],
    scripts: &[include_str!("vendor/uPlot.iife.min.js"), include_str!("page.js"), include_str!("report.js")],
};

/// What the page renders.
#[derive(Debug, Serialize)]
struct ReportPage<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// The waits in words, longest first, as the report prints them.
    waited: Option<String>,
    left_out_lines: Vec<String>,
    verified: Option<VerificationView>,
}

/// The verification, as the page shows it.
#[derive(Debug, Serialize)]
struct VerificationView {
    passed: bool,
    text: String,
    findings: Vec<String>,
}

impl VerificationView {
    fn new(found: &Verification) -> Self {
        let (tables, rows) = (humanize::plural(found.tables.len() as u64, "table"), humanize::rows(found.rows()));
        let passed = found.passed(false);
        let findings = found.findings().map(|(table, finding)| match table {
            Some(table) => format!("{table}: {finding}"),
            None => finding.to_string(),
        });
        let result = if passed { "no error found" } else { "errors found" };
        VerificationView { passed, text: format!("{tables}, {rows}, {result}"), findings: findings.collect() }
    }
}

fn left_out(report: &Report) -> Vec<String> {
    left_alone(report.left_out.iter().map(|l| (l.name.clone(), &*l.reason)))
}

/// Renders a report as one HTML file.
///
/// # Panics
/// Never: numbers and texts always fit JSON.
pub fn html(report: &Report) -> String {
    let data = ReportPage {
        report,
        waited: report.waits.line(),
        left_out_lines: left_out(report),
        verified: report.verification.as_ref().map(VerificationView::new),
    };
    let title = format!("Report of {} {}", report.command, report.target);
    page(&title, ASSETS, &data).expect("numbers and texts always fit JSON")
}

/// Renders a report as Markdown.
pub fn text(report: &Report) -> String {
    let mut out = format!("# {} {}\n\n", markdown(&report.command), markdown(&report.target));
    let mut line = |text: std::fmt::Arguments<'_>| writeln!(out, "{text}").expect("writing to memory is infallible");
    let totals = &report.totals;
    if !report.server.is_empty() {
        line(format_args!("- server: {}", markdown(&report.server)));
    }
    line(format_args!(
        "- {}, {} in {:.2} s, {} rows/s, seed {}",
        humanize::rows(totals.rows),
        humanize::bytes(totals.bytes),
        totals.seconds,
        humanize::rate(totals.rows_per_second),
        report.seed
    ));
    line(format_args!("- peak memory: {}", humanize::bytes(report.peak_memory)));
    if let Some(waited) = report.waits.line() {
        line(format_args!("- {waited}"));
    }
    if let Some(found) = report.verification.as_ref().map(VerificationView::new) {
        line(format_args!("- verified: {}", markdown(&found.text)));
        found.findings.iter().for_each(|text| line(format_args!("    - {}", markdown(text))));
    }
    line(format_args!("\n| table | rows | bytes | seconds | rows/s | note |\n|---|---:|---:|---:|---:|---|"));
    for t in &report.tables {
        let limited = t.limited_by.as_ref().map(|why| format!("of {}: {why}", humanize::count(t.requested)));
        line(format_args!(
            "| {} | {} | {} | {:.2} | {} | {} |",
            markdown(&t.name),
            humanize::count(t.rows),
            humanize::bytes(t.bytes),
            t.seconds,
            humanize::rate(t.rows_per_second),
            markdown(&limited.unwrap_or_default())
        ));
    }
    let notes = left_out(report).into_iter().map(|l| format!("left out: {l}")).chain(report.notes.iter().cloned());
    let notes: Vec<String> = notes.map(|n| markdown(&n)).collect();
    if !notes.is_empty() {
        line(format_args!("\n## Notes\n"));
        notes.iter().for_each(|note| line(format_args!("- {note}")));
    }
    out
}
