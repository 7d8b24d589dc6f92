//! Errors in the catalogue's notation: lists and templates.

/// Why the text of a list or template is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotationError {
    #[error("the weight `{0}` is not a whole number from 1 to 10000")]
    ListWeight(String),
    #[error("the weight `{0}` is too large")]
    TemplateWeight(String),
    #[error("a list without a value")]
    EmptyList,
    #[error("`{{{0}}}`: expected a range such as `{{int:1-99}}`")]
    Range(String),
    #[error("`{{{0}}}`: expected a number of characters from 1 to 256")]
    Length(String),
    #[error("`{{{placeholder}}}`: no alphabet `{alphabet}`")]
    Alphabet { placeholder: String, alphabet: String },
    #[error("`{{{0}}}`: no list or earlier template of this name")]
    UnknownItem(String),
}
