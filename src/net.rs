//! The network as this run may use it: one HTTP client, where hosts really are, and which may be contacted.

use std::collections::BTreeMap;

use url::Url;

/// `WHARFINGER_HOSTS`: hosts that are to be found elsewhere. Environment only, never manifest: what a pull request can
/// edit cannot redirect credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(BTreeMap<String, Url>);

impl Hosts {
    /// Where `host` is to be found, if it was sent elsewhere.
    #[must_use]
    pub fn get(&self, host: &str) -> Option<&Url> {
        self.0.get(host)
    }
}
