//! Case and accent folding, as of the most tolerant collations.

/// The ASCII letters for a Latin letter with an accent, a ligature or a Cyrillic letter; `None` for any other
/// character.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' => "g",
        'д' => "d",
        'е' | 'э' => "e",
        'ё' => "yo",
        'є' => "ye",
        'ж' => "zh",
        'з' => "z",
        'и' | 'і' => "i",
        'ї' => "yi",
        'й' | 'ы' => "y",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' => "u",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ю' => "yu",
        'я' => "ya",
        _ => return None,
    })
}

/// Appends the text in lower case, with accents removed and Cyrillic letters transliterated.
pub fn fold_into(text: &str, out: &mut String) {
    for c in text.chars() {
        match c.is_ascii() {
            true => out.push(c.to_ascii_lowercase()),
            false => c.to_lowercase().for_each(|c| fold_lower(c, out)),
        }
    }
}

fn fold_lower(c: char, out: &mut String) {
    match plain(c) {
        _ if c.is_ascii() => out.push(c),
        Some(letters) => out.push_str(letters),
        // A combining accent.
        None if ('\u{300}'..='\u{36f}').contains(&c) => {}
        None => out.push(c),
    }
}

/// The text in ASCII, with its letter case; characters without an ASCII equivalent are dropped.
pub fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        let mut folded = fold(c.encode_utf8(&mut [0; 4]));
        folded.retain(|c| c.is_ascii());
        if c.is_uppercase() && !folded.is_empty() {
            folded[..1].make_ascii_uppercase();
        }
        out.push_str(&folded);
    }
    out
}

/// As [`fold_into`], but returns the text.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::{ascii, fold};

    #[test]
    fn folding_removes_accents_case_and_ligatures() {
        assert_eq!(fold("Straße Çédille ŁÓDŹ İstanbul"), "strasse cedille lodz istanbul");
        assert_eq!(fold("Дата рождения"), "data rozhdeniya");
        assert_eq!(fold("顧客"), "顧客");
        assert_eq!(ascii("Łódź, Ötztal 顧 Щи"), "Lodz, Otztal  Shchi");
    }
}
