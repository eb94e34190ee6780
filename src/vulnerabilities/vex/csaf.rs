//! CSAF 2.0 with `product_status` (profile 5, VEX).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::product::Product;
use super::statement::{Says, Statement, Statements, excepted, names, time};
use crate::vulnerabilities::json::{nullable, parse};

#[derive(Deserialize)]
struct Document {
    document: Head,
    #[serde(default, deserialize_with = "nullable")]
    product_tree: Tree,
    #[serde(default, deserialize_with = "nullable")]
    vulnerabilities: Vec<Written>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default, deserialize_with = "nullable")]
    tracking: Tracking,
}

#[derive(Deserialize, Default)]
struct Tracking {
    #[serde(default)]
    current_release_date: Option<String>,
}

#[derive(Deserialize, Default)]
struct Tree {
    #[serde(default, deserialize_with = "nullable")]
    branches: Vec<Branch>,
    #[serde(default, deserialize_with = "nullable")]
    full_product_names: Vec<Named>,
    #[serde(default, deserialize_with = "nullable")]
    relationships: Vec<Relationship>,
}

/// The reader of JSON bounds how deep these are.
#[derive(Deserialize)]
struct Branch {
    #[serde(default, deserialize_with = "nullable")]
    branches: Vec<Branch>,
    #[serde(default)]
    product: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    product_id: String,
    #[serde(default, deserialize_with = "nullable")]
    product_identification_helper: Helper,
}

#[derive(Deserialize, Default)]
struct Helper {
    #[serde(default)]
    purl: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    hashes: Vec<Hashes>,
}

#[derive(Deserialize)]
struct Hashes {
    #[serde(default, deserialize_with = "nullable")]
    file_hashes: Vec<Hash>,
}

#[derive(Deserialize)]
struct Hash {
    #[serde(default)]
    algorithm: String,
    #[serde(default)]
    value: String,
}

/// A package in a product.
#[derive(Deserialize)]
struct Relationship {
    full_product_name: Named,
    product_reference: String,
    relates_to_product_reference: String,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    cve: String,
    #[serde(default, deserialize_with = "nullable")]
    ids: Vec<Id>,
    #[serde(default, deserialize_with = "nullable")]
    product_status: BTreeMap<String, Vec<String>>,
    #[serde(default, deserialize_with = "nullable")]
    flags: Vec<Flag>,
}

#[derive(Deserialize)]
struct Id {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Flag {
    label: String,
    #[serde(default, deserialize_with = "nullable")]
    product_ids: Vec<String>,
}

/// Products by the document's own identifiers.
type Products<'a> = BTreeMap<&'a str, Product>;

pub(super) fn read(document: &[u8]) -> Result<Statements, String> {
    let document: Document = parse(document, "a CSAF document")?;
    let products = products(&document.product_tree);
    let at = time(document.document.tracking.current_release_date.as_deref());
    let mut statements = Statements::default();
    for written in &document.vulnerabilities {
        let called = names(written.ids.iter().map(|id| id.text.clone()).chain([written.cve.clone()]));
        for (status, ids) in &written.product_status {
            // One that the tree does not describe is another product.
            for id in ids {
                let product = products.get(id.as_str()).cloned().unwrap_or_default();
                let says = says(status, id, &written.flags);
                statements.add(Statement { names: called.clone(), products: vec![product], says, at, only: None })?;
            }
        }
    }
    Ok(statements)
}

fn says(status: &str, product: &String, flags: &[Flag]) -> Says {
    let label = || flags.iter().find(|flag| flag.product_ids.contains(product)).map(|flag| flag.label.as_str());
    match status {
        "known_not_affected" => excepted("not_affected", [label(), None]),
        "fixed" | "first_fixed" => excepted("fixed", [None, None]),
        _ => Says::Affected,
    }
}

fn products(tree: &Tree) -> Products<'_> {
    let mut products: Products<'_> =
        tree.full_product_names.iter().map(|named| (named.product_id.as_str(), product(named))).collect();
    for branch in &tree.branches {
        of_branch(branch, &mut products);
    }
    for one in &tree.relationships {
        let of = |id: &str| products.get(id).cloned().unwrap_or_default();
        let (part, whole) = (of(&one.product_reference), of(&one.relates_to_product_reference));
        products.insert(&one.full_product_name.product_id, Product { parts: vec![part.id], ..whole });
    }
    products
}

fn of_branch<'a>(branch: &'a Branch, products: &mut Products<'a>) {
    products.extend(branch.product.iter().map(|named| (named.product_id.as_str(), product(named))));
    for branch in &branch.branches {
        of_branch(branch, products);
    }
}

fn product(named: &Named) -> Product {
    let helper = &named.product_identification_helper;
    let hashes = helper.hashes.iter().flat_map(|hashes| &hashes.file_hashes);
    let hashes = hashes.filter(|hash| hash.algorithm == "sha256").map(|hash| hash.value.clone());
    Product::new(helper.purl.clone().unwrap_or_default(), hashes.collect(), Vec::new())
}
