use crate::domain::*; use crate::schema::*;
pub struct InferContext{pub dialect:Dialect,pub now_micros:i64,pub in_key:bool}
pub struct Inferred{pub domain:Domain,pub null_share:f64,pub reason:String}
pub struct Unsupported{pub what:String,pub way_out:String}
pub fn infer(_:&Table,c:&Column,_:&InferContext)->Result<Inferred,Unsupported>{ Ok(Inferred{domain:match c.ty{SqlType::Int{..}=>Domain::Range{kind:RangeKind::Int,lo:1,hi:1<<31,step:1,except:vec![],shape:Shape::Uniform},_=>Domain::Text(TextDomain::new(text::TextKind::Word,100))},null_share:0.1,reason:"type".into()})}
pub fn soft_checks(_:&Table)->Vec<(String,String)>{vec![]}
