//! The JSON Schema of the manifest, made from the types that read it.

use schemars::generate::SchemaSettings;

use super::document::{Included, Main};

/// The JSON Schema (draft 2020-12) of the main file, with that of an included file as `$defs/Included`; ends with a newline.
#[must_use]
pub fn json_schema() -> String {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<Included>();
    let mut schema = generator.into_root_schema_for::<Main>();
    schema.insert("title".to_owned(), "Approved images".into());
    format!("{:#}\n", schema.as_value())
}
