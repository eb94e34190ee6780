//! Which file imports which, read from the tokens of the sources.
//!
//! An import is a path to an item that another file defines, in a `use` or written out, also through a re-export. `mod`
//! lines, re-exports of a module's own children and what is compiled for tests only do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The path of a module from the crate's root, or of an item in it.
type ItemPath = Vec<String>;

/// The modules below one root, each a file.
pub struct Sources {
    modules: BTreeMap<ItemPath, Module>,
}

struct Module {
    /// From the root.
    file: String,
    items: BTreeSet<String>,
    /// What `use` brings in, by the name it has here.
    names: BTreeMap<String, ItemPath>,
    /// Every path that is not a re-export, as it is written.
    paths: Vec<ItemPath>,
    re_exports: Vec<ItemPath>,
    /// Its children that are compiled for tests only.
    for_tests: Vec<String>,
    /// All its children; one that is no file below the root stands elsewhere, and counts for nothing.
    children: BTreeSet<String>,
}

/// That one file imports an item of another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub from: String,
    pub to: String,
    pub item: String,
}

impl std::fmt::Debug for Import {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {} ({})", self.from, self.to, self.item)
    }
}

impl Sources {
    /// Reads everything below `root`, the directory of `lib.rs` or `main.rs`.
    pub fn read(root: &Path) -> Self {
        let texts = super::sources(root).into_iter().map(|file| {
            let text = std::fs::read_to_string(&file).unwrap();
            (file.strip_prefix(root).unwrap().to_owned(), text)
        });
        Self::of(texts)
    }

    pub fn of(texts: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let module = |(file, text): (PathBuf, String)| (module_path(&file), Module::read(&file, &text));
        let mut modules: BTreeMap<ItemPath, Module> = texts.into_iter().map(module).collect();
        let for_tests: Vec<ItemPath> = modules
            .iter()
            .flat_map(|(at, module)| module.for_tests.iter().map(|child| [at, &[child.clone()][..]].concat()))
            .collect();
        modules.retain(|at, _| !for_tests.iter().any(|tests| at.starts_with(tests)));
        Self { modules }
    }

    /// All imports between files.
    pub fn imports(&self) -> BTreeSet<Import> {
        let mut imports = BTreeSet::new();
        for (at, module) in &self.modules {
            let re_exports = module.re_exports.iter().filter(|path| {
                self.absolute(at, path).is_none_or(|target| !(target.len() > at.len() && target.starts_with(at)))
            });
            for path in module.paths.iter().chain(re_exports) {
                let Some(target) = self.absolute(at, path) else { continue };
                let Some((to, item)) = self.definer(&target, 0).filter(|(to, _)| *to != module.file) else { continue };
                imports.insert(Import { from: module.file.clone(), to: to.to_owned(), item: item.to_owned() });
            }
        }
        imports
    }

    /// A path as it is written in a module, from the root; `None` where it leads out of the crate or begins with a type.
    fn absolute(&self, at: &[String], path: &[String]) -> Option<ItemPath> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => self.absolute_from(at.to_vec(), rest),
            "super" => self.absolute_from(at[..at.len().checked_sub(1)?].to_vec(), rest),
            name => {
                let child = [at, &[name.to_owned()]].concat();
                if self.modules.contains_key(&child) {
                    return Some([&child, rest].concat());
                }
                let imported = self.modules.get(at)?.names.get(name).filter(|imported| *imported != path)?;
                Some([self.absolute(at, imported)?, rest.to_vec()].concat())
            }
        }
    }

    fn absolute_from(&self, base: ItemPath, rest: &[String]) -> Option<ItemPath> {
        match rest.first().map(String::as_str) {
            Some("super") => self.absolute_from(base[..base.len().checked_sub(1)?].to_vec(), &rest[1..]),
            _ => Some([base, rest.to_vec()].concat()),
        }
    }

    /// The file that defines the item at a path, and the item; `None` for a module itself. What a macro defines is not seen, and
    /// so belongs to the module that it is addressed by.
    fn definer(&self, target: &[String], depth: usize) -> Option<(&str, String)> {
        let end = (0..=target.len()).rev().find(|end| self.modules.contains_key(&target[..*end]))?;
        let (module, item) = (&self.modules[&target[..end]], target.get(end)?);
        let Some(elsewhere) = module.names.get(item).filter(|_| !module.items.contains(item) && depth < 8) else {
            return Some((module.file.as_str(), item.clone())).filter(|_| !module.children.contains(item));
        };
        let path = self.absolute(&target[..end], elsewhere)?;
        self.definer(&[&path, &target[end + 1..]].concat(), depth + 1)
    }
}

/// The names in the code of one file.
pub struct Names {
    /// What it makes visible outside of the crate, where its modules are.
    pub public: Vec<String>,
    /// Every word outside of `use`, definitions among them.
    pub words: Vec<String>,
}

impl Names {
    pub fn of(text: &str) -> Self {
        let mut tokens = Vec::new();
        flatten(text.parse().unwrap(), &mut tokens, &mut Vec::new());
        let (mut public, mut words, mut in_use) = (Vec::new(), Vec::new(), false);
        for (at, token) in tokens.iter().enumerate() {
            match token {
                Token::Word(word) if word == "use" => in_use = !matches!(tokens.get(at + 1), Some(Token::Sign('<'))),
                Token::Sign(';') => in_use = false,
                Token::Literal(text) => words.extend(text.split('{').skip(1).map(first_word)),
                Token::Word(word) if !in_use => {
                    words.push(word.clone());
                    public.extend((word == "pub").then(|| defined(&tokens[at + 1..])).flatten());
                }
                _ => {}
            }
        }
        Self { public, words }
    }
}

/// What a place in a format string names.
fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The name of the item that begins here.
fn defined(tokens: &[Token]) -> Option<String> {
    let mut words = tokens.iter().map_while(|token| match token {
        Token::Word(word) => Some(word.as_str()),
        _ => None,
    });
    let name = words.by_ref().take(4).skip_while(|word| !DEFINING.contains(word) || *word == "const").nth(1);
    name.or_else(|| match tokens {
        [Token::Word(word), Token::Word(name), ..] if word == "const" => Some(name.as_str()),
        _ => None,
    })
    .map(str::to_owned)
}

/// The imports that are part of a loop, however long.
pub fn loops(imports: &BTreeSet<Import>) -> Vec<&Import> {
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for import in imports {
        reached.entry(&import.from).or_default().insert(&import.to);
    }
    let leads_to = |from: &str, to: &str| {
        let (mut seen, mut open) = (BTreeSet::from([from]), vec![from]);
        while let Some(file) = open.pop() {
            open.extend(reached.get(file).into_iter().flatten().copied().filter(|next| seen.insert(next)));
        }
        seen.contains(to)
    };
    imports.iter().filter(|import| leads_to(&import.to, &import.from)).collect()
}

fn module_path(file: &Path) -> ItemPath {
    let mut path: ItemPath = file.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if path.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        path.pop();
    }
    path
}

enum Token {
    Word(String),
    Sign(char),
    Open,
    Close,
    Literal(String),
}

impl Module {
    fn read(file: &Path, text: &str) -> Self {
        let stream: TokenStream = text.parse().unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let (mut tokens, mut for_tests) = (Vec::new(), Vec::new());
        flatten(stream, &mut tokens, &mut for_tests);
        let file = file.to_str().unwrap().to_owned();
        let (names, paths, re_exports) = (BTreeMap::new(), Vec::new(), Vec::new());
        let (items, children) = (named_after(&tokens, &DEFINING), named_after(&tokens, &["mod"]));
        let mut module = Self { file, items, names, paths, re_exports, for_tests, children };
        module.read_paths(&tokens);
        module
    }

    fn read_paths(&mut self, tokens: &[Token]) {
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                Token::Word(word) if word == "use" && !matches!(tokens.get(at + 1), Some(Token::Sign('<'))) => {
                    let public = is_public(&tokens[..at]);
                    at = self.read_use(tokens, at + 1, &[], public) + 1;
                }
                Token::Word(_) if !matches!(at.checked_sub(1).map(|b| &tokens[b]), Some(Token::Sign('.' | ':'))) => {
                    let (path, next) = path_at(tokens, at);
                    if path.len() > 1 {
                        self.paths.push(path);
                    }
                    at = next;
                }
                _ => at += 1,
            }
        }
    }

    /// Reads one tree of a `use`, from `at` to the token after it.
    fn read_use(&mut self, tokens: &[Token], mut at: usize, before: &[String], public: bool) -> usize {
        while let Some(Token::Sign(':')) = tokens.get(at) {
            at += 1;
        }
        let (mut path, mut name) = (before.to_vec(), None);
        loop {
            match tokens.get(at) {
                Some(Token::Word(word)) if word == "as" => {
                    if let Some(Token::Word(alias)) = tokens.get(at + 1) {
                        name = Some(alias.clone());
                    }
                    at += 2;
                }
                Some(Token::Word(word)) => {
                    if word != "self" || path.is_empty() {
                        path.push(word.clone());
                    }
                    at += 1;
                }
                Some(Token::Sign(':')) => at += 1,
                Some(Token::Sign('*')) => {
                    path.push("*".to_owned());
                    at += 1;
                }
                Some(Token::Open) => {
                    at += 1;
                    while !matches!(tokens.get(at), Some(Token::Close) | None) {
                        at = self.read_use(tokens, at, &path, public);
                        if let Some(Token::Sign(',')) = tokens.get(at) {
                            at += 1;
                        }
                    }
                    return at + 1;
                }
                _ => break,
            }
        }
        let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
        self.names.insert(name, path.clone());
        if public {
            self.re_exports.push(path);
        } else {
            self.paths.push(path);
        }
        at
    }
}

fn is_public(before: &[Token]) -> bool {
    match before {
        [.., Token::Word(word)] => word == "pub",
        [.., Token::Word(word), Token::Open, _, Token::Close] => word == "pub",
        [.., Token::Word(word), Token::Open, _, _, Token::Close] => word == "pub",
        _ => false,
    }
}

/// The path that begins at a word, and the place after it.
fn path_at(tokens: &[Token], mut at: usize) -> (ItemPath, usize) {
    let mut path = Vec::new();
    while let Some(Token::Word(word)) = tokens.get(at) {
        path.push(word.clone());
        at += 1;
        match (tokens.get(at), tokens.get(at + 1), tokens.get(at + 2)) {
            (Some(Token::Sign(':')), Some(Token::Sign(':')), Some(Token::Word(_))) => at += 2,
            _ => break,
        }
    }
    (path, at)
}

/// The words before the name of an item.
const DEFINING: [&str; 8] = ["fn", "struct", "enum", "trait", "type", "const", "static", "union"];

/// The names that follow one of these words outside of all brackets: what a file defines itself.
fn named_after(tokens: &[Token], words: &[&str]) -> BTreeSet<String> {
    let mut depth = 0_usize;
    let mut names = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        match (token, tokens.get(at + 1)) {
            (Token::Open, _) => depth += 1,
            (Token::Close, _) => depth -= 1,
            (Token::Word(word), Some(Token::Word(name))) if depth == 0 && words.contains(&word.as_str()) => {
                names.insert(name.clone());
            }
            _ => {}
        }
    }
    names
}

/// The tokens in one row, without items that are compiled for tests only; modules among those are named.
fn flatten(stream: TokenStream, into: &mut Vec<Token>, for_tests: &mut Vec<String>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(sign) if sign.as_char() == '#' && is_for_tests(trees.peek()) => {
                let mut before = String::new();
                for tree in trees.by_ref() {
                    match tree {
                        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
                        TokenTree::Punct(sign) if sign.as_char() == ';' => break,
                        TokenTree::Ident(word) if before == "mod" => for_tests.push(word.to_string()),
                        other => before = other.to_string(),
                    }
                }
            }
            TokenTree::Group(group) => {
                into.push(Token::Open);
                flatten(group.stream(), into, for_tests);
                into.push(Token::Close);
            }
            TokenTree::Ident(word) => into.push(Token::Word(word.to_string())),
            TokenTree::Punct(sign) => into.push(Token::Sign(sign.as_char())),
            TokenTree::Literal(literal) => into.push(Token::Literal(literal.to_string())),
        }
    }
}

fn is_for_tests(attribute: Option<&TokenTree>) -> bool {
    matches!(attribute, Some(TokenTree::Group(group)) if group.stream().to_string().replace(' ', "") == "cfg(test)")
}
