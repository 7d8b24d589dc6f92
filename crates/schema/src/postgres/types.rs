//! Maps `pg_type` to [`SqlType`]: domains resolved to their base, arrays, composites, ranges, and type modifiers.

use std::collections::HashMap;

use crate::error::SchemaError;
use crate::session::TextRow;
use dbmocker_core::schema::{Check, Inner, Step};
use dbmocker_core::schema::{SPATIAL_KINDS, SqlType};

/// `(name, type oid, typmod, dimensions)`.
type CompositeField = (String, String, i32, i32);

struct PgType {
    name: String,
    full_name: String,
    builtin: bool,
    kind: String,
    category: String,
    element: u32,
    base: u32,
    base_typmod: i32,
    dimensions: i32,
    not_null: bool,
    default: Option<String>,
    labels: Vec<String>,
    fields: Vec<CompositeField>,
    subtype: u32,
    checks: Vec<Check>,
}

/// Every type that a column uses.
pub(super) struct Types {
    by_oid: HashMap<u32, PgType>,
    default_schema: String,
}

/// A column's type with the constraints of its domains.
pub(super) struct ResolvedType {
    pub ty: SqlType,
    pub checks: Vec<Check>,
    pub not_null: bool,
    pub default: Option<String>,
    /// Domains with CHECKs inside, innermost first.
    pub inner: Vec<Inner>,
    /// The server's name of the base type below all domains.
    base: String,
}

impl ResolvedType {
    fn plain(ty: SqlType) -> Self {
        ResolvedType { ty, checks: Vec::new(), not_null: false, default: None, inner: Vec::new(), base: String::new() }
    }

    /// Its CHECKs, with their path extended by one step.
    fn inside(self, step: Step) -> Vec<Inner> {
        let mut all = self.inner;
        if !self.checks.is_empty() {
            all.push(Inner { path: Vec::new(), type_name: self.base, checks: self.checks });
        }
        all.iter_mut().for_each(|i| i.path.insert(0, step));
        all
    }
}

/// Deeper nesting than this is either a cycle, which the server does not allow, or too deep to be supported.
const MAX_DEPTH: u32 = 16;

impl Types {
    pub(super) fn new(rows: &[TextRow], default_schema: &str) -> Result<Self, SchemaError> {
        let by_oid =
            rows.iter().map(|r| Ok((r.number("oid")?, PgType::new(r)?))).collect::<Result<_, SchemaError>>()?;
        Ok(Types { by_oid, default_schema: default_schema.to_owned() })
    }

    /// A type's name without the default schema.
    pub(super) fn short(&self, full_name: &str) -> String {
        let schema = &self.default_schema;
        let quoted = format!("\"{}\".", schema.replace('"', "\"\""));
        let after = full_name.strip_prefix(&quoted).or_else(|| full_name.strip_prefix(schema)?.strip_prefix('.'));
        after.unwrap_or(full_name).to_owned()
    }

    fn unsupported(&self, t: &PgType) -> SqlType {
        SqlType::Unsupported { name: self.short(&t.full_name) }
    }

    pub(super) fn resolve(&self, oid: u32, typmod: i32, dimensions: i32) -> ResolvedType {
        let mut all = self.at(oid, typmod, dimensions, 0);
        // A composite is not a single comparable value.
        if matches!(all.ty, SqlType::Composite { .. }) && !all.checks.is_empty() {
            let checks = std::mem::take(&mut all.checks);
            all.inner.push(Inner { path: Vec::new(), type_name: all.base.clone(), checks });
        }
        all
    }

    fn at(&self, oid: u32, typmod: i32, dimensions: i32, depth: u32) -> ResolvedType {
        let mut found = self.of(oid, typmod, dimensions, depth);
        if let Some(t) = self.by_oid.get(&oid).filter(|t| t.kind != "d") {
            found.base.clone_from(&t.full_name);
        }
        found
    }

    fn of(&self, oid: u32, typmod: i32, dimensions: i32, depth: u32) -> ResolvedType {
        let Some(t) = self.by_oid.get(&oid).filter(|_| depth < MAX_DEPTH) else {
            return ResolvedType::plain(SqlType::Unsupported { name: format!("type {oid}") });
        };
        match t.kind.as_str() {
            // A domain over cubes whose CHECKs call functions of two extensions.
            "d" if t.name == "earth" && t.checks.iter().any(|c| c.text.contains("cube_is_point")) => {
                ResolvedType::plain(SqlType::Spelled { name: t.name.clone() })
            }
            "d" => self.domain(t, depth),
            "e" => ResolvedType::plain(SqlType::Enum { members: t.labels.clone() }),
            "c" => self.composite(t, depth),
            "r" | "m" => {
                let inner = self.at(t.subtype, -1, 0, depth + 1);
                let ty = SqlType::Range { element: Box::new(inner.ty.clone()), multi: t.kind == "m" };
                ResolvedType { inner: inner.inside(Step::Element), ..ResolvedType::plain(ty) }
            }
            "b" if t.category == "A" && t.element != 0 && t.name.starts_with('_') => {
                let inner = self.at(t.element, typmod, 0, depth + 1);
                let ty = SqlType::Array {
                    element: Box::new(inner.ty.clone()),
                    dimensions: u8::try_from(dimensions.max(1)).unwrap_or(u8::MAX),
                };
                ResolvedType { inner: inner.inside(Step::Element), ..ResolvedType::plain(ty) }
            }
            "b" if t.builtin => ResolvedType::plain(builtin(&t.name, typmod)),
            "b" => ResolvedType::plain(extension(&t.name, typmod).unwrap_or_else(|| self.unsupported(t))),
            _ => ResolvedType::plain(self.unsupported(t)),
        }
    }

    /// The base type, with the CHECKs of the inner domains first.
    fn domain(&self, t: &PgType, depth: u32) -> ResolvedType {
        let mut inner = self.at(t.base, t.base_typmod, t.dimensions, depth + 1);
        inner.checks.extend(t.checks.iter().cloned());
        inner.not_null |= t.not_null;
        inner.default = t.default.clone().or(inner.default);
        inner
    }

    fn composite(&self, t: &PgType, depth: u32) -> ResolvedType {
        let mut inner = Vec::new();
        let mut fields = Vec::new();
        for (i, (name, oid, typmod, dimensions)) in t.fields.iter().enumerate() {
            let field = self.at(oid.parse().unwrap_or(0), *typmod, *dimensions, depth + 1);
            fields.push((name.clone(), field.ty.clone()));
            inner.extend(field.inside(Step::Field(i)));
        }
        ResolvedType { inner, ..ResolvedType::plain(SqlType::Composite { name: self.short(&t.full_name), fields }) }
    }
}

impl PgType {
    fn new(r: &TextRow) -> Result<Self, SchemaError> {
        let checks: Option<Vec<(String, String, bool)>> = r.json("checks")?;
        Ok(PgType {
            name: r.string("name")?,
            full_name: r.string("full_name")?,
            builtin: r.text("schema")? == "pg_catalog",
            kind: r.string("kind")?,
            category: r.string("category")?,
            element: r.number("element")?,
            base: r.number("base")?,
            base_typmod: r.number("base_typmod")?,
            dimensions: r.number("dimensions")?,
            not_null: r.flag("not_null"),
            default: r.opt("default").map(str::to_owned),
            labels: r.json::<Option<_>>("labels")?.unwrap_or_default(),
            fields: r.json::<Option<_>>("fields")?.unwrap_or_default(),
            subtype: r.maybe("subtype")?.unwrap_or(0),
            checks: checks
                .unwrap_or_default()
                .into_iter()
                .map(|(name, definition, validated)| Check { name, text: predicate(&definition).to_owned(), validated })
                .collect(),
        })
    }
}

/// `CHECK (x) [NOT VALID]` -> `x`.
pub(super) fn predicate(definition: &str) -> &str {
    let d = definition.trim();
    let d = d.strip_suffix("NOT VALID").unwrap_or(d).trim_end();
    d.strip_prefix("CHECK (").and_then(|d| d.strip_suffix(')')).unwrap_or(d)
}

fn text(max_chars: Option<u32>, fixed: bool) -> SqlType {
    SqlType::Text { max_chars, max_bytes: None, fixed, case_insensitive: false }
}

/// A length typmod counts its own four bytes of header; -1 is none.
fn length(typmod: i32) -> Option<u32> {
    u32::try_from(typmod - 4).ok()
}

/// Fractional digits; none given means six.
fn precision(typmod: i32) -> u8 {
    u8::try_from(typmod).unwrap_or(6).min(6)
}

fn int(bytes: u8) -> SqlType {
    SqlType::Int { bytes, unsigned: false, tinyint1: false }
}

/// Types of `pg_catalog`, by `typname`.
fn builtin(name: &str, typmod: i32) -> SqlType {
    match name {
        "bool" => SqlType::Bool,
        "int2" => int(2),
        "int4" => int(4),
        "int8" => int(8),
        "numeric" => numeric(typmod),
        "money" => SqlType::Money,
        "float4" => SqlType::Float { bytes: 4, unsigned: false },
        "float8" => SqlType::Float { bytes: 8, unsigned: false },
        "text" | "refcursor" => text(None, false),
        "varchar" => text(length(typmod), false),
        "bpchar" => text(length(typmod), typmod >= 4),
        "name" => SqlType::Name,
        "char" => SqlType::SingleChar,
        "bytea" => SqlType::Binary { max_bytes: None, fixed: false },
        "date" => SqlType::Date,
        "time" => SqlType::Time { precision: precision(typmod), tz: false, span: false },
        "timetz" => SqlType::Time { precision: precision(typmod), tz: true, span: false },
        "timestamp" => SqlType::Timestamp { precision: precision(typmod), tz: false, epoch_range: false },
        "timestamptz" => SqlType::Timestamp { precision: precision(typmod), tz: true, epoch_range: false },
        "interval" => SqlType::Interval,
        "uuid" => SqlType::Uuid,
        "json" => SqlType::Json { binary: false },
        "jsonb" => SqlType::Json { binary: true },
        "xml" => SqlType::Xml,
        "bit" => SqlType::Bit { length: u32::try_from(typmod).unwrap_or(1), varying: false },
        "varbit" => SqlType::Bit { length: u32::try_from(typmod).unwrap_or(0), varying: true },
        "inet" => SqlType::Inet,
        "cidr" => SqlType::Cidr,
        "macaddr" => SqlType::MacAddr { bytes: 6 },
        "macaddr8" => SqlType::MacAddr { bytes: 8 },
        "point" | "line" | "lseg" | "box" | "path" | "polygon" | "circle" => SqlType::Geometric { kind: name.into() },
        "tsvector" => SqlType::TsVector,
        "tsquery" => SqlType::TsQuery,
        "oid" => SqlType::Oid,
        "pg_lsn" => SqlType::PgLsn,
        "xid" | "cid" => SqlType::Int { bytes: 4, unsigned: false, tinyint1: false },
        "xid8" => int(8),
        "jsonpath" | "txid_snapshot" | "pg_snapshot" | "tid" | "int2vector" | "oidvector" => spelled(name),
        "regproc" | "regprocedure" | "regoper" | "regoperator" | "regclass" | "regcollation" | "regtype"
        | "regrole" | "regnamespace" | "regconfig" | "regdictionary" => SqlType::Reg { kind: name.into() },
        _ => SqlType::Unsupported { name: name.into() },
    }
}

fn spelled(name: &str) -> SqlType {
    // The longer forms of these codes accept the shorter ones.
    let name = match name {
        "ismn13" => "ismn",
        "issn13" => "issn",
        name => name,
    };
    SqlType::Spelled { name: name.into() }
}

/// Types of common extensions, by `typname`.
fn extension(name: &str, typmod: i32) -> Option<SqlType> {
    Some(match name {
        "citext" => SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: true },
        "hstore" => SqlType::Hstore,
        "ltree" => SqlType::Ltree,
        "geometry" | "geography" => spatial(name, typmod),
        "vector" | "halfvec" => SqlType::Vector { dimensions: u32::try_from(typmod).ok() },
        "sparsevec" => spelled(&format!("sparsevec:{}", typmod.max(1))),
        "isbn" | "isbn13" | "ismn" | "ismn13" | "issn" | "issn13" | "ean13" | "upc" | "cube" | "seg" | "lquery"
        | "ltxtquery" | "query_int" | "semver" | "ip4" | "ip4r" => spelled(name),
        _ => return None,
    })
}

/// Precision in the upper half of the typmod, scale in the lower eleven bits, signed since PostgreSQL 15.
fn numeric(typmod: i32) -> SqlType {
    let Ok(packed) = u32::try_from(typmod - 4) else {
        return SqlType::Decimal { precision: 0, scale: 0, unsigned: false };
    };
    let scale = i16::try_from(packed & 0x7ff).unwrap_or(0);
    SqlType::Decimal {
        precision: u16::try_from(packed >> 16).unwrap_or(u16::MAX),
        scale: if scale >= 1024 { scale - 2048 } else { scale },
        unsigned: false,
    }
}

/// PostGIS packs srid (20 bits and a sign), kind (6 bits), z and m into the typmod (`liblwgeom.h`, `TYPMOD_GET_*`).
fn spatial(name: &str, typmod: i32) -> SqlType {
    let default_srid = if name == "geography" { Some(4326) } else { None };
    if typmod < 0 {
        return SqlType::Spatial { kind: "geometry".into(), srid: default_srid };
    }
    let srid = ((typmod & 0x0fff_ff00) - (typmod & 0x1000_0000)) >> 8;
    let kind = usize::try_from((typmod & 0xfc) >> 2).unwrap_or(0);
    let z = if typmod & 2 != 0 { "z" } else { "" };
    let m = if typmod & 1 != 0 { "m" } else { "" };
    SqlType::Spatial {
        kind: format!("{}{z}{m}", SPATIAL_KINDS.get(kind).copied().unwrap_or("geometry")),
        srid: if srid == 0 { default_srid } else { Some(srid) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typmods() {
        let decimal = |precision, scale| SqlType::Decimal { precision, scale, unsigned: false };
        assert_eq!(numeric(-1), decimal(0, 0));
        assert_eq!(numeric((10 << 16 | 2) + 4), decimal(10, 2));
        // numeric(3, -2) is stored with the scale's low eleven bits
        assert_eq!(numeric((3 << 16 | (2048 - 2)) + 4), decimal(3, -2));
        assert_eq!(builtin("varchar", 28), text(Some(24), false));
        assert_eq!(builtin("bpchar", -1), text(None, false));
        assert_eq!(builtin("timestamptz", 3), SqlType::Timestamp { precision: 3, tz: true, epoch_range: false });
        // geometry(PointZ, 4326)
        assert_eq!(
            spatial("geometry", 4326 << 8 | 1 << 2 | 2),
            SqlType::Spatial { kind: "pointz".into(), srid: Some(4326) }
        );
        assert_eq!(spatial("geography", -1), SqlType::Spatial { kind: "geometry".into(), srid: Some(4326) });
    }

    #[test]
    fn domain_definitions() {
        assert_eq!(predicate("CHECK (((VALUE > 0) AND (VALUE < 9)))"), "((VALUE > 0) AND (VALUE < 9))");
        assert_eq!(predicate("CHECK ((VALUE > 0)) NOT VALID"), "(VALUE > 0)");
    }
}
