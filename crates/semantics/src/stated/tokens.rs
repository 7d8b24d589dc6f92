//! The words and signs of a comment.

/// A word or a sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Word(String),
    /// `n / 10^scale`.
    Number(i64, u8),
    Plus,
    Minus,
    Times,
    Over,
    Percent,
    Equals,
    Open,
    Close,
    Comma,
}

/// Most digits of a number.
const DIGITS: usize = 12;

/// The tokens of a clause; `None` if it has other signs.
pub fn tokens(text: &str) -> Option<Vec<Token>> {
    let chars: Vec<char> = text.chars().filter(|c| !matches!(c, '"' | '`' | '\'')).collect();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        at += 1;
        out.push(match c {
            c if c.is_whitespace() => continue,
            c if c.is_ascii_digit() => {
                let from = at - 1;
                let part = |i: usize| {
                    let point = chars[i] == '.' && chars.get(i + 1).is_some_and(char::is_ascii_digit);
                    chars[i].is_ascii_digit() || point
                };
                while at < chars.len() && part(at) {
                    at += 1;
                }
                number(&chars[from..at].iter().collect::<String>())?
            }
            c if word(c) => {
                let from = at - 1;
                // `take-off` is one word, and so is `orders.total`.
                let joins = |i: usize| matches!(chars[i], '-' | '.') && chars.get(i + 1).is_some_and(|&c| word(c));
                while at < chars.len() && (word(chars[at]) || joins(at)) {
                    at += 1;
                }
                Token::Word(chars[from..at].iter().collect())
            }
            '+' => Token::Plus,
            '-' | '−' | '–' if next != '>' => Token::Minus,
            '*' | '×' | '·' => Token::Times,
            '/' | '÷' => Token::Over,
            '%' => Token::Percent,
            '=' => Token::Equals,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            _ => return None,
        });
    }
    Some(out)
}

/// A number with decimals.
fn number(text: &str) -> Option<Token> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if whole.len() + decimals.len() > DIGITS || decimals.contains('.') {
        return None;
    }
    let n = format!("{whole}{decimals}").parse().ok()?;
    Some(Token::Number(n, u8::try_from(decimals.len()).ok()?))
}

/// The number that a word names.
pub fn numeral(word: &str) -> Option<i64> {
    let words =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"];
    let at = words.iter().position(|w| *w == word);
    let known = at.and_then(|at| i64::try_from(at + 1).ok());
    known.or(match word {
        "twice" | "double" => Some(2),
        "dozen" => Some(12),
        "hundred" => Some(100),
        "thousand" => Some(1000),
        _ => None,
    })
}
