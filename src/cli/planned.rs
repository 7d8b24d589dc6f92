//! A plan and its generator, from a database or from the file of a saved plan.

use std::path::Path;
use std::sync::Arc;

use super::args;
use super::config::{self, Planning, Source};
use super::request::Request;
use crate::error::{Exit, Failure, OrExit};
use crate::run;
use dbmocker_core::schema::Skipped;
use dbmocker_files::Manifest;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;
use dbmocker_planner::{PlanError, fits, nearest};

/// A plan whose rows can be generated without a server.
#[derive(Debug)]
pub struct Planned {
    pub plan: Plan,
    pub generator: Arc<Generator>,
    /// The server for which the rows are generated, as named in reports.
    pub server: String,
}

impl Planned {
    /// Plans for the tables of a database.
    ///
    /// # Errors
    /// As [`config::plan`].
    pub fn make(
        source: &Source,
        tables: &args::TablesArgs,
        request: &Request,
        truncate: bool,
        memory: u64,
    ) -> Result<Self, Failure> {
        let (plan, generator) = config::plan(source, tables, request, truncate, memory)?;
        Ok(Planned { plan, generator, server: source.schema.server.clone() })
    }

    /// Plans rows for files; `--size` is the size of the files.
    ///
    /// # Errors
    /// As [`config::plan`].
    pub fn make_files(planning: &Planning<'_>) -> Result<Self, Failure> {
        let (plan, generator) = planning.build(&[])?;
        Ok(Planned { plan, generator, server: planning.source.schema.server.clone() })
    }

    /// Reads a plan that `dbmocker plan --save` wrote, or that of an export's or a load's manifest; `-` is stdin.
    ///
    /// # Errors
    /// [`Exit::Source`] if there is no plan, if it is damaged, or if its rows need another version.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let (manifest, path) = if path.as_os_str() == "-" {
            let stdin = Path::new("stdin");
            (Manifest::read_from(std::io::stdin().lock(), stdin), stdin)
        } else {
            (Manifest::find(path), path)
        };
        let manifest = manifest.or_exit(Exit::Source)?;
        let plan = manifest.plan(path).or_exit(Exit::Source)?;
        let generator = Arc::new(Generator::new(&plan));
        let server = format!("{} (saved plan `{}`)", plan.dialect, path.display());
        Ok(Planned { plan, generator, server })
    }

    /// Writes the plan to a file for [`Planned::read`], which gives the same rows.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Failure> {
        run::manifest_of(&self.plan, &self.generator).write_file(path).map_err(|e| {
            let context = format!("cannot write the plan `{}`; choose another --save", path.display());
            Failure::new(Exit::Target, anyhow::Error::new(e).context(context))
        })
    }

    /// The chosen tables of the plan, by index, in the plan's order.
    ///
    /// # Errors
    /// [`Exit::Usage`] for a name that no table of the plan has.
    pub fn choose(&self, tables: &args::TablesArgs) -> Result<Vec<usize>, Failure> {
        let selection = tables.selection();
        let find = |names: &[String]| {
            let found = names.iter().map(|n| self.tables(n)).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, Failure>(found.concat())
        };
        let (include, exclude) = (find(&selection.include)?, find(&selection.exclude)?);
        let of_schema = |t: &usize| selection.is_of_schema(&self.plan.tables[*t].name);
        let chosen = |t: &usize| (include.is_empty() || include.contains(t)) && !exclude.contains(t) && of_schema(t);
        Ok((0..self.plan.tables.len()).filter(chosen).collect())
    }

    /// The tables of a name, or of a pattern.
    fn tables(&self, name: &str) -> Result<Vec<usize>, Failure> {
        let tables = &self.plan.tables;
        let stands = |t: &usize| fits(name, &tables[*t].name.to_string()) || fits(name, &tables[*t].name.name);
        let found: Vec<usize> = (0..tables.len()).filter(|t| name.contains('*') && stands(t)).collect();
        if found.is_empty() { Ok(vec![self.table(name)?]) } else { Ok(found) }
    }

    /// Finds a table by its name as printed in the plan or with its schema; exact matches first, then ignoring case.
    ///
    /// # Errors
    /// [`Exit::Usage`]; the error names the nearest match.
    pub fn table(&self, name: &str) -> Result<usize, Failure> {
        let tables = &self.plan.tables;
        let find = |same: &dyn Fn(&str) -> bool| {
            let by = |spell: &dyn Fn(usize) -> String| (0..tables.len()).find(|&t| same(&spell(t)));
            by(&|t| tables[t].label.clone())
                .or_else(|| by(&|t| tables[t].name.to_string()))
                .or_else(|| by(&|t| tables[t].name.name.clone()))
        };
        find(&|spelled| spelled == name).or_else(|| find(&|spelled| spelled.eq_ignore_ascii_case(name))).ok_or_else(
            || {
                let same = |l: &&Skipped| {
                    [&l.name.name, &l.name.to_string()].into_iter().any(|n| n.eq_ignore_ascii_case(name))
                };
                if let Some(left) = self.plan.left_out.iter().find(same) {
                    return Failure::usage(format!("`{}` has no rows in this plan: {}", left.name, left.reason));
                }
                let nearest = nearest(name, tables.iter().map(|t| t.label.clone()));
                config::plan_failure(PlanError::UnknownTable { name: name.into(), nearest })
            },
        )
    }
}
