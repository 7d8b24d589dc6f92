//! Plans and reports as pages: one HTML file with everything in it, readable without a network.
//!
//! In: data that serialises. Out: HTML, or Markdown for a ticket. The data is one JSON block; the `*.js` files of this
//! folder render it in the browser, and insert texts of the database as text only, never as HTML.

mod fan_out;
pub mod plan;
mod plan_data;
pub mod report;
mod sample;

use std::io::Write;
use std::path::{Path, PathBuf};

use dbmocker_core::json_file::STDOUT;
use serde::Serialize;

/// How a file is written, by the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageFormat {
    Html,
    Markdown,
    Json,
}

/// A page cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {error}", path.display())]
pub struct PageError {
    path: PathBuf,
    #[source]
    error: std::io::Error,
}

impl PageFormat {
    /// The format for a file name's extension.
    pub fn of(path: &Path) -> Option<PageFormat> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "html" | "htm" => Some(PageFormat::Html),
            "md" | "markdown" => Some(PageFormat::Markdown),
            "json" => Some(PageFormat::Json),
            _ => None,
        }
    }
}

/// The script of a page, and what it needs.
#[derive(Debug, Clone, Copy)]
struct Assets {
    styles: &'static [&'static str],
    scripts: &'static [&'static str],
}

/// A whole page. `data` is what the scripts render.
fn page(title: &str, assets: Assets, data: &impl Serialize) -> serde_json::Result<String> {
    let data = in_script(&serde_json::to_string(data)?);
    let styles = assets.styles.concat();
    let scripts: String = assets.scripts.iter().map(|s| format!("<script>{s}</script>\n")).collect();
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{styles}</style>\n</head>\n<body>\n<main id=\"page\"></main>\n\
         <noscript>This page is rendered by its own script, which is switched off here.</noscript>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n{scripts}</body>\n</html>\n",
        escaped(title)
    ))
}

/// The browser makes no requests, whatever the page's data contain.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// JSON that neither ends the script element that holds it nor begins a comment in it.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// A text between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A text within a line of Markdown, or within a cell of its tables.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The first `width` characters of a text; the last one is an ellipsis if it is longer.
pub fn shortened(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        Some(_) => text.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Writes a file whole or not at all, or to stdout.
///
/// # Errors
/// The file's folder, or stdout, cannot be written to.
pub fn write(path: &Path, text: &str) -> Result<(), PageError> {
    let failed = |error| PageError { path: path.to_owned(), error };
    if path.as_os_str() == STDOUT {
        let mut out = std::io::stdout().lock();
        return out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(failed);
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_is_its_format() {
        for (name, format) in [
            ("a.html", Some(PageFormat::Html)),
            ("a.HTM", Some(PageFormat::Html)),
            ("x/a.b.md", Some(PageFormat::Markdown)),
            ("a.json", Some(PageFormat::Json)),
            ("a", None),
            ("html", None),
        ] {
            assert_eq!(PageFormat::of(Path::new(name)), format, "{name}");
        }
    }

    #[test]
    fn texts_stay_texts() {
        let hostile = "</script><!--<b>|`x`&amp;\n";
        let json = serde_json::to_string(hostile).unwrap();
        let inside = in_script(&json);
        assert!(!inside.contains(['<', '>', '&']), "{inside}");
        assert_eq!(serde_json::from_str::<String>(&inside).unwrap(), hostile);
        assert_eq!(markdown("a|b <i>\n`c`"), "a\\|b &lt;i&gt; \\`c\\`");
        let page = page(hostile, Assets { styles: &[], scripts: &[] }, &hostile).unwrap();
        assert_eq!(page.matches("</script>").count(), 1, "{page}");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened(&"é".repeat(32), 32), "é".repeat(32));
        assert_eq!(shortened(&"é".repeat(33), 32), "é".repeat(31) + "…");
    }
}
