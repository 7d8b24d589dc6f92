//! A text as a part of a URL: `Crème & Sugar` -> `creme-sugar`.

/// Accented letters, and their plain letters.
const FOLDED: &[(&str, char)] = &[
    ("àáâãäåā", 'a'),
    ("çćč", 'c'),
    ("ďđ", 'd'),
    ("èéêëěęē", 'e'),
    ("ìíîïī", 'i'),
    ("łľ", 'l'),
    ("ñńň", 'n'),
    ("òóôõöøőō", 'o'),
    ("řŕ", 'r'),
    ("śšş", 's'),
    ("ťţ", 't'),
    ("ùúûüůűū", 'u'),
    ("ýÿ", 'y'),
    ("źžż", 'z'),
];

/// Returns the words of a text joined by `-`, of at most `most` characters; with `number`, it ends in the number.
pub(super) fn slug(text: &str, most: u32, number: Option<u64>) -> String {
    let end = number.map_or_else(String::new, |n| format!("-{n}"));
    let room = (most as usize).saturating_sub(end.len());
    let mut out = String::with_capacity(text.len() + end.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        let plain = FOLDED.iter().find(|(marked, _)| marked.contains(c)).map_or(c, |(_, plain)| *plain);
        if plain.is_ascii_alphanumeric() {
            out.push(plain);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if out.len() >= room {
            break;
        }
    }
    out.truncate(room);
    let kept = out.trim_end_matches('-').len();
    out.truncate(kept);
    match (out.is_empty(), end.strip_prefix('-')) {
        (true, Some(number)) => number.to_owned(),
        _ => out + &end,
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn words_are_joined_and_truncated_before_the_number() {
        assert_eq!(slug("Crème & Sugar!", 80, None), "creme-sugar");
        assert_eq!(slug("Ünder  the  Hill", 12, Some(417)), "under-th-417");
        assert_eq!(slug("a b c", 5, Some(10)), "a-10");
        assert_eq!(slug("顧客", 20, Some(3)), "3");
    }
}
