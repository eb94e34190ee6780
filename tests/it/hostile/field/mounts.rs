//! Mounts and uploads.
