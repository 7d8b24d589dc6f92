//! Plans of queries on both sides: EXPLAIN without ANALYZE, so that no query runs.

use std::fmt;

use dbmocker_loaders::{Connection, Dialect};
use dbmocker_schema::{Explainer, SchemaError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A query's plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryPlan {
    pub query: String,
    /// The nodes: `Hash Join/Inner(Seq Scan:orders, Hash(Seq Scan:customers))`.
    pub shape: String,
    /// Rows that the planner expects.
    pub rows: f64,
}

/// The plans of a file of queries, as `dbmocker explain` writes them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plans {
    /// [`VERSION`].
    pub dbmocker_plans: u32,
    pub server: String,
    pub queries: Vec<QueryPlan>,
}

/// A query's plans on both sides.
#[derive(Debug, Clone, Serialize)]
pub struct QueryVerdict {
    pub query: String,
    pub same_plan: bool,
    /// The estimates differ by a factor of two at most.
    pub near: bool,
    pub there: QueryPlan,
    pub here: Option<QueryPlan>,
    /// The first difference of the shapes, or why the copy has no plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why there is no plan of a query.
#[derive(Debug, thiserror::Error)]
pub enum NoQueryPlan {
    /// The server's message for its EXPLAIN.
    #[error("{0}")]
    Server(String),
    #[error("a plan of an unknown form")]
    UnknownForm,
}

impl QueryVerdict {
    /// `here`: the copy's plan, or why there is none.
    pub fn new(there: &QueryPlan, here: Result<QueryPlan, NoQueryPlan>) -> Self {
        let query = there.query.clone();
        match here {
            Err(reason) => QueryVerdict {
                query,
                same_plan: false,
                near: false,
                there: there.clone(),
                here: None,
                reason: Some(reason.to_string()),
            },
            Ok(here) => {
                let ratio = here.rows.max(1.0) / there.rows.max(1.0);
                let same_plan = here.shape == there.shape;
                let reason = (!same_plan).then(|| parting(&there.shape, &here.shape));
                let near = (0.5..=2.0).contains(&ratio);
                QueryVerdict { query, same_plan, near, there: there.clone(), here: Some(here), reason }
            }
        }
    }
}

/// The first node that differs.
fn parting(there: &str, here: &str) -> String {
    let nodes = |shape: &str| -> Vec<String> {
        shape.split(['(', ')']).flat_map(|s| s.split(", ")).filter(|s| !s.is_empty()).map(str::to_owned).collect()
    };
    let (a, b) = (nodes(there), nodes(here));
    let at = a.iter().zip(&b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
    let node = |of: &[String]| of.get(at).cloned().unwrap_or_else(|| "nothing more".into());
    format!("{} > {}", node(&a), node(&b))
}

impl fmt::Display for QueryVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut short: String = self.query.split_whitespace().collect::<Vec<_>>().join(" ");
        if short.chars().count() > 60 {
            short = short.chars().take(57).chain("...".chars()).collect();
        }
        let rows = self.here.as_ref().map_or("-".to_owned(), |h| format!("{:.0}", h.rows));
        let plan = if self.same_plan { "same plan" } else { "other plan" };
        let near = if self.near { "" } else { " (not within 2x)" };
        write!(f, "{short}: {plan}, rows {:.0} > {rows}{near}", self.there.rows)?;
        self.reason.iter().try_for_each(|reason| write!(f, "; {reason}"))
    }
}

/// The version of the file that `dbmocker explain` writes.
pub const VERSION: u32 = 1;

/// Returns the plans of all queries, with an error for each query that the server cannot plan.
///
/// # Errors
/// The server cannot be reached.
pub fn explain(
    connection: &Connection,
    queries: &[String],
) -> Result<Vec<Result<QueryPlan, NoQueryPlan>>, SchemaError> {
    let mut explainer = Explainer::open(connection)?;
    let one = |query: &String| match explainer.plan(query) {
        Ok(text) => Ok(of_text(connection.dialect, query, &text).ok_or(NoQueryPlan::UnknownForm)),
        Err(SchemaError::Query { message, .. } | SchemaError::Privilege { message, .. }) => {
            Ok(Err(NoQueryPlan::Server(message)))
        }
        Err(e) => Err(e),
    };
    queries.iter().map(one).collect()
}

/// Reads a plan as the server prints it.
fn of_text(dialect: Dialect, query: &str, text: &str) -> Option<QueryPlan> {
    let query = query.to_owned();
    if dialect == Dialect::Sqlite {
        // No estimates are printed.
        return Some(QueryPlan { query, shape: text.replace('\n', ", "), rows: 0.0 });
    }
    let json: Value = serde_json::from_str(text).ok()?;
    if dialect == Dialect::Postgres {
        let plan = json.get(0)?.get("Plan")?;
        return Some(QueryPlan { query, shape: postgres_shape(plan), rows: plan.get("Plan Rows")?.as_f64()? });
    }
    let mut steps = Vec::new();
    mysql_steps(&json, &mut steps);
    let rows = steps.iter().map(|(_, rows)| rows).product();
    let shape = steps.into_iter().map(|(step, _)| step).collect::<Vec<_>>().join(", ");
    Some(QueryPlan { query, shape, rows })
}

fn postgres_shape(node: &Value) -> String {
    let text = |key: &str| node.get(key).and_then(Value::as_str);
    let mut shape = text("Node Type").unwrap_or_default().to_owned();
    if let Some(join) = text("Join Type") {
        shape += &format!("/{join}");
    }
    if let Some(name) = text("Index Name").or(text("Relation Name")) {
        shape += &format!(":{name}");
    }
    if let Some(below) = node.get("Plans").and_then(Value::as_array) {
        shape += &format!("({})", below.iter().map(postgres_shape).collect::<Vec<_>>().join(", "));
    }
    shape
}

/// The tables in the order in which they are read, each with its access method and the rows it gives for each row of
/// the tables before it.
fn mysql_steps(node: &Value, out: &mut Vec<(String, f64)>) {
    match node {
        Value::Object(map) => {
            if let (Some(Value::String(table)), Some(Value::String(access))) =
                (map.get("table_name"), map.get("access_type"))
            {
                let key = map.get("key").and_then(Value::as_str).map_or(String::new(), |key| format!("/{key}"));
                let number = |keys: &[&str]| {
                    keys.iter().find_map(|k| {
                        let value = map.get(*k)?;
                        value.as_f64().or_else(|| value.as_str()?.parse().ok())
                    })
                };
                let rows = number(&["rows_examined_per_scan", "rows"]).unwrap_or(1.0);
                let filtered = number(&["filtered"]).unwrap_or(100.0);
                out.push((format!("{access}:{table}{key}"), rows * filtered / 100.0));
            }
            map.values().for_each(|v| mysql_steps(v, out));
        }
        Value::Array(items) => items.iter().for_each(|v| mysql_steps(v, out)),
        _ => {}
    }
}

/// The statements of a file: cut at semicolons outside of quotes and comments.
pub fn statements(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut chars = text.chars().peekable();
    let mut quote: Option<char> = None;
    while let Some(c) = chars.next() {
        let last = out.last_mut().expect("there is one at least");
        match (quote, c) {
            (Some(q), _) => {
                last.push(c);
                if c == q {
                    quote = None;
                }
            }
            (None, '\'' | '"' | '`') => {
                quote = Some(c);
                last.push(c);
            }
            (None, '-') if chars.peek() == Some(&'-') => {
                chars.by_ref().find(|c| *c == '\n');
                last.push(' ');
            }
            (None, '/') if chars.peek() == Some(&'*') => {
                let mut before = ' ';
                chars.by_ref().find(|c| std::mem::replace(&mut before, *c) == '*' && *c == '/');
                last.push(' ');
            }
            (None, ';') => out.push(String::new()),
            (None, _) => last.push(c),
        }
    }
    out.into_iter().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_at_its_semicolons() {
        let text = "-- first; of all\nselect ';' from t /* a;b */ where a = \"x;y\";\n\nselect 2 ; ";
        assert_eq!(statements(text), ["select ';' from t   where a = \"x;y\"", "select 2"]);
    }

    #[test]
    fn where_plans_part() {
        let plan = |shape: &str, rows: f64| QueryPlan { query: "q".into(), shape: shape.into(), rows };
        let there = plan("Aggregate(Hash Join/Inner(Seq Scan:a, Hash(Seq Scan:b)))", 100.0);
        let here = plan("Aggregate(Hash Join/Inner(Index Scan:a_x, Hash(Seq Scan:b)))", 250.0);
        let verdict = QueryVerdict::new(&there, Ok(here));
        assert!(!verdict.same_plan && !verdict.near);
        assert_eq!(verdict.reason.unwrap(), "Seq Scan:a > Index Scan:a_x");
        assert!(QueryVerdict::new(&there, Ok(there.clone())).same_plan);
    }
}
