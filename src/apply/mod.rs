//! Performs what was decided: commits, proposals, repositories, copies, records. The only room that writes.
