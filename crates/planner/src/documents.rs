//! Shapes of JSON documents: from a JSON Schema, and from an example.

pub mod example;
pub mod schema;

use dbmocker_core::schema::SqlType;
use dbmocker_domain::Domain;
use dbmocker_domain::text::TextKind;
use dbmocker_semantics::InferContext;

/// Most characters of a document.
pub const MOST_CHARS: u64 = 1 << 20;

/// Returns the domain of a member with a moment, inferred from its name.
pub fn moment(name: &str, context: &InferContext) -> Domain {
    let ty = SqlType::Timestamp { precision: 0, tz: true, epoch_range: false };
    let unnamed = || dbmocker_semantics::plain_text(TextKind::DateTimeText, 19);
    dbmocker_semantics::infer_by_name(name, &ty, context).unwrap_or_else(unnamed)
}

/// Returns the domain of a text member, inferred from its name, within these limits.
pub fn text(name: &str, max: u32, context: &InferContext) -> Domain {
    let ty = SqlType::Text { max_chars: Some(max), max_bytes: None, fixed: false, case_insensitive: false };
    match dbmocker_semantics::infer_by_name(name, &ty, context) {
        Some(domain @ (Domain::Text(_) | Domain::Choice { .. })) => domain,
        _ => dbmocker_semantics::plain_text(TextKind::Words, max),
    }
}
