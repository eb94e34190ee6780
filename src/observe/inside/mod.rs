//! What is inside two images: configurations, SBOMs, layers. It is fetched only as far as the decision needs it.
//!
//! Costs, beside what [`walk`](super::upstream::walk) reads, at most five requests for each platform and side
//! (configuration, SBOM, layers) and four for each side; what was read once in a run is not read again as long as there
//! is room. Whoever reads it has the run's one turn for that; one layer and one document is read at a time:
//! so memory stays bounded whatever they contain.

use super::sources::Sources;
use super::upstream::Part;
use super::vulnerabilities::Vex;
use crate::content::labels::CONFIG_LIMIT;
use crate::difference::{PlatformInside, PlatformPair};
use crate::image::Location;
use crate::layers::{Contents, Pair};
use crate::packages::{Listed, PackageSource, Packages, complete};
use crate::text::{counted, size};

mod account;
mod allowance;
mod attested;
mod documents;
mod layers;
mod pairs;
mod sboms;
mod side;

pub(crate) use attested::SignedBy;
pub(crate) use side::Side;

use account::Account;
use allowance::Allowance;
use layers::LayerReader;
pub(super) use pairs::pairs;
use sboms::SbomReader;

/// The most layers of each platform and side that are read.
const LAYERS: usize = 4;

/// The most platforms of two images that are read: an index may name thousands.
const PLATFORMS: usize = 24;

/// Reads what is inside images.
#[derive(Clone, Copy)]
pub(crate) struct DifferenceReader<'a> {
    pub sources: &'a Sources,
    /// The most compressed bytes of layers that are read, for each platform and side.
    pub bytes: u64,
    /// Where only signed SBOMs count, and VEX: who must have signed.
    pub signed: Option<SignedBy<'a>>,
    /// Whether VEX is wanted.
    pub vex: bool,
}

/// What is inside two images.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    pub platforms: Vec<PlatformPair>,
    /// What is attested about the vulnerabilities of the former and the new image.
    pub vex: [Vex; 2],
}

impl<'a> DifferenceReader<'a> {
    /// What is inside two images; without `from` it is a first approval. What cannot be read is unknown, and says why.
    pub(crate) async fn read(&self, from: Option<Side<'a>>, to: Side<'a>) -> Inside {
        let mut sboms = SbomReader::new(self.sources, self.signed, self.vex);
        let platforms = self.platforms(from, to, &mut sboms).await;
        let mut vex = [Vex::default(), Vex::default()];
        if self.too_few_pulls(to).is_none() {
            if let Some(from) = from {
                vex[0] = sboms.vex(from).await;
            }
            vex[1] = sboms.vex(to).await;
        }
        Inside { platforms, vex }
    }

    async fn platforms(&self, from: Option<Side<'a>>, to: Side<'a>, sboms: &mut SbomReader<'a>) -> Vec<PlatformPair> {
        let layers = LayerReader { sources: self.sources };
        let (refused, mut read, mut account) = (self.too_few_pulls(to), Vec::new(), Account::default());
        for (was, is) in pairs(from.map_or(&[], |from| &from.walk.parts), &to.walk.parts) {
            let from = from.zip(was);
            let to = is.map(|is| (to, is));
            if read.len() >= PLATFORMS {
                read.push(unread(from, to, &format!("at most {PLATFORMS} platforms are read")));
                continue;
            }
            let pair = self.platform(from, to, sboms, (layers, account.clone()), refused.as_deref()).await;
            read.push(match account.hold(&pair) {
                Ok(()) => pair,
                Err(why) => unread(from, to, &why),
            });
        }
        read
    }

    /// The platforms of an image whose former image cannot be read: there is nothing to compare.
    pub(crate) async fn only_new(&self, to: Side<'_>) -> Vec<PlatformPair> {
        let mut read = Vec::new();
        for part in &to.walk.parts {
            read.push(PlatformPair {
                name: part.name.clone(),
                from: None,
                to: self.inside(Some((to, part))).await,
                listed: Listed::Unknown("the approved image cannot be read".to_owned()),
                files: Vec::new(),
                unread: None,
            });
        }
        read
    }

    /// Why nothing more is read: promotion is more important.
    fn too_few_pulls(&self, to: Side<'_>) -> Option<String> {
        let (left, needed) = (self.sources.remaining_pulls(to.location)?, to.walk.documents.len() as u64);
        let registry = to.location.registry()?;
        (left < needed).then(|| {
            format!("{registry} allows {left} more pulls now, and promotion needs {needed}: nothing else is read")
        })
    }

    async fn platform(
        &self,
        from: Option<(Side<'a>, &Part)>,
        to: Option<(Side<'a>, &Part)>,
        sboms: &mut SbomReader<'a>,
        (layers, account): (LayerReader<'_>, Account),
        refused: Option<&str>,
    ) -> PlatformPair {
        let name = to.or(from).map(|(_, part)| part.name.clone()).unwrap_or_default();
        let contents = match (from, to, refused) {
            (Some((_, was)), Some((_, is)), _) if was.digest == is.digest => nothing(Listed::Untouched),
            (_, None, _) => nothing(Listed::Unknown("the new image does not have this platform".to_owned())),
            (_, _, Some(why)) => nothing(Listed::Unknown(why.to_owned())),
            (from, Some(to), None) => self.contents(from, to, sboms, (layers, account)).await,
        };
        PlatformPair {
            name,
            from: self.inside(from).await,
            to: self.inside(to).await,
            listed: contents.listed,
            files: contents.files,
            unread: contents.unread,
        }
    }

    /// Packages by the SBOMs of both sides, otherwise by their layers; files by layers.
    async fn contents(
        &self,
        from: Option<(Side<'a>, &Part)>,
        to: (Side<'a>, &Part),
        sboms: &mut SbomReader<'a>,
        (layers, mut account): (LayerReader<'_>, Account),
    ) -> Contents {
        let mut allowances = [Allowance::of_platform(), Allowance::of_platform()];
        let [was, is] = &mut allowances;
        let new = account.sbom(sboms.of_platform(to.0, to.1, is).await);
        let former = match (&new, from) {
            (Ok(Some(_)), Some((side, part))) => account.sbom(sboms.of_platform(side, part, was).await),
            (Ok(Some(_)), None) => Ok(Some(Packages::default())),
            // An SBOM of one side only is no comparison.
            (_, Some((side, part))) => {
                sboms.vex_of_platform(side, part, was).await;
                Ok(None)
            }
            (_, None) => Ok(None),
        };
        let pair = Pair {
            from: from.map(|(_, part)| part.layers.clone()).unwrap_or_default(),
            to: to.1.layers.clone(),
            each: allowances.iter().map(Allowance::left).min().unwrap_or_default().min(LAYERS),
            bytes: self.bytes,
        };
        let mut contents = layers.contents(&pair, from.map(|(side, _)| side.location), to.0.location).await;
        let why = match (former, new) {
            (Ok(Some(from)), Ok(Some(to))) => {
                add_sboms(&mut contents, from, to);
                return contents;
            }
            (Err(why), _) | (_, Err(why)) => format!("the SBOM cannot be used: {why}"),
            (Ok(None), Ok(Some(_))) => "only the new image has an SBOM".to_owned(),
            (_, Ok(None)) => return contents,
        };
        unless_layers_tell(&why, &mut contents.listed);
        contents
    }

    async fn inside(&self, of: Option<(Side<'_>, &Part)>) -> Option<PlatformInside> {
        let (side, part) = of?;
        Some(inside(part, self.configuration(side.location, part).await))
    }

    async fn configuration(&self, location: &Location, part: &Part) -> Result<bytes::Bytes, String> {
        let Some(config) = &part.config else { return Err("the manifest names none".to_owned()) };
        if config.size > CONFIG_LIMIT {
            return Err(format!("it has {}, and {} are read", size(config.size), size(CONFIG_LIMIT)));
        }
        match self.sources.configuration(location, config).await {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(format!("{} is not there with the bytes of its digest", config.digest)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Lists the packages by the SBOMs of both, with what only the databases in layers tell.
fn add_sboms(contents: &mut Contents, mut from: Packages, mut to: Packages) {
    let unsaid = match &contents.listed {
        Listed::Known { from: was, to: is, .. } => complete([&mut from, &mut to], [was, is]),
        Listed::Untouched | Listed::Unknown(_) => Ok(0),
    };
    match unsaid {
        Ok(unsaid) => {
            contents.note(
                (unsaid > 0).then(|| {
                    format!("the SBOM does not show {} of the databases in layers", counted(unsaid, "change"))
                }),
            );
            contents.listed = Listed::Known { source: PackageSource::Sbom, from, to };
        }
        Err(why) => contents.listed = Listed::Unknown(format!("the SBOM cannot be used: {why}")),
    }
}

/// Without SBOMs of both, the packages are what the layers say: unknown if they hold no package database.
fn unless_layers_tell(why: &str, listed: &mut Listed) {
    let layers = match listed {
        Listed::Unknown(layers) => layers.as_str(),
        Listed::Known { from, to, .. } if from.is_empty() && to.is_empty() => "the layers hold no package database",
        Listed::Known { .. } | Listed::Untouched => return,
    };
    *listed = Listed::Unknown(format!("{why}; {layers}"));
}

fn inside(part: &Part, config: Result<bytes::Bytes, String>) -> PlatformInside {
    PlatformInside {
        digest: part.digest.clone(),
        size: part.size,
        layers: part.layers.clone(),
        annotations: part.annotations.clone(),
        config,
    }
}

/// A platform of which nothing is read beside its manifests.
fn unread(from: Option<(Side<'_>, &Part)>, to: Option<(Side<'_>, &Part)>, why: &str) -> PlatformPair {
    let part = |of: Option<(Side<'_>, &Part)>| of.map(|(_, part)| inside(part, Err(why.to_owned())));
    let (name, from, to) = (to.or(from).map(|(_, part)| part.name.clone()), part(from), part(to));
    let is_same = from.as_ref().zip(to.as_ref()).is_some_and(|(from, to)| from.digest == to.digest);
    PlatformPair {
        name: name.unwrap_or_default(),
        listed: if is_same { Listed::Untouched } else { Listed::Unknown(why.to_owned()) },
        files: Vec::new(),
        unread: None,
        from,
        to,
    }
}

fn nothing(listed: Listed) -> Contents {
    Contents { listed, files: Vec::new(), unread: None }
}
