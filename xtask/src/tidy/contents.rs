//! Checks that a `lib.rs` contains only modules and reexports, no logic.
//!
//! Function crates are exempt, because most of them are a single file, and so is the generated package that links them.

use anyhow::{Context, Result, anyhow};
use proc_macro2::{TokenStream, TokenTree};

use super::finding::Finding;
use super::modules::Crate;

/// The folders of the exempt packages.
const EXEMPT: [&str; 2] = ["functions/", "host/examples/"];

/// Finds the first item of a `lib.rs` that is neither `mod name;` nor `use`.
pub fn findings(of: &Crate) -> Result<Option<Finding>> {
    let Some(root) = of.modules.get(&Vec::new()) else { return Ok(None) };
    let is_lib = root.file.rsplit('/').next() == Some("lib.rs");
    if !is_lib || EXEMPT.iter().any(|folder| root.file.starts_with(folder)) {
        return Ok(None);
    }
    let tokens: TokenStream = root.text.parse().map_err(|error| anyhow!("{error}")).context("parsing a lib.rs")?;
    let logic = first_of_another_kind(&tokens.into_iter().collect::<Vec<_>>());
    Ok(logic.map(|line| Finding {
        file: root.file.clone(),
        line,
        what: "a lib.rs has modules and `use` alone; logic is in a module".to_owned(),
    }))
}

/// The line of the first item that is not allowed.
fn first_of_another_kind(mut tokens: &[TokenTree]) -> Option<usize> {
    loop {
        let line = tokens.first()?.span().start().line;
        let length = match tokens {
            // Attributes and visibility, with brackets.
            [first, ..] if ["#", "!", "pub"].contains(&first.to_string().as_str()) => 1,
            [TokenTree::Group(_), ..] => 1,
            [first, _, end, ..] if first.to_string() == "mod" && end.to_string() == ";" => 3,
            [first, ..] if first.to_string() == "use" => {
                1 + tokens.iter().position(|token| token.to_string() == ";")?
            }
            _ => return Some(line),
        };
        tokens = &tokens[length..];
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, shown};
    use super::*;

    fn findings_in(folder: &str, text: &str) -> Vec<String> {
        let tree =
            Tree::new(&[(&format!("{folder}/src/lib.rs"), text), (&format!("{folder}/src/one.rs"), "fn f() {}\n")]);
        let mut workspace = tree.workspace(&["a"]);
        workspace.packages[0].folder = folder.to_owned();
        let crates = Crate::of_package(&workspace, &workspace.packages[0]).unwrap();
        crates.iter().flat_map(|of| shown(findings(of).unwrap().as_slice())).collect()
    }

    #[test]
    fn modules_and_reexports_are_allowed() {
        let text = "//! Docs.\n#![deny(warnings)]\n#[cfg(feature = \"x\")]\npub mod one;\npub(crate) use one::{A, b::*};\n\
                    #[doc(hidden)]\npub use other as another;\n";
        assert_eq!(findings_in("opcon", text), [""; 0]);
    }

    #[test]
    fn any_logic_in_a_lib_is_found() {
        let items = [
            "pub const A: u8 = 1;",
            "fn f() {}",
            "#[derive(Clone)]\nstruct A;",
            "impl A {}",
            "macro_rules! m { () => {} }",
            "include!(\"x\");",
            "mod two { fn f() {} }",
        ];
        for item in items {
            let found = findings_in("opcon/stand-in", &format!("//! Docs.\nmod one;\n{item}\nuse one::A;\n"));
            assert_eq!(found.len(), 1, "{item}");
            assert!(found[0].starts_with("opcon/stand-in/src/lib.rs:"), "{found:?}");
            assert!(found[0].ends_with(": a lib.rs has modules and `use` alone; logic is in a module"), "{found:?}");
        }
    }

    #[test]
    fn a_function_crate_may_be_one_file() {
        for folder in ["functions/a", "functions", "host/examples/own-connector/a"] {
            assert_eq!(findings_in(folder, "//! Docs.\nfn f() {}\n"), [""; 0]);
        }
    }
}
