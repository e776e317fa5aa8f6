//! Finds identical code sequences in two functions, which belong in the SDK.

use std::collections::HashMap;

use anyhow::Result;

use super::finding::Finding;
use super::modules::{Crate, Module};
use crate::workspace::Workspace;

/// The number of equal lines of code that make a sequence.
const SEQUENCE: usize = 6;

/// The first occurrence of a sequence.
struct Place {
    function: String,
    file: String,
    line: usize,
}

/// The places where a sequence of another function is repeated.
pub fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut seen = HashMap::new();
    let mut findings = Vec::new();
    for function in workspace.functions() {
        for found in Crate::of_package(workspace, function)? {
            for module in found.modules.values() {
                findings.extend(findings_in(module, &function.name, &mut seen));
            }
        }
    }
    Ok(findings)
}

fn findings_in(module: &Module, function: &str, seen: &mut HashMap<Vec<String>, Place>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut goes_on = false;
    for lines in lines_of_code(module).windows(SEQUENCE) {
        let line = lines[0].0;
        let sequence: Vec<String> = lines.iter().map(|(_, text)| (*text).to_owned()).collect();
        let here = Place { function: function.to_owned(), file: module.file.clone(), line };
        let first = seen.entry(sequence).or_insert(here);
        let is_repeated = first.function != function;
        if is_repeated && !goes_on {
            let what = format!("{SEQUENCE} lines of code are those of {}:{}", first.file, first.line);
            findings.push(Finding { file: module.file.clone(), line, what });
        }
        goes_on = is_repeated;
    }
    findings
}

/// The lines of code with their numbers, without blank lines, comments, imports, and unit tests.
fn lines_of_code(module: &Module) -> Vec<(usize, &str)> {
    let mut in_import = false;
    let is_code = |(number, line): &(usize, &str)| {
        let starts_import = line.starts_with("use ") || line.starts_with("pub use ");
        let is_import = in_import || starts_import;
        in_import = is_import && !line.ends_with(';');
        !is_import && !line.is_empty() && !line.starts_with("//") && !module.code.is_test(*number)
    };
    (1..).zip(module.text.lines().map(str::trim)).filter(is_code).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, shown};
    use super::*;

    const SIX: &str = "fn a() {}\nfn b() {}\nfn c() {}\nfn d() {}\nfn e() {}\nfn f() {}\n";

    fn findings_of(a: &str, b: &str) -> Vec<String> {
        let tree = Tree::new(&[("functions/a/src/lib.rs", a), ("functions/b/src/lib.rs", b)]);
        shown(&findings(&tree.workspace(&["a", "b"])).unwrap())
    }

    #[test]
    fn a_sequence_of_another_function_is_found_where_it_begins() {
        let again = "//! B.\n\nuse x::{\n    y,\n};\nfn z() {}\n    fn a() {}\n\nfn b() {}\n// Why.\nfn c() {}\nfn d() {}\nfn e() {}\nfn f() {}\nfn g() {}\n";
        assert_eq!(
            findings_of(&format!("//! A.\n{SIX}fn g() {{}}\n"), again),
            ["functions/b/src/lib.rs:7: 6 lines of code are those of functions/a/src/lib.rs:2"]
        );
    }

    #[test]
    fn five_lines_imports_tests_and_repetitions_in_one_function_are_no_findings() {
        let in_tests = format!("#[cfg(test)]\nmod tests {{\n{SIX}}}\n");
        let imports = "use a;\n".repeat(SEQUENCE);
        for (a, b) in [
            (SIX.to_owned(), SIX.replace("fn f()", "fn g()")),
            (SIX.to_owned(), in_tests),
            (imports.clone(), imports),
            (SIX.repeat(2), String::new()),
        ] {
            assert!(findings_of(&a, &b).is_empty(), "{a}\n{b}");
        }
    }
}
