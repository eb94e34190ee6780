//! Rendering: everything a person or another program reads, written into a sink. Pure but for the writer.
