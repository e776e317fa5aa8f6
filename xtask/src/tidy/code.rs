//! Finds references to other files in the code of a Rust file: modules, imports, and paths, without those of its unit
//! tests.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The code of one file.
#[derive(Debug, Default)]
pub struct Code {
    /// The names of `mod name;`.
    pub modules: Vec<String>,
    pub imports: Vec<Import>,
    /// Paths of at least two names, except imports.
    pub paths: Vec<CodePath>,
    /// The items that the file defines.
    pub items: BTreeSet<String>,
    /// The macros that the file defines.
    pub macros: BTreeSet<String>,
    /// Single names with the line of their first use. Lower-case names, which may be variables, only if they are
    /// called.
    pub names: BTreeMap<String, usize>,
    pub impls: Vec<Impl>,
    /// The lines of unit tests.
    pub tests: Vec<Range<usize>>,
}

/// A name that a `use` imports.
#[derive(Debug)]
pub struct Import {
    pub path: Vec<String>,
    /// The name in this file, or `*` for all names of a module.
    pub name: String,
    /// Whether other files can import it from this one.
    pub public: bool,
    pub line: usize,
}

/// Methods that a file implements for a type.
#[derive(Debug, Default)]
pub struct Impl {
    pub of: String,
    pub methods: BTreeSet<String>,
    /// The methods that it calls on `self`, with the line of the first call.
    pub calls: BTreeMap<String, usize>,
}

impl Impl {
    /// Parses `impl Type { .. }`. Returns `None` for a trait impl.
    fn parse(tokens: &[TokenTree]) -> Option<Self> {
        let is_body =
            |token: &&TokenTree| matches!(token, TokenTree::Group(body) if body.delimiter() == Delimiter::Brace);
        let body = tokens.iter().position(|token| is_body(&token))?;
        let (head, body) = (&tokens[..body], &tokens[body]);
        if head.iter().any(|token| token.to_string() == "for") {
            return None;
        }
        let TokenTree::Group(body) = body else { return None };
        let mut found = Self { of: type_name(head)?, ..Self::default() };
        found.read(&body.stream().into_iter().collect::<Vec<_>>());
        Some(found)
    }

    fn read(&mut self, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            let after = |ahead: usize| tokens.get(at + ahead).map(ToString::to_string).unwrap_or_default();
            match token {
                TokenTree::Group(group) => self.read(&group.stream().into_iter().collect::<Vec<_>>()),
                TokenTree::Ident(word) if word == "fn" => drop(self.methods.insert(after(1))),
                TokenTree::Ident(word)
                    if word == "self"
                        && is_punct(tokens.get(at + 1), '.')
                        && matches!(tokens.get(at + 3), Some(TokenTree::Group(_))) =>
                {
                    self.calls.entry(after(2)).or_insert(line(token));
                }
                _ => {}
            }
        }
    }
}

/// The last name of the type in `impl<T> path::Type<T> where ..`.
fn type_name(head: &[TokenTree]) -> Option<String> {
    let (mut depth, mut name) = (0, None);
    for token in &head[1..] {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' => depth -= 1,
            TokenTree::Ident(word) if word == "where" => break,
            TokenTree::Ident(word) if depth == 0 => name = Some(word.to_string()),
            _ => {}
        }
    }
    name
}

#[derive(Debug)]
pub struct CodePath {
    pub names: Vec<String>,
    pub line: usize,
}

impl Code {
    /// Parses a file.
    pub fn parse(text: &str) -> Result<Self> {
        let tokens: TokenStream = text.parse().map_err(|error| anyhow!("{error}"))?;
        let mut code = Self::default();
        code.scan(&tokens.into_iter().collect::<Vec<_>>());
        Ok(code)
    }

    /// Whether the line is part of a unit test.
    pub fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|lines| lines.contains(&line))
    }

    fn scan(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            at += match &tokens[at] {
                TokenTree::Group(group) => self.group(group),
                TokenTree::Punct(_) if is_test_attribute(tokens, at) => {
                    let length = item_length(&tokens[at..]);
                    self.tests.push(line(&tokens[at])..end_line(&tokens[at + length - 1]) + 1);
                    length
                }
                TokenTree::Ident(word) => self.word(&word.to_string(), tokens, at),
                _ => 1,
            };
        }
    }

    fn group(&mut self, group: &Group) -> usize {
        self.scan(&group.stream().into_iter().collect::<Vec<_>>());
        1
    }

    /// Parses the item that begins with the keyword, and returns its number of tokens.
    fn word(&mut self, word: &str, tokens: &[TokenTree], at: usize) -> usize {
        let next = tokens.get(at + 1).map(ToString::to_string).unwrap_or_default();
        match word {
            "use" if next != "<" => return self.import(tokens, at),
            "mod" if is_punct(tokens.get(at + 2), ';') => {
                self.modules.push(next);
                return 3;
            }
            "impl" => {
                self.impls.extend(Impl::parse(&tokens[at..]));
                return 1;
            }
            "macro_rules" => {
                self.macros.extend(tokens.get(at + 2).map(ToString::to_string));
                return 3;
            }
            "fn" | "struct" | "enum" | "trait" | "const" | "static" | "type" | "union" => {
                self.items.insert(next);
                return 1;
            }
            _ => {}
        }
        let qualified = at > 0
            && (is_punct(tokens.get(at - 1), '.')
                || is_punct(tokens.get(at - 1), ':') && at > 1 && is_punct(tokens.get(at - 2), ':'));
        let (names, length) = path(&tokens[at..]);
        if !qualified {
            let line = line(&tokens[at]);
            let is_called =
                matches!(tokens.get(at + 1), Some(TokenTree::Group(_))) || !next.is_empty() && "!:".contains(&next);
            if is_called || !word.starts_with(|c: char| c.is_ascii_lowercase()) {
                self.names.entry(word.to_owned()).or_insert(line);
            }
            if names.len() > 1 {
                self.paths.push(CodePath { names, line });
            }
        }
        length
    }

    fn import(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let length = tokens[at..].iter().take_while(|token| !is_punct(Some(token), ';')).count();
        let public = tokens[..at].iter().rev().find(|token| !matches!(token, TokenTree::Group(_)));
        let public = public.is_some_and(|token| token.to_string() == "pub");
        self.import_tree(&tokens[at + 1..at + length], &[], public);
        length + 1
    }

    fn import_tree(&mut self, tokens: &[TokenTree], before: &[String], public: bool) {
        for branch in tokens.split(|token| is_punct(Some(token), ',')).filter(|branch| !branch.is_empty()) {
            self.import_branch(branch, before, public);
        }
    }

    fn import_branch(&mut self, branch: &[TokenTree], before: &[String], public: bool) {
        let mut path = before.to_vec();
        let mut name = None;
        let mut tokens = branch.iter();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => {
                    return self.import_tree(&group.stream().into_iter().collect::<Vec<_>>(), &path, public);
                }
                TokenTree::Ident(word) if word == "as" => name = tokens.next().map(ToString::to_string),
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '*' => name = Some("*".to_owned()),
                _ => {}
            }
        }
        let Some(last) = path.last() else { return };
        let name = name.unwrap_or_else(|| last.clone());
        self.imports.push(Import { name, path, public, line: line(&branch[0]) });
    }
}

/// The names of the path at the beginning of the tokens, and its number of tokens.
fn path(tokens: &[TokenTree]) -> (Vec<String>, usize) {
    let mut names = vec![tokens[0].to_string()];
    let mut length = 1;
    while is_punct(tokens.get(length), ':') && is_punct(tokens.get(length + 1), ':') {
        let Some(TokenTree::Ident(name)) = tokens.get(length + 2) else { break };
        names.push(name.to_string());
        length += 3;
    }
    (names, length)
}

fn is_test_attribute(tokens: &[TokenTree], at: usize) -> bool {
    let Some(TokenTree::Group(group)) = tokens.get(at + 1) else { return false };
    is_punct(tokens.get(at), '#') && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// The number of tokens of the item that begins with attributes.
fn item_length(tokens: &[TokenTree]) -> usize {
    let attributes = 2 * tokens.chunks(2).take_while(|pair| is_punct(pair.first(), '#')).count();
    let item = &tokens[attributes.min(tokens.len())..];
    let ends_with_semicolon =
        |token: &TokenTree| matches!(token.to_string().as_str(), "use" | "const" | "static" | "type");
    let braces_end =
        !item.iter().take(3).any(ends_with_semicolon) || item.iter().take(3).any(|token| token.to_string() == "fn");
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => braces_end && group.delimiter() == Delimiter::Brace,
        token => is_punct(Some(token), ';'),
    };
    attributes + item.iter().position(ends).map_or(item.len(), |end| end + 1)
}

fn is_punct(token: Option<&TokenTree>, expected: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == expected)
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

fn end_line(token: &TokenTree) -> usize {
    token.span().end().line
}
