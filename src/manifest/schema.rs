//! The JSON Schema of the manifest.
