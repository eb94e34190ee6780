//! What the manifest says of the organization: its repositories' visibility and teams, and its settings.

/// `visibility` of a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// Only for the organization.
    #[default]
    Private,
    /// For everybody.
    Public,
}

impl Visibility {
    /// The word in the manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
        }
    }
}

/// What a team may do with a repository, and whether a missing team is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Team {
    pub permission: Permission,
    /// Create the team if the organization has none of this name.
    pub create: bool,
}

/// Docker Hub's permissions of a team on a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    Read,
    Write,
    /// Pull, push and settings.
    Admin,
}

impl Permission {
    /// The word in the manifest and in Docker Hub's API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// `policy`: what the organization's settings should be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Image Access Management.
    pub image_access: Option<ImageAccess>,
    /// Registry Access Management.
    pub registry_access: Option<RegistryAccess>,
    /// Reviews that an approval needs before it is promoted.
    pub approvals: u32,
}

/// Image Access Management settings. What is `None` is neither compared nor written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageAccess {
    /// Whether it is switched on.
    pub enabled: Option<bool>,
    /// Docker Official Images are allowed.
    pub official: Option<bool>,
    /// Verified Publisher images are allowed.
    pub verified_publisher: Option<bool>,
    /// Community images are allowed.
    pub community: Option<bool>,
    /// Repositories that are allowed as a whole.
    pub allowlist: Option<Vec<String>>,
}

/// Registry Access Management settings. What is `None` is neither compared nor written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryAccess {
    /// Whether it is switched on.
    pub enabled: Option<bool>,
    /// Docker Hub is allowed.
    pub docker_hub: Option<bool>,
    /// Further registries that developers may pull from.
    pub registries: Option<Vec<AllowedRegistry>>,
}

/// A registry that Registry Access Management allows developers to pull from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedRegistry {
    pub address: String,
    pub name: String,
}
