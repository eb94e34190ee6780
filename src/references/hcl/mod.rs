//! HCL's native syntax, read with the place of every string (HCL Native Syntax Specification): blocks and attributes, and of
//! expressions what can name an image.

mod body;
mod cursor;
mod expression;
mod syntax;
mod template;

pub(super) use body::{read, template};
pub(super) use syntax::{Attribute, Block, Body, Expression, Member, Part, Value};
