//! TODO credentials
