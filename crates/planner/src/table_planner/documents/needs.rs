//! The conditions on the members of a document.

use std::collections::BTreeMap;

use crate::documents::text;
use dbmocker_core::schema::SqlType;
use dbmocker_core::value::Value;
use dbmocker_domain::document::{Document, DocumentMember};
use dbmocker_domain::{Domain, RangeKind, Shape};
use dbmocker_predicate::{Cmp, Expr};
use dbmocker_semantics as semantics;
use dbmocker_semantics::InferContext;

/// Bounds of numbers without a condition.
const NUMBERS: (i128, i128) = (0, 1000);
/// Maximum number of characters of texts without a condition.
const LONGEST: u32 = 40;

/// The members that conditions name, by their path from the root.
#[derive(Debug, Default)]
pub(super) struct Needs {
    column: String,
    members: BTreeMap<Vec<String>, Need>,
    schema: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Default)]
struct Need {
    kind: Option<String>,
    among: Vec<Value>,
    least: Option<i128>,
    most: Option<i128>,
}

impl Needs {
    pub fn new(column: &str) -> Self {
        Needs { column: column.into(), ..Needs::default() }
    }

    /// Returns the JSON Schema that the documents must satisfy.
    pub fn schema(&self) -> Option<&serde_json::Value> {
        self.schema.as_ref()
    }

    /// Adds the conditions of an expression, as far as they are a conjunction.
    pub fn read(&mut self, condition: &Expr) {
        match condition {
            Expr::And(parts) => parts.iter().for_each(|p| self.read(p)),
            Expr::Is { expr, negated: true, .. } => {
                if let Some(member_path) = self.member_path_of(expr) {
                    self.at(member_path);
                }
            }
            Expr::Is { expr, negated: false, what: dbmocker_predicate::Is::True } => self.read(expr),
            Expr::In { expr, list, negated: false } => {
                let values: Vec<Value> = list.iter().filter_map(|e| e.literal().cloned()).collect();
                self.among(expr, values);
            }
            Expr::Compare { op, left, right } => self.compare(*op, left, right),
            Expr::Call { name, args } => self.call(name, args),
            _ => {}
        }
    }

    fn compare(&mut self, op: Cmp, left: &Expr, right: &Expr) {
        let (expr, op, value) = match (plain(left).literal(), plain(right).literal()) {
            (None, Some(value)) => (left, op, value.clone()),
            (Some(value), None) => (right, op.flip(), value.clone()),
            _ => return,
        };
        if op == Cmp::Eq {
            return self.among(expr, vec![value]);
        }
        let Some(member_path) =
            self.member_path_of(plain(expr)).filter(|_| matches!(value, Value::Int(_) | Value::Decimal { .. }))
        else {
            return;
        };
        let Some((n, _)) = dbmocker_domain::range_units::units(RangeKind::Int, &value) else { return };
        let need = self.at(member_path);
        match op {
            Cmp::Gt => need.least = Some(n + 1),
            Cmp::Ge => need.least = Some(n),
            Cmp::Lt => need.most = Some(n - 1),
            Cmp::Le => need.most = Some(n),
            Cmp::Eq | Cmp::Ne => {}
        }
    }

    /// Adds that `expr` (a member, or the type of one) is one of the values.
    fn among(&mut self, expr: &Expr, values: Vec<Value>) {
        let expr = plain(expr);
        if let Expr::Call { name, args } = expr
            && matches!(name.as_str(), "json_typeof" | "jsonb_typeof" | "json_type")
        {
            let member_path = match args.as_slice() {
                [document] => self.member_path_of(document),
                [document, path] => self.joined(document, path),
                _ => None,
            };
            if let (Some(member_path), Some(Value::Text(kind))) = (member_path, values.first()) {
                self.at(member_path).kind = Some(kind.to_lowercase());
            }
        } else if let Some(member_path) = self.member_path_of(expr).filter(|member_path| !member_path.is_empty()) {
            self.at(member_path).among = values;
        }
    }

    fn call(&mut self, name: &str, args: &[Expr]) {
        match (name, args) {
            ("json_has_key", [document, key]) => {
                let (Some(mut member_path), Some(key)) = (self.member_path_of(document), plain(key).literal()) else {
                    return;
                };
                member_path.push(key.to_string());
                self.at(member_path);
            }
            ("json_has_all_keys", [document, Expr::Array(keys)]) => {
                for key in keys.iter().filter_map(|k| plain(k).literal()) {
                    if let Some(mut member_path) = self.member_path_of(document) {
                        member_path.push(key.to_string());
                        self.at(member_path);
                    }
                }
            }
            ("json_schema_valid" | "json_matches_schema" | "jsonb_matches_schema", [schema, document]) => {
                let own = self.member_path_of(document).is_some_and(|member_path| member_path.is_empty());
                if let (true, Some(text)) = (own, plain(schema).literal()) {
                    self.schema = serde_json::from_str(&text.to_string()).ok();
                }
            }
            _ => {}
        }
    }

    fn at(&mut self, member_path: Vec<String>) -> &mut Need {
        self.members.entry(member_path).or_default()
    }

    /// Returns the member's path from the root, if the expression is a member of the column.
    fn member_path_of(&self, expr: &Expr) -> Option<Vec<String>> {
        use dbmocker_predicate::Arith::{JsonGet, JsonGetText};
        match plain(expr) {
            Expr::Column(name) if *name == self.column => Some(Vec::new()),
            Expr::Arith { op: JsonGet | JsonGetText, left, right } => self.joined(left, right),
            Expr::Call { name, args } if matches!(name.as_str(), "json_extract" | "json_value") && args.len() == 2 => {
                self.joined(&args[0], &args[1])
            }
            Expr::Call { name, args } if name == "json_unquote" && args.len() == 1 => self.member_path_of(&args[0]),
            _ => None,
        }
    }

    /// Appends a step to a path: a key, or a path such as `$.a.b`.
    fn joined(&self, document: &Expr, step: &Expr) -> Option<Vec<String>> {
        let mut member_path = self.member_path_of(document)?;
        let Some(Value::Text(step)) = plain(step).literal() else { return None };
        match step.strip_prefix('$') {
            Some(path) if path.contains('[') => return None,
            Some(path) => {
                member_path.extend(path.split('.').filter(|s| !s.is_empty()).map(|s| s.trim_matches('"').to_owned()))
            }
            None => member_path.push(step.clone()),
        }
        Some(member_path)
    }

    /// Returns a shape with all of the members; `None` if no condition names one.
    pub fn document(&self, context: &InferContext) -> Option<Document> {
        let named = self.members.keys().any(|member_path| !member_path.is_empty());
        let root = self.members.get(&Vec::new()).and_then(|n| n.kind.as_deref());
        (named && root.is_none_or(|kind| kind == "object")).then(|| self.below(&[], context))
    }

    fn below(&self, member_path: &[String], context: &InferContext) -> Document {
        let mut names: Vec<&String> = Vec::new();
        for below in self.members.keys().filter(|w| w.len() > member_path.len() && w.starts_with(member_path)) {
            let name = &below[member_path.len()];
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let member = |name: &String| {
            let member_path: Vec<String> = member_path.iter().chain([name]).cloned().collect();
            let deeper = self.members.keys().any(|w| w.len() > member_path.len() && w.starts_with(&member_path));
            let document = match self.members.get(&member_path) {
                _ if deeper => self.below(&member_path, context),
                Some(need) => need.document(name, context),
                None => Document::Object { members: Vec::new(), open: true },
            };
            DocumentMember::new(name, true, document)
        };
        Document::Object { members: names.into_iter().map(member).collect(), open: true }
    }
}

impl Need {
    fn document(&self, name: &str, context: &InferContext) -> Document {
        if !self.among.is_empty() {
            let bare = matches!(self.kind.as_deref(), Some("number" | "integer" | "boolean"));
            let json = |v: &Value| match v {
                Value::Text(t) if !bare => serde_json::Value::from(t.as_str()).to_string(),
                other => other.to_string(),
            };
            return Document::OneOf(self.among.iter().map(json).collect());
        }
        let bounded = self.least.is_some() || self.most.is_some();
        match self.kind.as_deref() {
            Some("object") => Document::Object { members: Vec::new(), open: true },
            Some("array") => {
                let item = Document::Leaf(Box::new(text(name.trim_end_matches('s'), 20, context)));
                Document::Array { item: Box::new(item), min: 1, max: 4, unique: false }
            }
            Some("boolean") => Document::OneOf(vec!["true".into(), "false".into()]),
            Some("true" | "false" | "null") => Document::OneOf(vec![self.kind.clone().unwrap_or_default()]),
            Some("real" | "double") => {
                Document::Leaf(Box::new(Domain::Float { lo: 0.5, hi: 999.5, decimals: 2, shape: Shape::Low }))
            }
            Some("number" | "integer") => Document::Leaf(Box::new(self.number(name, context))),
            None if bounded => Document::Leaf(Box::new(self.number(name, context))),
            _ => Document::Leaf(Box::new(text(name, LONGEST, context))),
        }
    }

    fn number(&self, name: &str, context: &InferContext) -> Domain {
        let ty = SqlType::Int { bytes: 8, unsigned: false, tinyint1: false };
        let (lo, hi) = match semantics::infer_by_name(name, &ty, context) {
            Some(Domain::Range { kind: RangeKind::Int, lo, hi, .. }) => (lo, hi),
            _ => NUMBERS,
        };
        let lo =
            self.least.unwrap_or(if self.most.is_some_and(|m| m < lo) { self.most.unwrap_or(lo) - 100 } else { lo });
        let hi = self.most.unwrap_or(hi.max(lo + 100));
        Domain::Range { kind: RangeKind::Int, lo, hi: hi.max(lo), step: 1, except: vec![], shape: Shape::Low }
    }
}

/// Returns an expression without its casts.
fn plain(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast { expr, .. } => plain(expr),
        other => other,
    }
}
