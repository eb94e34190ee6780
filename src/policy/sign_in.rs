//! The files that enforce signing in to Docker Desktop. Until a member is signed in, neither Image Access Management
//! nor Registry Access Management applies to them.
//!
//! Everything is derived from the organizations: the same call always gives the same bytes.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::image::Digest;

/// Organizations whose members may use Docker Desktop, lower case, none twice, in the order that they were named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Organizations(Vec<String>);

/// Why a name cannot be an organization's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrganizationError {
    #[error("no organization was named")]
    None,
    /// Docker Desktop does not accept such a name.
    #[error(
        "`{0}` is not a Docker Hub organization: it must consist of letters, digits, `-` and `_`; repeat the flag for several"
    )]
    Bad(String),
}

impl Organizations {
    /// The organizations with these names. Docker Desktop compares them in lower case only.
    ///
    /// # Errors
    /// If there are none, or a name is invalid: separators differ from file to file, so no name may contain one.
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self, OrganizationError> {
        let mut all: Vec<String> = Vec::new();
        for name in names {
            let name = name.as_ref().trim().to_ascii_lowercase();
            let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
            if name.is_empty() || name.len() > 255 || name.starts_with('-') || !name.bytes().all(good) {
                return Err(OrganizationError::Bad(crate::text::excerpt(&name, 80)));
            }
            if !all.contains(&name) {
                all.push(name);
            }
        }
        if all.is_empty() { Err(OrganizationError::None) } else { Ok(Self(all)) }
    }
}

/// How a file's text is written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    Utf8,
    /// UTF-16, little end first, with a byte order mark: what Windows' registry editor writes.
    Utf16le,
}

/// One file that enforces signing in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// Its text, with the line ends that the file has.
    pub content: String,
    /// How the text is written as bytes.
    pub encoding: Encoding,
    /// Where it goes, system by system; of several for one system the first is the stronger.
    pub places: Vec<Place>,
}

/// Where a file goes on one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    /// The operating system.
    pub system: &'static str,
    /// The path, or what stands for it.
    pub path: &'static str,
    /// What to know of it.
    pub note: &'static str,
    /// The commands that put it there so that only administrators can change it, from the directory that holds the file.
    pub install: Vec<&'static str>,
}

impl File {
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self.encoding {
            Encoding::Utf8 => self.content.clone().into_bytes(),
            Encoding::Utf16le => {
                std::iter::once(0xfeff).chain(self.content.encode_utf16()).flat_map(u16::to_le_bytes).collect()
            }
        }
    }
}

/// What the people of the organization do once the files are there, and what to know.
pub(crate) fn then(organizations: &Organizations) -> Vec<String> {
    let first = &organizations.0[0];
    let mut then = vec![
        format!("Everybody who needs to keep working must be a member of {} first.", organizations.0.join(" or ")),
        "Each user quits and starts Docker Desktop; it shows \"Sign in required!\" and works again once they sign in.".to_owned(),
        "If a machine has several methods, only one counts, in this order: registry key, then configuration profile, then desktop.plist, then registry.json.".to_owned(),
        "This only binds Docker Desktop: Docker Engine on its own, Podman and CI machines are not affected.".to_owned(),
    ];
    if organizations.0.len() > 1 {
        then.push(format!(
            "Several organizations need Docker Desktop 4.36 or later, and Registry Access Management then applies as set by the first one, {first}."
        ));
    }
    then
}

/// The files; those that take precedence come first.
pub(crate) fn files(organizations: &Organizations) -> Vec<File> {
    vec![registry_key(organizations), profile(organizations), plist(organizations), registry_json(organizations)]
}

/// A registry script: the organizations as a multi-string, which the format writes as `hex(7)`.
fn registry_key(organizations: &Organizations) -> File {
    let strings: Vec<u8> = organizations
        .0
        .iter()
        .flat_map(|name| name.encode_utf16().chain([0]))
        .chain([0])
        .flat_map(u16::to_le_bytes)
        .collect();
    let lines: Vec<String> = strings
        .chunks(24)
        .map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(","))
        .collect();
    let content = format!(
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Docker\\Docker Desktop]\r\n\
         \"allowedOrgs\"=hex(7):{}\r\n\r\n",
        lines.join(",\\\r\n  ")
    );
    let place = Place {
        system: "Windows",
        path: r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Docker\Docker Desktop, multi-string allowedOrgs",
        note: "Only administrators can write to this key. Group Policy: Computer Configuration, Preferences, Windows Settings, Registry.",
        install: vec!["reg import docker-desktop-sign-in.reg"],
    };
    File { name: "docker-desktop-sign-in.reg", content, encoding: Encoding::Utf16le, places: vec![place] }
}

/// A configuration profile: here the organizations are a single string.
fn profile(organizations: &Organizations) -> File {
    let orgs = organizations.0.join(";");
    let (first, payload, whole) = (&organizations.0[0], uuid("payload", &orgs), uuid("profile", &orgs));
    let content = plist_document(&format!(
        r"<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadType</key>
			<string>com.docker.config</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
			<key>PayloadIdentifier</key>
			<string>com.docker.config</string>
			<key>PayloadUUID</key>
			<string>{payload}</string>
			<key>PayloadDisplayName</key>
			<string>Docker Desktop sign-in</string>
			<key>PayloadOrganization</key>
			<string>{first}</string>
			<key>allowedOrgs</key>
			<string>{orgs}</string>
		</dict>
	</array>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
	<key>PayloadScope</key>
	<string>System</string>
	<key>PayloadIdentifier</key>
	<string>{first}.docker-desktop.sign-in</string>
	<key>PayloadUUID</key>
	<string>{whole}</string>
	<key>PayloadDisplayName</key>
	<string>Docker Desktop sign-in</string>
	<key>PayloadDescription</key>
	<string>Docker Desktop works for signed-in members of {orgs} only.</string>
	<key>PayloadOrganization</key>
	<string>{first}</string>
</dict>"
    ));
    let place = Place {
        system: "macOS",
        path: "Docker Desktop's managed preferences (payload com.docker.config)",
        note: "The strongest method on macOS: System Integrity Protection guards it. Deploy it with device management; if you open it by hand, install it under System Settings, General, Device Management.",
        install: vec![
            "plutil -lint docker-desktop-sign-in.mobileconfig",
            "open docker-desktop-sign-in.mobileconfig",
            "sudo profiles show -type configuration",
        ],
    };
    File { name: "docker-desktop-sign-in.mobileconfig", content, encoding: Encoding::Utf8, places: vec![place] }
}

fn plist(organizations: &Organizations) -> File {
    let names = organizations.0.iter().fold(String::new(), |mut text, name| {
        let _ = writeln!(text, "\t\t<string>{name}</string>");
        text
    });
    let content = plist_document(&format!("<dict>\n\t<key>allowedOrgs</key>\n\t<array>\n{names}\t</array>\n</dict>"));
    let place = Place {
        system: "macOS",
        path: "/Library/Application Support/com.docker.docker/desktop.plist",
        note: "Docker Desktop 4.32 or later.",
        install: vec![
            "plutil -lint desktop.plist",
            r#"sudo install -d -m 755 -o root -g wheel "/Library/Application Support/com.docker.docker""#,
            r#"sudo install -m 644 -o root -g wheel desktop.plist "/Library/Application Support/com.docker.docker/desktop.plist""#,
        ],
    };
    File { name: "desktop.plist", content, encoding: Encoding::Utf8, places: vec![place] }
}

fn registry_json(organizations: &Organizations) -> File {
    let names: Vec<String> = organizations.0.iter().map(|name| format!("\"{name}\"")).collect();
    let content = format!("{{\n  \"allowedOrgs\": [{}]\n}}\n", names.join(", "));
    let places = vec![
        Place {
            system: "Windows",
            path: r"C:\ProgramData\DockerDesktop\registry.json",
            note: "In a PowerShell running as administrator; afterwards the system and administrators can write, and users can read.",
            install: vec![
                r#"New-Item -ItemType Directory -Force "$Env:ProgramData\DockerDesktop""#,
                r#"Copy-Item registry.json "$Env:ProgramData\DockerDesktop\registry.json""#,
                r#"icacls "$Env:ProgramData\DockerDesktop\registry.json" /inheritance:r /grant:r "*S-1-5-18:F" "*S-1-5-32-544:F" "*S-1-5-32-545:R""#,
            ],
        },
        Place {
            system: "macOS",
            path: "/Library/Application Support/com.docker.docker/registry.json",
            note: "",
            install: vec![
                r#"sudo install -d -m 755 -o root -g wheel "/Library/Application Support/com.docker.docker""#,
                r#"sudo install -m 644 -o root -g wheel registry.json "/Library/Application Support/com.docker.docker/registry.json""#,
            ],
        },
        Place {
            system: "Linux",
            path: "/usr/share/docker-desktop/registry/registry.json",
            note: "The only method on Linux.",
            install: vec![
                "sudo install -d -m 755 -o root -g root /usr/share/docker-desktop/registry",
                "sudo install -m 644 -o root -g root registry.json /usr/share/docker-desktop/registry/registry.json",
            ],
        },
    ];
    File { name: "registry.json", content, encoding: Encoding::Utf8, places }
}

fn plist_document(root: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n{root}\n</plist>\n"
    )
}

/// A UUID (RFC 9562, version 8), the same for the same organizations: a profile installed again replaces itself.
fn uuid(of: &str, organizations: &str) -> String {
    let digest = Digest::sha256(format!("wharfinger sign-in {of} {organizations}").as_bytes());
    let hex = digest.hex().to_ascii_uppercase();
    // The version and the variant are in the first digit of the third and the fourth group.
    format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn names_are_lower_case_and_stand_once() {
        let named = Organizations::new(["Acme", " acme ", "acme-labs"]).unwrap();
        assert_eq!(serde_json::to_value(&named).unwrap(), serde_json::json!(["acme", "acme-labs"]));
        for bad in ["", "a;b", "a b", "a,b", "a\"b", "a<b", "a/b", "-a", "\u{212a}elvin", "a\nb"] {
            assert!(matches!(Organizations::new([bad]), Err(OrganizationError::Bad(_))), "{bad}");
        }
        assert_eq!(Organizations::new(Vec::<String>::new()), Err(OrganizationError::None));
    }

    #[test]
    fn identifiers_are_made_from_the_organizations() {
        let made = uuid("profile", "acme");
        assert_eq!(made, uuid("profile", "acme"));
        assert_ne!(made, uuid("payload", "acme"));
        assert_ne!(made, uuid("profile", "acme;acme-labs"));
        let groups: Vec<usize> = made.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
    }
}
