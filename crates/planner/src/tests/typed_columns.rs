//! Tables with several columns of one type.

use dbmocker_core::schema::SqlType;
use dbmocker_core::schema::fixtures::TableFixture;

pub const MONEY: SqlType = SqlType::Decimal { precision: 12, scale: 2, unsigned: false };
pub const WHOLE: SqlType = SqlType::Int { bytes: 4, unsigned: false, tinyint1: false };

pub fn with(table: TableFixture, ty: &SqlType, columns: &[&str]) -> TableFixture {
    columns.iter().fold(table, |t, name| t.column(name, ty.clone(), "", false))
}
