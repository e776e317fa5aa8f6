//! Extracts the messages of a program: the string literals of its sources, without comments and tests.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The string literals of a crate, from its root (`lib.rs` or `main.rs`) through all modules except tests.
pub fn of_crate(root: &Path) -> Vec<String> {
    let mut found = Found::default();
    let mut files = vec![root.to_owned()];
    while let Some(file) = files.pop() {
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        found.add(text.replace("\r\n", "\n").parse().unwrap_or_else(|error| panic!("{}: {error}", file.display())));
        let folder = if file == root { file.with_file_name("") } else { file.with_extension("") };
        files.extend(found.modules.drain(..).map(|module| folder.join(module + ".rs")).filter(|file| file.exists()));
    }
    found.literals
}

/// The roots of a package's library and programs.
pub fn roots(package: &Path) -> Vec<PathBuf> {
    let sources = package.join("src");
    let programs = fs::read_dir(sources.join("bin")).into_iter().flatten().map(|entry| entry.unwrap().path());
    programs.chain([sources.join("lib.rs"), sources.join("main.rs")]).filter(|root| root.exists()).collect()
}

/// The literals and modules in the tokens of a file.
#[derive(Default)]
struct Found {
    literals: Vec<String>,
    /// The modules that it declares, inline or in files.
    modules: Vec<String>,
}

impl Found {
    fn add(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let inner = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '!');
                    tokens.next_if(inner);
                    let Some(attribute) = tokens.next_if(is_attribute) else { continue };
                    if is_for_tests(&attribute) {
                        tokens.by_ref().find(ends_an_item);
                    }
                    self.literals.extend(error_text(attribute));
                }
                TokenTree::Ident(word) if word == "mod" => {
                    if let Some(TokenTree::Ident(name)) = tokens.peek() {
                        self.modules.push(name.to_string());
                    }
                }
                TokenTree::Group(group) => self.add(group.stream()),
                TokenTree::Literal(literal) => self.literals.extend(value(&literal.to_string())),
                TokenTree::Punct(_) | TokenTree::Ident(_) => {}
            }
        }
    }
}

fn is_attribute(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
}

/// The text of an error, e.g. `#[error("it is empty")]`. Doc comments are attributes, too.
fn error_text(attribute: TokenTree) -> Option<String> {
    let TokenTree::Group(group) = attribute else { return None };
    let mut tokens = group.stream().into_iter();
    tokens.next().filter(|name| name.to_string() == "error")?;
    let Some(TokenTree::Group(arguments)) = tokens.next() else { return None };
    value(&arguments.stream().into_iter().next()?.to_string())
}

fn is_for_tests(attribute: &TokenTree) -> bool {
    let text: String = attribute.to_string().split_whitespace().collect();
    ["[cfg(test)]", "[cfg(feature=\"testing\")]"].contains(&text.as_str())
}

fn ends_an_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    }
}

/// The text of a string literal, with the escapes that messages use, or `None` for another literal.
fn value(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        return Some(raw.trim_matches('#').trim_matches('"').to_owned());
    }
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut lines = text.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    // A literal that continues on the next line.
    let whole = lines.fold(first, |whole, line| whole + line.trim_start_matches(' '));
    Some(whole.replace("\\\"", "\""))
}

#[test]
fn only_literals_of_the_program_are_found() {
    let source = r##"
        //! "an inner comment"
        #![allow(unused, reason = "an attribute")]
        mod inner;
        /// "a comment for the documentation"
        fn f() { // "a comment"
            let text = " a \"quoted\" text, \
                       continued";
            #[error("of an error")]
            bail!("of a macro: {text}", other("nested"), r#"raw"#, 'c', b"bytes", 1);
        }
        #[cfg(test)]
        #[allow(dead_code)]
        fn for_tests() { "of a test" }
        #[cfg(test)]
        mod tests;
        #[cfg(feature = "testing")]
        mod testing;
        #[cfg(not(test))]
        const LAST: &str = "last";
    "##;
    let mut found = Found::default();
    found.add(source.parse().unwrap());
    let literals = [" a \"quoted\" text, continued", "of an error", "of a macro: {text}", "nested", "raw", "last"];
    assert_eq!(found.literals, literals);
    assert_eq!(found.modules, ["inner"]);
}
