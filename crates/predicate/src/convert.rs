//! Converts `sqlparser`'s syntax tree to [`Expr`]: one form for the different notations of the three servers.

use sqlparser::ast::{self, BinaryOperator as Bin, DataType, Expr as Sql, UnaryOperator as Un};

use super::builtin::only_elsewhere;
use super::convert_call::{canonical, date_part, matching};
use super::convert_type::cast_type;
use super::expr::{Arith, CastType, Cmp, Expr, Is, MatchKind};
use super::literal::interval_literal;
use super::parse::{ParseError, ident_text};
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::{Value, parse_number};

type Out = Result<Expr, ParseError>;

/// # Errors
/// [`ParseError::Unsupported`] for constructs that [`Expr`] does not support.
pub(super) fn convert(e: &Sql, d: Dialect) -> Out {
    let go = |e: &Sql| convert(e, d);
    let boxed = |e: &Sql| convert(e, d).map(Box::new);
    let is = |e: &Sql, what, negated| Ok(Expr::Is { expr: boxed(e)?, what, negated });
    match e {
        Sql::Nested(e) => go(e),
        Sql::Identifier(i) => Ok(Expr::Column(ident_text(i))),
        Sql::CompoundIdentifier(parts) => {
            parts.last().map(|i| Expr::Column(ident_text(i))).ok_or_else(|| unsupported(e))
        }
        Sql::Value(v) => literal(&v.value, d).ok_or_else(|| unsupported(e)),
        Sql::Prefixed { value, .. } => go(value),
        Sql::Collate { expr, .. } => go(expr),
        // Another time zone shifts a timestamp by hours; a zone that is not a constant must be one that the server
        // supports.
        Sql::AtTimeZone { timestamp, time_zone } if constant(time_zone) => go(timestamp),
        Sql::TypedString(t) => {
            let text = t.value.value.clone().into_string().ok_or_else(|| unsupported(e))?;
            cast(Expr::Literal(Value::Text(text)), &t.data_type)
        }
        Sql::Interval(i) => interval(i, d),
        Sql::IsNull(e) | Sql::IsUnknown(e) => is(e, Is::Null, false),
        Sql::IsNotNull(e) | Sql::IsNotUnknown(e) => is(e, Is::Null, true),
        Sql::IsTrue(e) => is(e, Is::True, false),
        Sql::IsNotTrue(e) => is(e, Is::True, true),
        Sql::IsFalse(e) => is(e, Is::False, false),
        Sql::IsNotFalse(e) => is(e, Is::False, true),
        Sql::IsJson { expr, kind, negated, .. } => {
            let json = of_json(go(expr)?, *kind);
            Ok(if *negated { Expr::Not(Box::new(json)) } else { json })
        }
        Sql::IsDistinctFrom(l, r) => identity(go(l)?, go(r)?, false).ok_or_else(|| unsupported(e)),
        Sql::IsNotDistinctFrom(l, r) => identity(go(l)?, go(r)?, true).ok_or_else(|| unsupported(e)),
        Sql::InList { expr, list, negated } => {
            Ok(Expr::In { expr: boxed(expr)?, list: list.iter().map(go).collect::<Result<_, _>>()?, negated: *negated })
        }
        Sql::Between { expr, negated, low, high } => {
            let x = go(expr)?;
            let both =
                Expr::And(vec![Expr::compare(Cmp::Ge, x.clone(), go(low)?), Expr::compare(Cmp::Le, x, go(high)?)]);
            Ok(if *negated { Expr::Not(Box::new(both)) } else { both })
        }
        Sql::Like { negated, any: false, expr, pattern, escape_char } => {
            let kind = MatchKind::Like { insensitive: d != Dialect::Postgres, escape: escape(escape_char, d)? };
            matches(go(expr)?, go(pattern)?, kind, *negated)
        }
        Sql::ILike { negated, any: false, expr, pattern, escape_char } => {
            let kind = MatchKind::Like { insensitive: true, escape: escape(escape_char, d)? };
            matches(go(expr)?, go(pattern)?, kind, *negated)
        }
        Sql::SimilarTo { negated, expr, pattern, .. } if d == Dialect::Sqlite => {
            matches(go(expr)?, go(pattern)?, MatchKind::Glob, *negated)
        }
        Sql::SimilarTo { negated, expr, pattern, escape_char } => {
            matches(go(expr)?, go(pattern)?, MatchKind::Similar { escape: escape(escape_char, d)? }, *negated)
        }
        Sql::RLike { negated, expr, pattern, .. } => {
            let kind = MatchKind::Regex { insensitive: d == Dialect::Mysql };
            matches(go(expr)?, go(pattern)?, kind, *negated)
        }
        Sql::AnyOp { left, compare_op, right, .. } => quantified(left, compare_op, right, false, d),
        Sql::AllOp { left, compare_op, right } => quantified(left, compare_op, right, true, d),
        Sql::BinaryOp { .. } => chain(e, d),
        Sql::UnaryOp { op, expr } => unary(*op, go(expr)?, e),
        Sql::Cast { expr, data_type, .. } => cast(go(expr)?, data_type),
        Sql::Convert { expr, data_type: Some(t), .. } => cast(go(expr)?, t),
        Sql::Convert { expr, data_type: None, .. } => go(expr),
        Sql::Extract { field, expr, .. } => {
            known_here("extract", d)?;
            Ok(date_part(&field.to_string(), go(expr)?))
        }
        Sql::Ceil { expr, .. } => Ok(Expr::call("ceil", vec![go(expr)?])),
        Sql::Floor { expr, .. } => Ok(Expr::call("floor", vec![go(expr)?])),
        Sql::Position { expr, r#in } => {
            known_here("position", d)?;
            Ok(Expr::call("strpos", vec![go(r#in)?, go(expr)?]))
        }
        Sql::Substring { expr, substring_from, substring_for, .. } => {
            let mut args = vec![go(expr)?];
            args.push(substring_from.as_deref().map_or(Ok(Expr::int(1)), go)?);
            if let Some(n) = substring_for {
                args.push(go(n)?);
            }
            Ok(canonical("substring", args, d))
        }
        Sql::Trim { trim_where, trim_what, expr, trim_characters } => {
            let name = match trim_where {
                Some(ast::TrimWhereField::Leading) => "ltrim",
                Some(ast::TrimWhereField::Trailing) => "rtrim",
                _ => "btrim",
            };
            let mut args = vec![go(expr)?];
            if let Some(what) = trim_what.as_deref().or(trim_characters.as_ref().and_then(|c| c.first())) {
                args.push(go(what)?);
            }
            Ok(Expr::call(name, args))
        }
        Sql::Function(f) => function(f, d),
        Sql::Case { operand, conditions, else_result, .. } => Ok(Expr::Case {
            operand: operand.as_deref().map(boxed).transpose()?,
            whens: conditions
                .iter()
                .map(|w| Ok((go(&w.condition)?, go(&w.result)?)))
                .collect::<Result<_, ParseError>>()?,
            otherwise: else_result.as_deref().map(boxed).transpose()?,
        }),
        Sql::Tuple(items) => Ok(Expr::Row(items.iter().map(go).collect::<Result<_, _>>()?)),
        Sql::Array(a) => Ok(Expr::Array(a.elem.iter().map(go).collect::<Result<_, _>>()?)),
        Sql::CompoundFieldAccess { root, access_chain } => match access_chain.as_slice() {
            [ast::AccessExpr::Subscript(ast::Subscript::Index { index })] => {
                Ok(Expr::call("array_element", vec![go(root)?, go(index)?]))
            }
            [ast::AccessExpr::Dot(Sql::Identifier(field))] => {
                Ok(Expr::call("field_of", vec![go(root)?, Expr::Literal(Value::Text(field.value.clone()))]))
            }
            _ => Err(unsupported(e)),
        },
        Sql::MemberOf(m) => Ok(Expr::call("json_member_of", vec![go(&m.value)?, go(&m.array)?])),
        _ => Err(unsupported(e)),
    }
}

/// `a AND b AND c ...`: chains are left-deep trees, so they are traversed by iteration, not by recursion.
fn chain(e: &Sql, d: Dialect) -> Out {
    let mut rest = vec![];
    let mut first = e;
    while let Sql::BinaryOp { left, op, right } = first {
        rest.push((op, right));
        first = left;
    }
    rest.into_iter().rev().try_fold(convert(first, d)?, |left, (op, right)| binary(left, op, convert(right, d)?, d))
}

/// A literal, cast or not.
fn constant(e: &Sql) -> bool {
    match e {
        Sql::Value(_) => true,
        Sql::Nested(e) | Sql::Cast { expr: e, .. } => constant(e),
        _ => false,
    }
}

fn unsupported(what: &impl std::fmt::Display) -> ParseError {
    ParseError::Unsupported(what.to_string().chars().take(120).collect())
}

fn literal(v: &ast::Value, d: Dialect) -> Option<Expr> {
    use ast::Value as V;
    let value = match v {
        V::Number(n, _) if d == Dialect::Sqlite => as_double(parse_number(n)?),
        V::Number(n, _) => parse_number(n)?,
        V::Boolean(b) => Value::Bool(*b),
        V::Null => Value::Null,
        V::HexStringLiteral(h) => Value::Bytes(super::literal::hex(h)?),
        V::DollarQuotedString(s) => Value::Text(s.value.clone()),
        V::Placeholder(_) => return None,
        V::SingleQuotedByteStringLiteral(s) | V::DoubleQuotedByteStringLiteral(s) => Value::Text(s.clone()),
        other => Value::Text(other.clone().into_string()?),
    };
    Some(Expr::Literal(value))
}

/// SQLite has no exact decimals: as a text, `1.50` is `1.5`.
fn as_double(number: Value) -> Value {
    match number {
        Value::Decimal { mut unscaled, mut scale } => {
            while scale > 1 && unscaled % 10 == 0 {
                (unscaled, scale) = (unscaled / 10, scale - 1);
            }
            Value::Decimal { unscaled, scale }
        }
        other => other,
    }
}

fn escape(e: &Option<Box<Sql>>, d: Dialect) -> Result<Option<char>, ParseError> {
    match e.as_deref() {
        None if d == Dialect::Sqlite => Ok(None),
        None => Ok(Some('\\')),
        Some(Sql::Value(v)) => match v.value.clone().into_string() {
            Some(s) => Ok(s.chars().next()),
            None => Err(unsupported(v)),
        },
        Some(other) => Err(unsupported(other)),
    }
}

/// `expr IS JSON kind`; documents that are made here never repeat a key.
fn of_json(expr: Expr, kind: Option<ast::JsonPredicateType>) -> Expr {
    let text = |t: &str| Expr::Literal(Value::text(t));
    let kinds = match kind {
        None | Some(ast::JsonPredicateType::Value) => return Expr::call("is_json", vec![expr]),
        Some(ast::JsonPredicateType::Object) => vec![text("object")],
        Some(ast::JsonPredicateType::Array) => vec![text("array")],
        Some(ast::JsonPredicateType::Scalar) => ["string", "number", "boolean", "null"].map(text).into(),
    };
    let is_kind =
        Expr::In { expr: Box::new(Expr::call("json_typeof", vec![expr.clone()])), list: kinds.into(), negated: false };
    Expr::And(vec![Expr::call("is_json", vec![expr]), is_kind])
}

fn matches(expr: Expr, pattern: Expr, kind: MatchKind, negated: bool) -> Out {
    Ok(match matching(vec![expr, pattern], kind) {
        Expr::Matches { expr, pattern, kind, .. } => Expr::Matches { expr, pattern, kind, negated },
        all if negated => Expr::Not(Box::new(all)),
        all => all,
    })
}

fn comparison(op: &Bin) -> Option<Cmp> {
    Some(match op {
        Bin::Eq => Cmp::Eq,
        Bin::NotEq => Cmp::Ne,
        Bin::Lt => Cmp::Lt,
        Bin::LtEq => Cmp::Le,
        Bin::Gt => Cmp::Gt,
        Bin::GtEq => Cmp::Ge,
        // an operator written with its schema, as for citext: `OPERATOR(public.=)`
        Bin::PGCustomBinaryOperator(parts) => match parts.last().map(String::as_str) {
            Some("=") => Cmp::Eq,
            Some("<>" | "!=") => Cmp::Ne,
            Some("<") => Cmp::Lt,
            Some("<=") => Cmp::Le,
            Some(">") => Cmp::Gt,
            Some(">=") => Cmp::Ge,
            _ => return None,
        },
        _ => return None,
    })
}

fn quantified(left: &Sql, op: &Bin, right: &Sql, all: bool, d: Dialect) -> Out {
    let expr = Box::new(convert(left, d)?);
    let array = convert(right, d)?;
    if let Some(op) = comparison(op) {
        return Ok(Expr::Quantified { expr, op, array: Box::new(array), all });
    }
    // `x ~~ ANY (ARRAY[...])`: one match for each element
    let Some((kind, negated)) = pattern_operator(op) else { return Err(unsupported(op)) };
    let mut inner = &array;
    while let Expr::Cast { expr, .. } = inner {
        inner = expr;
    }
    let Expr::Array(items) = inner else { return Err(unsupported(op)) };
    let each =
        items.iter().map(|p| matches((*expr).clone(), p.clone(), kind, negated)).collect::<Result<Vec<_>, _>>()?;
    Ok(if all { Expr::And(each) } else { Expr::Or(each) })
}

fn pattern_operator(op: &Bin) -> Option<(MatchKind, bool)> {
    let like = |insensitive| MatchKind::Like { insensitive, escape: Some('\\') };
    let regex = |insensitive| MatchKind::Regex { insensitive };
    Some(match op {
        Bin::PGLikeMatch => (like(false), false),
        Bin::PGNotLikeMatch => (like(false), true),
        Bin::PGILikeMatch => (like(true), false),
        Bin::PGNotILikeMatch => (like(true), true),
        Bin::PGRegexMatch => (regex(false), false),
        Bin::PGRegexNotMatch => (regex(false), true),
        Bin::PGRegexIMatch => (regex(true), false),
        Bin::PGRegexNotIMatch => (regex(true), true),
        Bin::Regexp => (regex(false), false),
        Bin::Glob => (MatchKind::Glob, false),
        Bin::PGCustomBinaryOperator(parts) => match parts.last().map(String::as_str) {
            Some("~~") => (like(false), false),
            Some("!~~") => (like(false), true),
            Some("~~*") => (like(true), false),
            Some("!~~*") => (like(true), true),
            Some("~") => (regex(false), false),
            Some("!~") => (regex(false), true),
            Some("~*") => (regex(true), false),
            Some("!~*") => (regex(true), true),
            _ => return None,
        },
        _ => return None,
    })
}

fn binary(left: Expr, op: &Bin, right: Expr, d: Dialect) -> Out {
    if let Some(op) = comparison(op) {
        return Ok(Expr::compare(op, left, right));
    }
    if let Some((kind, negated)) = pattern_operator(op) {
        return match (&right, kind) {
            // PostgreSQL prints `SIMILAR TO` as a regular expression made by a function
            (Expr::Call { name, args }, MatchKind::Regex { .. }) if name.starts_with("similar") => {
                let escape = match args.get(1).and_then(Expr::literal) {
                    Some(Value::Text(t)) => t.chars().next(),
                    _ => Some('\\'),
                };
                let pattern = args.first().cloned().ok_or_else(|| unsupported(op))?;
                matches(left, pattern, MatchKind::Similar { escape }, negated)
            }
            _ => matches(left, right, kind, negated),
        };
    }
    let arith = match op {
        Bin::And => return Ok(join(left, right, true)),
        Bin::Or => return Ok(join(left, right, false)),
        // neither NULL: true when they differ as booleans
        Bin::Xor => return Ok(Expr::compare(Cmp::Ne, as_bool(left), as_bool(right))),
        Bin::Spaceship => return identity(left, right, true).ok_or_else(|| unsupported(op)),
        Bin::PGStartsWith => return Ok(Expr::call("starts_with", vec![left, right])),
        Bin::Plus => Arith::Add,
        Bin::Minus => Arith::Sub,
        Bin::Multiply => Arith::Mul,
        Bin::Divide => Arith::Div,
        Bin::MyIntegerDivide | Bin::DuckIntegerDivide => Arith::IntDiv,
        Bin::Modulo => Arith::Mod,
        Bin::StringConcat => Arith::Concat,
        Bin::BitwiseAnd => Arith::BitAnd,
        Bin::BitwiseOr => Arith::BitOr,
        Bin::BitwiseXor if d == Dialect::Postgres => Arith::Pow,
        Bin::BitwiseXor | Bin::PGBitwiseXor => Arith::BitXor,
        Bin::PGExp => Arith::Pow,
        Bin::PGBitwiseShiftLeft => Arith::Shl,
        Bin::PGBitwiseShiftRight => Arith::Shr,
        Bin::Arrow => Arith::JsonGet,
        Bin::LongArrow => Arith::JsonGetText,
        Bin::PGOverlap => Arith::Overlaps,
        Bin::AtArrow => Arith::Contains,
        Bin::ArrowAt => return Ok(Expr::arith(Arith::Contains, right, left)),
        Bin::Question => return Ok(Expr::call("json_has_key", vec![left, right])),
        Bin::QuestionAnd => return Ok(Expr::call("json_has_all_keys", vec![left, right])),
        Bin::QuestionPipe => return Ok(Expr::call("json_has_any_key", vec![left, right])),
        other => return Err(unsupported(other)),
    };
    Ok(Expr::arith(arith, left, right))
}

/// `left IS NOT DISTINCT FROM right` (`same`) or `IS DISTINCT FROM`; rows field by field. `None` if their lengths differ.
fn identity(left: Expr, right: Expr, same: bool) -> Option<Expr> {
    match (left, right) {
        (Expr::Row(l), Expr::Row(r)) if l.len() == r.len() => {
            let fields = l.into_iter().zip(r).map(|(l, r)| identity(l, r, same)).collect::<Option<Vec<_>>>()?;
            Some(if same { Expr::And(fields) } else { Expr::Or(fields) })
        }
        (Expr::Row(_), _) | (_, Expr::Row(_)) => None,
        (left, right) => Some(Expr::Same { left: Box::new(left), right: Box::new(right), same }),
    }
}

fn as_bool(e: Expr) -> Expr {
    Expr::Cast { expr: Box::new(e), to: CastType::Bool }
}

/// Flat AND and OR lists.
fn join(left: Expr, right: Expr, and: bool) -> Expr {
    let mut items = vec![];
    for e in [left, right] {
        match e {
            Expr::And(v) if and => items.extend(v),
            Expr::Or(v) if !and => items.extend(v),
            e => items.push(e),
        }
    }
    if and { Expr::And(items) } else { Expr::Or(items) }
}

fn unary(op: Un, e: Expr, whole: &Sql) -> Out {
    Ok(match op {
        Un::Not | Un::BangNot => Expr::Not(Box::new(e)),
        Un::Plus => e,
        Un::Minus => match e {
            Expr::Literal(Value::Int(i)) => Expr::int(-i),
            Expr::Literal(Value::Decimal { unscaled, scale }) => {
                Expr::Literal(Value::Decimal { unscaled: -unscaled, scale })
            }
            Expr::Literal(Value::Float(x)) => Expr::Literal(Value::Float(-x)),
            Expr::Interval { months, micros } => Expr::Interval { months: -months, micros: -micros },
            e => Expr::Neg(Box::new(e)),
        },
        Un::BitwiseNot => Expr::call("bitnot", vec![e]),
        Un::PGAbs => Expr::call("abs", vec![e]),
        Un::PGSquareRoot => Expr::call("sqrt", vec![e]),
        Un::PGCubeRoot => Expr::call("cbrt", vec![e]),
        _ => return Err(unsupported(whole)),
    })
}

fn interval(i: &ast::Interval, d: Dialect) -> Out {
    let unit = i.leading_field.as_ref().map(ToString::to_string).unwrap_or_default();
    match convert(&i.value, d)? {
        Expr::Literal(Value::Text(t)) => interval_literal(&t, &unit),
        Expr::Literal(Value::Int(n)) => interval_literal(&n.to_string(), &unit),
        // `INTERVAL x DAY` over a column: scaled from one unit
        amount if !unit.is_empty() => interval_literal("1", &unit).map(|one| Expr::arith(Arith::Mul, amount, one)),
        _ => None,
    }
    .ok_or_else(|| unsupported(i))
}

fn cast(e: Expr, t: &DataType) -> Out {
    let to = cast_type(t);
    Ok(match (&e, &to) {
        (Expr::Literal(Value::Text(text)), CastType::Interval) => {
            interval_literal(text, "").ok_or_else(|| unsupported(&format!("interval '{text}'")))?
        }
        _ => Expr::Cast { expr: Box::new(e), to },
    })
}

/// The call that stands for DISTINCT around the argument of an aggregate.
pub const DISTINCT: &str = "distinct";

fn function(f: &ast::Function, d: Dialect) -> Out {
    if f.over.is_some() || f.filter.is_some() || !f.within_group.is_empty() {
        return Err(unsupported(f));
    }
    let name = match f.name.0.last() {
        Some(ast::ObjectNamePart::Identifier(i)) => i.value.to_lowercase(),
        _ => return Err(unsupported(f)),
    };
    let mut args = vec![];
    match &f.args {
        ast::FunctionArguments::None => {}
        ast::FunctionArguments::Subquery(_) => return Err(unsupported(f)),
        ast::FunctionArguments::List(l) => {
            let distinct = matches!(l.duplicate_treatment, Some(ast::DuplicateTreatment::Distinct));
            if distinct && l.args.len() != 1 || !l.clauses.is_empty() {
                return Err(unsupported(f));
            }
            for (i, a) in l.args.iter().enumerate() {
                let ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(e)) = a else { return Err(unsupported(f)) };
                // MySQL: the unit of TIMESTAMPDIFF(DAY, a, b) is a bare word
                match e {
                    Sql::Identifier(unit) if i == 0 && matches!(name.as_str(), "timestampdiff" | "timestampadd") => {
                        args.push(Expr::Literal(Value::Text(unit.value.to_lowercase())));
                    }
                    e if distinct => args.push(Expr::call(DISTINCT, vec![convert(e, d)?])),
                    e => args.push(convert(e, d)?),
                }
            }
        }
    }
    known_here(&name, d)?;
    Ok(canonical(&name, args, d))
}

/// Refuses a function that only other servers have: this one would not evaluate it, or calls another function so.
fn known_here(name: &str, d: Dialect) -> Result<(), ParseError> {
    match only_elsewhere(name, d) {
        Some(dialects) => Err(ParseError::Elsewhere { function: name.to_owned(), dialects, dialect: d }),
        None => Ok(()),
    }
}
