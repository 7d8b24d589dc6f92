//! Random expressions of a dialect over the columns of one table, and the rows of that table.

use std::collections::BTreeMap;

use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::schema::Dialect;
use dbmocker_core::time::{parse_date, parse_timestamp};
use dbmocker_core::value::Value;
use dbmocker_predicate::{Builtin, ValueType, builtins};

/// The columns of the table, with their types.
pub fn columns(dialect: Dialect) -> &'static [(&'static str, &'static str)] {
    match dialect {
        Dialect::Postgres => &[
            ("i", "integer"),
            ("j", "integer"),
            ("n", "numeric(10,2)"),
            ("s", "text"),
            ("u", "text"),
            ("d", "date"),
            ("m", "timestamp"),
            ("k", "jsonb"),
            ("a", "integer[]"),
            ("r", "int4range"),
        ],
        Dialect::Mysql => &[
            ("i", "integer"),
            ("j", "integer"),
            ("n", "decimal(10,2)"),
            ("s", "text"),
            ("u", "text"),
            ("d", "date"),
            ("m", "datetime(6)"),
            ("k", "longtext"),
        ],
        Dialect::Sqlite => &[
            ("i", "INTEGER"),
            ("j", "INTEGER"),
            ("n", "REAL"),
            ("s", "TEXT"),
            ("u", "TEXT"),
            ("d", "TEXT"),
            ("m", "TEXT"),
            ("k", "TEXT"),
        ],
    }
}

/// One row as texts; `None` for NULL.
type Texts = [Option<&'static str>; 10];

#[rustfmt::skip] // one row, one line
const ROWS: &[Texts] = &[
    [None; 10],
    [Some("0"), Some("-1"), Some("0.00"), Some(""), Some(" "), Some("1970-01-01"), Some("1970-01-01 00:00:00"), Some("{}"), Some("{}"), Some("empty")],
    [Some("7"), Some("3"), Some("12.50"), Some("abcab"), Some("b"), Some("2024-02-29"), Some("2024-02-29 23:59:59"), Some(r#"{"a": 1, "b": [1, "x", null]}"#), Some("{3,1,3}"), Some("[1,5)")],
    [Some("-12"), Some("5"), Some("-0.55"), Some(" Ab c "), Some("A"), Some("2000-12-31"), Some("2000-12-31 12:30:05.5"), Some(r#"{"a": "x", "b": {"c": true}}"#), Some("{7}"), Some("[2,)")],
    [Some("100"), Some("0"), Some("1234.56"), Some("Äöß€x"), Some("ß"), Some("1999-01-03"), Some("1999-01-03 06:07:08"), Some("[1, 2.5, \"a\"]"), Some("{1,2,100}"), Some("(,9)")],
    [Some("2"), None, Some("2.50"), Some("a,b,,c"), Some(","), None, Some("2023-08-15 10:00:00"), Some("null"), None, Some("[7,8)")],
    [Some("65"), Some("4"), None, None, Some("10.0.0.7"), Some("2023-12-31"), None, Some("\"text\""), Some("{5,5}"), None],
];

/// The rows as dbmocker has them.
pub fn rows(dialect: Dialect) -> Vec<BTreeMap<String, Value>> {
    let value = |name: &str, text: &str| match name {
        "i" | "j" => Value::Int(text.parse().unwrap()),
        "n" if dialect == Dialect::Sqlite => Value::Float(text.parse().unwrap()),
        "n" => Value::Decimal { unscaled: text.replace('.', "").parse().unwrap(), scale: 2 },
        "d" if dialect != Dialect::Sqlite => Value::Date(parse_date(text).unwrap()),
        "m" if dialect != Dialect::Sqlite => Value::Timestamp(parse_timestamp(text).unwrap()),
        "a" => Value::Array(
            text.trim_matches(['{', '}']).split(',').filter_map(|i| i.parse().ok()).map(Value::Int).collect(),
        ),
        _ => Value::text(text),
    };
    let row = |texts: &Texts| {
        let cells = columns(dialect).iter().zip(texts);
        cells.map(|((name, _), text)| ((*name).to_owned(), text.map_or(Value::Null, |t| value(name, t)))).collect()
    };
    ROWS.iter().map(row).collect()
}

/// Makes expressions; the same seed makes the same ones.
pub struct Generator {
    dialect: Dialect,
    random: CellRng,
}

impl Generator {
    pub fn new(dialect: Dialect, seed: u64) -> Generator {
        Generator { dialect, random: CellRng::new(seed) }
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.random.below(n) == 0
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[usize::try_from(self.random.below(of.len() as u64)).unwrap()]
    }

    /// One call for each number of arguments that the entry accepts, without those that read the clock.
    pub fn calls(&mut self, builtin: &Builtin, spelling: &str) -> Vec<String> {
        let most = builtin.takes.len() + usize::from(builtin.variadic);
        let timed = builtin.takes.iter().position(|t| *t == ValueType::Timestamp);
        let least = match timed {
            _ if spelling == "age" => 2,
            Some(place) => place + 1,
            None if builtin.returns == ValueType::Number => 0,
            None => 1,
        };
        (least..=most).filter(|n| builtin.accepts(*n)).map(|n| self.call(builtin, spelling, n, 2)).collect()
    }

    fn call(&mut self, builtin: &Builtin, spelling: &str, n: usize, depth: u32) -> String {
        // All arguments of any type have the same one.
        let any = match builtin.takes.contains(&ValueType::Array) {
            false if self.one_in(2) => ValueType::Text,
            _ => ValueType::Int,
        };
        self.call_with(builtin, spelling, n, any, depth)
    }

    fn call_with(&mut self, builtin: &Builtin, spelling: &str, n: usize, any: ValueType, depth: u32) -> String {
        let types = (0..n).map(|i| builtin.takes.get(i).or(builtin.takes.last()).copied().unwrap_or(any));
        let args: Vec<String> = types
            .map(|t| match t {
                ValueType::Any => self.value(any, depth - 1),
                ValueType::Json if spelling.starts_with("json_") && self.dialect == Dialect::Postgres => {
                    format!("({})::json", self.value(t, depth - 1))
                }
                // A bare word.
                ValueType::Unit if self.dialect == Dialect::Mysql => self.unit().to_uppercase(),
                ValueType::Unit => format!("'{}'", self.unit()),
                t => self.value(t, depth - 1),
            })
            .collect();
        let call = format!("{spelling}({})", args.join(", "));
        // The servers write intervals in many ways.
        if builtin.returns == ValueType::Interval { format!("extract(epoch from {call})") } else { call }
    }

    fn unit(&mut self) -> &'static str {
        match self.dialect {
            Dialect::Mysql => self.pick(&["second", "minute", "hour", "day", "week", "month", "quarter", "year"]),
            _ => {
                self.pick(&["second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century"])
            }
        }
    }

    /// An expression of a type.
    pub fn value(&mut self, of: ValueType, depth: u32) -> String {
        if depth > 0
            && self.one_in(3)
            && let Some(call) = self.nested(of, depth)
        {
            return call;
        }
        if depth > 0 && self.one_in(5) && matches!(of, ValueType::Int | ValueType::Number) {
            let op = self.pick(&["+", "-", "*", "%"]);
            return format!("({} {op} {})", self.value(of, depth - 1), self.value(of, depth - 1));
        }
        self.leaf(of)
    }

    fn nested(&mut self, of: ValueType, depth: u32) -> Option<String> {
        let dialect = self.dialect;
        let spelled =
            builtins().filter(|b| b.returns == of && !b.takes.is_empty() && !b.takes.contains(&ValueType::Array));
        let spelled = spelled.flat_map(|b| b.spellings.iter().map(move |(s, d)| (b, *s, *d)));
        let all: Vec<_> =
            spelled.filter(|(b, s, d)| d.contains(&dialect) && b.name != "age" && *s != "length").collect();
        let (builtin, spelling, _) = all.get(usize::try_from(self.random.below(all.len().max(1) as u64)).unwrap())?;
        let least = builtin.takes.iter().position(|t| *t == ValueType::Timestamp).map_or(1, |place| place + 1);
        let n = least.max(builtin.takes.len() - usize::from(builtin.optional > 0 && self.one_in(2)));
        builtin.accepts(n).then(|| self.call(builtin, spelling, n, depth))
    }

    fn leaf(&mut self, of: ValueType) -> String {
        use Dialect::{Mysql, Postgres, Sqlite};
        let text: &str = match (of, self.dialect) {
            (ValueType::Any | ValueType::Int, _) if self.one_in(2) => self.pick(&["i", "j"]),
            (ValueType::Any | ValueType::Int, _) => self.pick(&["0", "1", "2", "3", "(-1)", "(-2)", "5", "11", "255"]),
            (ValueType::Number, _) => self.pick(&["n", "n", "i", "1.5", "2", "0.25", "(-2.5)", "3.14159", "10"]),
            (ValueType::Text, _) if self.one_in(2) => self.pick(&["s", "u"]),
            (ValueType::Text, _) => {
                self.pick(&["''", "'a'", "'b'", "'Ab'", "' x '", "','", "'ab'", "'10.0.0.1'", "'xyz12'"])
            }
            (ValueType::Bool, _) => self.pick(&["(i > 2)", "(s = 'abcab')", "(n IS NULL)", "(j <= i)"]),
            (ValueType::Date | ValueType::Timestamp, Sqlite) => {
                self.pick(&["d", "m", "'2024-01-31'", "'2023-08-15 10:20:30'", "'12:34:56'", "s"])
            }
            (ValueType::Date, Postgres) => self.pick(&["d", "date '2024-01-31'"]),
            (ValueType::Date | ValueType::Timestamp, Mysql) => {
                self.pick(&["d", "m", "date('2024-01-31')", "timestamp('2023-08-15 10:20:30')"])
            }
            (ValueType::Timestamp, Postgres) => {
                self.pick(&["m", "m", "d::timestamp", "timestamp '2023-08-15 10:20:30.25'"])
            }
            (ValueType::Time, _) => self.pick(&["time('10:20:30')", "time('-01:00:05')", "'100:00:00'", "'00:00:01'"]),
            (ValueType::Interval, _) => "interval '1 day'",
            (ValueType::Unit, _) => "'day'",
            (ValueType::Network, _) => {
                self.pick(&["inet '10.1.2.3/8'", "inet '10.1.2.3'", "inet '::1/64'", "inet 'fe80::1'"])
            }
            (ValueType::Json, Postgres) => self.pick(&["k", "k", "'[1, 2]'::jsonb", "'\"x\"'::jsonb", "'3'::jsonb"]),
            (ValueType::Json, _) => self.pick(&["k", "k", "'[1, 2]'", "'{\"a\": [1, {\"x\": 2.5}]}'", "'\"x\"'"]),
            (ValueType::Path, _) => self.pick(&["'$'", "'$.a'", "'$.b'", "'$.b[1]'", "'$[0]'", "'$.b.c'", "'$.none'"]),
            (ValueType::Array, _) => self.pick(&["a", "a", "ARRAY[3,1]", "'{}'::integer[]", "ARRAY[2]"]),
            (ValueType::Range, _) => {
                self.pick(&["r", "r", "'[1,5)'::int4range", "'empty'::int4range", "'(,3)'::int4range"])
            }
            (ValueType::Pattern, _) => {
                self.pick(&["'[a-c]+'", "'^a'", "'b$'", "'.'", "'[[:digit:]]+'", "'(a|x)b?'", "'B'"])
            }
            (ValueType::Format, _) => {
                self.pick(&["'%Y-%m-%d'", "'%H:%M:%S'", "'%j'", "'%s'", "'%w'", "'%Y%%'", "'%F %T'", "'%f'"])
            }
            (ValueType::Modifier, _) => self.pick(&[
                "'+1 day'",
                "'-2 months'",
                "'start of month'",
                "'+1 year'",
                "'start of year'",
                "'+90 minutes'",
            ]),
        };
        text.to_owned()
    }

    /// A truth value made of comparisons.
    pub fn condition(&mut self, depth: u32) -> String {
        if depth > 0 && !self.one_in(3) {
            let (a, b) = (self.condition(depth - 1), self.condition(depth - 1));
            return match self.random.below(6) {
                0 | 1 => format!("({a} AND {b})"),
                2 | 3 => format!("({a} OR {b})"),
                4 => format!("(NOT {a})"),
                _ => format!("(CASE WHEN {a} THEN {b} ELSE {} END)", self.condition(depth - 1)),
            };
        }
        let of = if self.one_in(2) { ValueType::Text } else { ValueType::Int };
        let (a, b) = (self.value(of, 2), self.value(of, 2));
        match self.random.below(8) {
            0 => format!("({a} IS NULL)"),
            1 => format!("({a} IS NOT NULL)"),
            2 => format!("({a} IN ({b}, {}))", self.value(of, 1)),
            3 if of == ValueType::Int => format!("({a} BETWEEN {b} AND {})", self.value(of, 1)),
            4 if of == ValueType::Text => {
                format!("({a} LIKE {})", self.pick(&["'a%'", "'%b'", "'_b%'", "'%'", "'%,%'"]))
            }
            _ => {
                let op = self.pick(&["=", "<>", "<", "<=", ">", ">="]);
                // The servers order texts by their collations.
                let op = if of == ValueType::Text && self.dialect != Dialect::Sqlite { "=" } else { op };
                format!("({a} {op} {b})")
            }
        }
    }
}
