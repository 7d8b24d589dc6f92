//! `(column).field`: by the field's number and type, so that it can be evaluated from the composite's text.

use super::expr::{CastType, Expr};
use dbmocker_core::schema::SqlType;
use dbmocker_core::value::Value;

/// The expression with fields of composite columns accessed by number; `ty` returns a column's type.
pub fn numbered(tree: &Expr, ty: &dyn Fn(&str) -> Option<SqlType>) -> Expr {
    let Expr::Call { name, args } = tree else { return tree.map_children(&mut |t| numbered(t, ty)) };
    if let ("field_of", [Expr::Column(column), Expr::Literal(Value::Text(field))]) = (name.as_str(), args.as_slice())
        && let Some(SqlType::Composite { fields, .. }) = ty(column)
        && let Some(i) = fields.iter().position(|(name, _)| name == field)
    {
        let at = Expr::Literal(Value::Int(i as i128));
        let text = Expr::call("composite_field", vec![Expr::column(column), at]);
        let cast = |to| Expr::Cast { expr: Box::new(text.clone()), to };
        return match fields[i].1 {
            SqlType::Int { .. } => cast(CastType::Int),
            SqlType::Decimal { .. } => cast(CastType::Decimal { scale: None }),
            SqlType::Float { .. } => cast(CastType::Float),
            SqlType::Bool => cast(CastType::Bool),
            SqlType::Date => cast(CastType::Date),
            SqlType::Timestamp { .. } => cast(CastType::Timestamp),
            _ => text,
        };
    }
    tree.map_children(&mut |t| numbered(t, ty))
}

/// Field number `i` of a composite's text: NULL if it is empty.
pub(super) fn field(text: &str, i: usize) -> Option<Value> {
    let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    let (mut at, mut quoted, mut was_quoted, mut out) = (0, false, false, String::new());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                push(&mut out, '"', at == i);
            }
            '"' => {
                quoted = !quoted;
                was_quoted |= at == i;
            }
            '\\' => {
                let next = chars.next()?;
                push(&mut out, next, at == i);
            }
            ',' if !quoted => {
                if at == i {
                    break;
                }
                at += 1;
            }
            c => push(&mut out, c, at == i),
        }
    }
    if at != i {
        return None;
    }
    Some(if out.is_empty() && !was_quoted { Value::Null } else { Value::Text(out) })
}

fn push(out: &mut String, c: char, wanted: bool) {
    if wanted {
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::value::literal::composite_literal;

    #[test]
    fn fields_are_read_as_they_are_written() {
        let values = [Value::text("a \"b\", (c)"), Value::Null, Value::text(""), Value::Int(-3), Value::text("x\\y")];
        let text = composite_literal(&values);
        for (i, value) in values.iter().enumerate() {
            let expected = if value.is_null() { Value::Null } else { Value::Text(value.to_string()) };
            assert_eq!(field(&text, i), Some(expected), "{text}");
        }
        assert_eq!(field(&text, 5), None);
        assert_eq!(field("no row", 0), None);
    }
}
