//! Filters of aggregates, `sum(x) FILTER (WHERE c)`, as `sum(CASE WHEN c THEN x END)`: aggregates ignore NULLs. MySQL has
//! no filters, and the parser's form of them differs by dialect.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

/// Rewrites each filter; one that does not follow a call is left to the parser.
pub(super) fn rewritten(tokens: Vec<Token>) -> Vec<Token> {
    let mut tokens: Vec<Token> = tokens.into_iter().filter(|t| !matches!(t, Token::Whitespace(_))).collect();
    let mut from = 0;
    while let Some(at) = (from..tokens.len()).find(|&i| is(&tokens[i], Keyword::FILTER)) {
        from = at + 1;
        let Some(replaced) = replaced(&tokens, at) else { continue };
        tokens = replaced;
        from = 0;
    }
    tokens
}

fn is(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && w.keyword == keyword)
}

/// The tokens with the filter at a place in its call.
fn replaced(tokens: &[Token], at: usize) -> Option<Vec<Token>> {
    let starts = tokens.get(at + 1) == Some(&Token::LParen) && is(tokens.get(at + 2)?, Keyword::WHERE);
    let closed = at.checked_sub(1).filter(|&i| starts && tokens[i] == Token::RParen)?;
    let opened = matching(tokens, closed, (0..closed).rev(), &Token::RParen, &Token::LParen)?;
    let end = matching(tokens, at + 1, at + 2..tokens.len(), &Token::LParen, &Token::RParen)?;
    let word = Token::make_keyword;
    let mut out = tokens[..=opened].to_vec();
    out.extend([word("CASE"), word("WHEN")]);
    out.extend_from_slice(&tokens[at + 3..end]);
    out.push(word("THEN"));
    out.extend_from_slice(&tokens[opened + 1..closed]);
    out.extend([word("END"), Token::RParen]);
    out.extend_from_slice(&tokens[end + 1..]);
    Some(out)
}

/// The parenthesis that belongs to the one at a place, among these places.
fn matching(
    tokens: &[Token],
    at: usize,
    places: impl Iterator<Item = usize>,
    deeper: &Token,
    back: &Token,
) -> Option<usize> {
    debug_assert_eq!(&tokens[at], deeper);
    let mut depth = 0;
    for i in places {
        if tokens[i] == *deeper {
            depth += 1;
        } else if tokens[i] == *back {
            if depth == 0 {
                return Some(i);
            }
            depth -= 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::parse_paths;
    use dbmocker_core::schema::Dialect;

    #[test]
    fn a_filter_is_a_case() {
        for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
            let of = |text: &str| parse_paths(text, dialect).unwrap();
            assert_eq!(
                of("coalesce(sum(l.a * (1 - l.b)) filter (where l.c = 'x' and (l.d > 2)), 0) + 1"),
                of("coalesce(sum(case when l.c = 'x' and (l.d > 2) then l.a * (1 - l.b) end), 0) + 1")
            );
            assert_eq!(of("count(l) FILTER (WHERE l.a > 1)"), of("count(case when l.a > 1 then l end)"));
        }
    }
}
