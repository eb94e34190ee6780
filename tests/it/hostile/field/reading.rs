//! How manifests, blobs and lists are answered.
