//! One query of the check oracle: a condition over some columns, evaluated for candidate rows.

use super::check_oracle::{AT_ONCE, COLUMNS, CheckOracle, OracleAnswer, QueryPart};
use super::{PlanContext, TablePlanner};
use crate::candidates::{EACH_OF_SEVERAL, Hints, ProbeColumn, combinations, distinct};
use crate::error::Unplannable;
use dbmocker_core::ident;
use dbmocker_core::schema::{OracleQuery, QueryCell, Scene, Schema};
use dbmocker_core::value::Value;

/// A condition over some columns of a table, and what candidate rows for it are made from.
pub(super) struct OracleProbe<'p, 's, 't> {
    oracle: &'p CheckOracle<'p, 's>,
    pub planner: &'p TablePlanner<'t>,
    columns: &'p [usize],
    expression: String,
    cells: Vec<QueryCell<'p>>,
    /// The first cell is sent a second time, as `value`: a CHECK of its domain calls it so.
    twice: bool,
    pub hints: Hints,
    /// Tables that the functions of the condition read.
    scenes: Vec<Scene<'s>>,
}

/// The candidates of each column, and the number of likely ones at the start of each list.
type CandidateLists = (Vec<Vec<Value>>, Vec<usize>);

impl<'s> CheckOracle<'_, 's> {
    /// Queries parts of CHECKs over these columns of the planner's table.
    ///
    /// # Errors
    /// If the query fails, or a row of a table that it reads cannot be generated.
    pub(super) fn answer(
        &self,
        planner: &TablePlanner<'_>,
        columns: &[usize],
        parts: &[QueryPart],
    ) -> Result<OracleAnswer, Unplannable> {
        let generated = |&c: &usize| planner.table.columns[c].generated.is_some();
        let several = columns.len() > 1;
        let fixed = |&c: &usize| several && planner.counted(self.context, c);
        if columns.is_empty() || columns.len() > COLUMNS || columns.iter().any(|c| generated(c) || fixed(c)) {
            return Ok(OracleAnswer::Nothing);
        }
        let probe = self.probe(planner, columns, parts)?;
        if several { probe.answer_for_several() } else { probe.answer_for_one(columns[0]) }
    }

    fn probe<'p, 't>(
        &'p self,
        planner: &'p TablePlanner<'t>,
        columns: &'p [usize],
        parts: &[QueryPart],
    ) -> Result<OracleProbe<'p, 's, 't>, Unplannable> {
        let b = self.context;
        // Rows must satisfy the other CHECKs on these columns as well.
        let beside = self.others.iter().filter(|c| {
            let looked_at = planner.looked_at(b, c, &c.text);
            let within = !looked_at.is_empty() && looked_at.iter().all(|c| columns.contains(c));
            within && (c.value.is_none() || columns.len() == 1)
        });
        let texts: Vec<&str> = parts.iter().map(|p| p.placeholder.text.as_str()).collect();
        let conditions = texts.iter().copied().chain(beside.clone().map(|c| c.text.as_str()));
        let expression = conditions.map(|text| format!("(({text}) is not false)")).collect::<Vec<_>>().join(" and ");
        let value = parts.iter().any(|p| p.value) || beside.clone().any(|c| c.value.is_some());
        let cell = |&c: &usize| {
            let column = &planner.table.columns[c];
            QueryCell { name: &column.name, type_name: column.sql_type(), below: !column.domain_checks.is_empty() }
        };
        let mut cells: Vec<QueryCell<'_>> = columns.iter().map(cell).collect();
        // A domain's CHECKs call the column VALUE; without other CHECKs, its columns have the same queries.
        let of_domain = value && parts.iter().all(|p| p.value) && beside.clone().all(|c| c.value.is_some());
        let twice = value && !of_domain && cells[0].name != "value";
        if twice {
            cells.push(QueryCell { name: "value", ..cells[0] });
        } else if of_domain {
            cells[0].name = "value";
        }
        let sources = b.existing.sources(&expression)?;
        // A default value is likely to satisfy the CHECK.
        let defaults = columns.iter().filter_map(|&c| planner.table.columns[c].default.as_deref());
        let of_session = defaults.clone().filter_map(|d| of_session(d, b.schema));
        let defaults = defaults.map(str::to_owned).chain(of_session).collect::<Vec<_>>();
        let texts = sources.iter().chain([&expression]).chain(&defaults);
        let hints = Hints::of(texts.map(String::as_str));
        let scenes = planner.scenes(b, &hints)?;
        Ok(OracleProbe { oracle: self, planner, columns, expression, cells, twice, hints, scenes })
    }
}

impl OracleProbe<'_, '_, '_> {
    pub(super) fn context(&self) -> &PlanContext<'_> {
        self.oracle.context
    }

    /// Returns those of the rows that the server accepts.
    ///
    /// # Errors
    /// If the query fails.
    fn accepted(&self, rows: Vec<Vec<Value>>) -> Result<Vec<Vec<Value>>, Unplannable> {
        let verdicts = self.verdicts(&rows)?;
        Ok(rows.into_iter().zip(verdicts).filter(|(_, accepted)| *accepted).map(|(row, _)| row).collect())
    }

    /// Returns whether the server accepts each of the rows; nothing without a server.
    ///
    /// # Errors
    /// If the query fails.
    pub(super) fn verdicts(&self, rows: &[Vec<Value>]) -> Result<Vec<bool>, Unplannable> {
        let doubled: Vec<Vec<Value>>;
        let sent = if self.twice {
            doubled = rows.iter().map(|row| row.iter().chain([&row[0]]).cloned().collect()).collect();
            &doubled
        } else {
            rows
        };
        let query = OracleQuery { expression: &self.expression, cells: &self.cells, rows: sent, scenes: &self.scenes };
        Ok(self.oracle.context.existing.check_oracle(&query)?.unwrap_or_default())
    }

    /// Returns the values that an earlier query accepted, or the only possible ones.
    pub(super) fn known_values(&self, c: usize) -> Result<Option<Vec<Value>>, Unplannable> {
        match self.oracle.accepted.get(&c) {
            Some(values) => Ok(Some(distinct(values.iter().cloned()))),
            None => self.planner.fixed_values(self.oracle.context, c),
        }
    }

    /// Returns the column as a source of candidates; `None` if it has no domain.
    pub(super) fn column(&self, c: usize) -> Option<ProbeColumn<'_>> {
        let (b, d) = (self.oracle.context, &self.planner.columns[c]);
        let likely = self.oracle.narrowed.get(c).and_then(Option::as_ref).or(d.domain.as_ref())?;
        let legal = d.legal.as_ref().unwrap_or(likely);
        let ty = &self.planner.table.columns[c].ty;
        Some(ProbeColumn { likely, legal, ty, dialect: b.schema.dialect, now: b.options.now })
    }

    /// Returns values of tables that the functions name, since they may look them up.
    pub(super) fn values_read(&self, c: usize) -> Vec<Value> {
        self.planner.values_read(self.oracle.context, c, &self.hints)
    }

    fn answer_for_several(&self) -> Result<OracleAnswer, Unplannable> {
        let Some((lists, likely)) = self.lists()? else { return Ok(OracleAnswer::Nothing) };
        // Combinations of likely values.
        let usual = combinations(&lists, &likely, AT_ONCE / 3, 1);
        let all = usual.len();
        let mut rows = self.accepted(usual)?;
        if rows.len() == all && all > 100 {
            return Ok(OracleAnswer::All(all));
        }
        let lengths: Vec<usize> = lists.iter().map(Vec::len).collect();
        let more = combinations(&lists, &lengths, AT_ONCE * 2, 2);
        let asked = all + more.len();
        rows.extend(self.accepted(more)?);
        Ok(if rows.is_empty() { OracleAnswer::None(asked) } else { OracleAnswer::Rows(rows, asked) })
    }

    /// Returns the candidates of each column, and the number of likely ones at the start of each list; `None` if a
    /// column has none.
    fn lists(&self) -> Result<Option<CandidateLists>, Unplannable> {
        let (mut lists, mut likely) = (Vec::new(), Vec::new());
        for &c in self.columns {
            let accepted = self.oracle.accepted.get(&c);
            let (mut values, first) = match self.known_values(c)? {
                Some(values) => (values, None),
                None => {
                    let Some(column) = self.column(c) else { return Ok(None) };
                    let mut values = column.likely(EACH_OF_SEVERAL as u64 / 2, 0);
                    let first = values.len();
                    values.extend(self.values_read(c).into_iter().take(EACH_OF_SEVERAL / 2));
                    let further = column.further(&self.hints, EACH_OF_SEVERAL as u64 / 4, 0);
                    values.extend(further.into_iter().take(EACH_OF_SEVERAL / 2));
                    (distinct(values), Some(first))
                }
            };
            likely.push(first.unwrap_or(values.len()));
            values.truncate(EACH_OF_SEVERAL * 3 / 2);
            let context = self.oracle.context;
            if context.nullable(self.planner.index, c)
                && accepted.is_none_or(|values| values.iter().any(Value::is_null))
            {
                values.push(Value::Null);
            }
            lists.push(values);
        }
        Ok((!lists.iter().any(Vec::is_empty)).then_some((lists, likely)))
    }
}

/// Returns the value, as a literal, that a default takes from the session: the role, the database, the schema.
fn of_session(default: &str, schema: &Schema) -> Option<String> {
    let name = default.split("::").next()?.trim_end_matches("()").to_lowercase();
    let value = match name.as_str() {
        "current_user" | "session_user" | "user" => {
            schema.settings.get("role").or_else(|| schema.settings.get("account"))?
        }
        "current_database" | "database" | "current_catalog" => &schema.database,
        "current_schema" | "schema" => &schema.default_schema,
        _ => return None,
    };
    Some(ident::literal(schema.dialect, value))
}
