//! Stand-in for the CHECK solver until it lands: takes every CHECK as unsolved, and says so.

use serde::{Deserialize, Serialize};

use crate::domain::Domain;
use crate::schema::{Dialect, SqlType};
use crate::value::Value;

pub struct ColumnInput {
    pub name: String,
    pub domain: Option<Domain>,
    pub ty: SqlType,
    pub nullable: bool,
    pub null_share: f64,
    pub role: Role,
}
pub enum Role {
    Free,
    Key,
    Foreign { redraw: bool },
    Generated { expr: String },
}
pub struct NamedCheck {
    pub name: String,
    pub text: String,
    pub soft: bool,
    pub over: Option<String>,
}
impl NamedCheck {
    pub fn new(n: &str, t: &str) -> Self {
        NamedCheck { name: n.into(), text: t.into(), soft: false, over: None }
    }
    pub fn wish(self) -> Self {
        NamedCheck { soft: true, ..self }
    }
    pub fn over_value(self, c: &str) -> Self {
        NamedCheck { over: Some(c.into()), ..self }
    }
}
pub fn solve(columns: &[ColumnInput], checks: &[NamedCheck], _: Dialect, _now: i64) -> Solution {
    Solution {
        columns: columns.iter().map(|_| Narrowed { domain: None, nulls: Nulls::Free, reasons: vec![] }).collect(),
        groups: vec![],
        unsolved: checks
            .iter()
            .filter(|c| !c.soft)
            .map(|c| Unsolved { check: c.name.clone(), text: c.text.clone(), why: "not solved yet".into() })
            .collect(),
        impossible: vec![],
    }
}
pub struct Solution {
    pub columns: Vec<Narrowed>,
    pub groups: Vec<Group>,
    pub unsolved: Vec<Unsolved>,
    pub impossible: Vec<String>,
}
pub struct Unsolved {
    pub check: String,
    pub text: String,
    pub why: String,
}
pub struct Narrowed {
    pub domain: Option<Domain>,
    pub nulls: Nulls,
    pub reasons: Vec<String>,
}
pub enum Nulls {
    Free,
    Never,
    Always,
}
pub trait Draws {
    fn hash(&self, column: usize, attempt: u32) -> u64;
    fn branch(&self, attempt: u32) -> u64;
    fn given(&self, column: usize, attempt: u32) -> Value;
}
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    c: Vec<usize>,
}
pub struct Exhausted {
    pub check: String,
}
impl Group {
    pub fn columns(&self) -> &[usize] {
        &self.c
    }
    pub fn solve_row(&self, _: &dyn Draws) -> Result<Vec<Value>, Exhausted> {
        Err(Exhausted { check: String::new() })
    }
}
