//! Hosts of Amazon ECR's private registries: `ACCOUNT.dkr.ecr.REGION.amazonaws.com` and similar ones.

use super::registry::RegistryHost;

/// The parts of a private Amazon ECR registry's host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcrHost {
    /// The account's number.
    pub account: String,
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// The host of the registry's API.
    pub api: String,
}

impl RegistryHost {
    /// The parts of the host name, if it is one of Amazon ECR.
    #[must_use]
    pub fn ecr(&self) -> Option<EcrHost> {
        let (account, rest) = self.as_str().split_once('.')?;
        if account.is_empty() || !account.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let between = |begin: &str, end: &str| {
            let region = rest.strip_prefix(begin)?.strip_suffix(end)?;
            let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            (!region.is_empty() && region.bytes().all(good)).then(|| region.to_owned())
        };
        let (region, api) = between("dkr.ecr.", ".amazonaws.com")
            .map(|region| (region.clone(), format!("api.ecr.{region}.amazonaws.com")))
            .or_else(|| {
                between("dkr.ecr.", ".amazonaws.com.cn")
                    .map(|region| (region.clone(), format!("api.ecr.{region}.amazonaws.com.cn")))
            })
            .or_else(|| {
                between("dkr.ecr-fips.", ".amazonaws.com")
                    .map(|region| (region.clone(), format!("ecr-fips.{region}.amazonaws.com")))
            })
            .or_else(|| {
                between("dkr-ecr.", ".on.aws").map(|region| (region.clone(), format!("ecr.{region}.api.aws")))
            })?;
        Some(EcrHost { account: account.to_owned(), region, api })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn where_the_api_of_a_registry_is() {
        for (host, region, api) in [
            ("123456789012.dkr.ecr.eu-central-1.amazonaws.com", "eu-central-1", "api.ecr.eu-central-1.amazonaws.com"),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1", "api.ecr.cn-north-1.amazonaws.com.cn"),
            (
                "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
                "us-gov-west-1",
                "ecr-fips.us-gov-west-1.amazonaws.com",
            ),
            ("123456789012.dkr-ecr.us-east-2.on.aws", "us-east-2", "ecr.us-east-2.api.aws"),
        ] {
            let found = host.parse::<RegistryHost>().unwrap().ecr().unwrap();
            assert_eq!(found, EcrHost { account: "123456789012".into(), region: region.into(), api: api.into() });
        }
        for other in [
            "public.ecr.aws",
            "acme.dkr.ecr.eu-central-1.amazonaws.com",
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.org",
            "123456789012.dkr.ecr.a.b.amazonaws.com",
            "dkr.ecr.eu-central-1.amazonaws.com",
            "docker.io",
        ] {
            assert_eq!(other.parse::<RegistryHost>().unwrap().ecr(), None, "{other}");
        }
    }
}
