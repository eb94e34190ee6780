//! What registries, Docker Hub and the forge say now. Reads only.
