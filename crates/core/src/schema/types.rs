//! Column types, one enum for all three servers.

use serde::{Deserialize, Serialize};

/// The kinds of [`SqlType::Spatial`], in PostGIS's numbering.
pub const SPATIAL_KINDS: [&str; 8] = [
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
];

/// A column's type with every limit that a value must keep. Domains are resolved to their base type (the domain's own
/// CHECKs are on the column).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SqlType {
    Bool,
    /// `bytes` 1, 2, 3, 4 or 8; `display_width_1` marks MySQL's `tinyint(1)`, its boolean.
    Int {
        bytes: u8,
        unsigned: bool,
        tinyint1: bool,
    },
    /// `precision` 0 means unconstrained (PostgreSQL `numeric` without arguments).
    Decimal {
        precision: u16,
        scale: i16,
        unsigned: bool,
    },
    /// PostgreSQL `money`.
    Money,
    /// `bytes` 4 or 8.
    Float {
        bytes: u8,
        unsigned: bool,
    },
    /// Character data. `None` is unlimited. `max_bytes` is set where the server limits bytes (MySQL TEXT family).
    Text {
        max_chars: Option<u32>,
        max_bytes: Option<u32>,
        /// `char(n)`: padded to length by the server.
        fixed: bool,
        /// `citext`.
        case_insensitive: bool,
    },
    Binary {
        max_bytes: Option<u32>,
        fixed: bool,
    },
    Date,
    /// Fractional digits 0-6. `span`: MySQL's, from -838:59:59 to 838:59:59.
    Time {
        precision: u8,
        tz: bool,
        span: bool,
    },
    /// `range_1970_2038` marks MySQL's TIMESTAMP.
    Timestamp {
        precision: u8,
        tz: bool,
        epoch_range: bool,
    },
    Interval,
    /// MySQL `year`: 1901-2155.
    Year,
    Uuid,
    Json {
        binary: bool,
    },
    Xml,
    Enum {
        members: Vec<String>,
    },
    /// MySQL `set`.
    Set {
        members: Vec<String>,
    },
    Bit {
        length: u32,
        varying: bool,
    },
    Inet,
    /// MariaDB's `inet6`, which does not accept an IPv4 address in its usual notation.
    Inet6,
    Cidr,
    /// 6 or 8 bytes.
    MacAddr {
        bytes: u8,
    },
    Array {
        element: Box<SqlType>,
        dimensions: u8,
    },
    Composite {
        name: String,
        fields: Vec<(String, SqlType)>,
    },
    /// PostgreSQL range over a discrete or continuous subtype.
    Range {
        element: Box<SqlType>,
        multi: bool,
    },
    /// PostgreSQL `point`, `line`, `lseg`, `box`, `path`, `polygon`, `circle`.
    Geometric {
        kind: String,
    },
    /// MySQL spatial or PostGIS: `kind` is one of [`SPATIAL_KINDS`], in PostGIS with `z` and `m` where a point has
    /// them.
    Spatial {
        kind: String,
        srid: Option<i32>,
    },
    TsVector,
    TsQuery,
    Hstore,
    Ltree,
    Oid,
    /// `regclass`, `regproc`, ...: only names of existing objects are accepted.
    Reg {
        kind: String,
    },
    PgLsn,
    /// A rare type for which dbmocker has a text format, by name: `jsonpath`, `txid_snapshot`, those of the extensions
    /// isn and cube.
    Spelled {
        name: String,
    },
    /// PostgreSQL `name`: 63 bytes.
    Name,
    /// PostgreSQL `"char"`: one byte.
    SingleChar,
    /// pgvector.
    Vector {
        dimensions: Option<u32>,
    },
    /// SQLite column without a declared type, or with BLOB/none affinity and no hint in its declared name.
    Untyped,
    /// A type without a generator: planning fails with an error that names table and column.
    Unsupported {
        name: String,
    },
}
