//! GitHub: REST, and `createCommitOnBranch`.
