//! Checks that the program reads files through `bounded-files`, which limits their size and never blocks.

use super::finding::Finding;
use super::modules::Crate;

/// The packages that run in a job or an administrator command. `bounded-files` itself is not one of them.
const PROGRAM: [&str; 5] = ["host/src/", "host/sdk/", "functions/", "opcon/src/", "host/examples/"];
/// The functions of the standard library that read a file of any kind and size.
const UNBOUNDED: [[&str; 2]; 3] = [["fs", "read"], ["fs", "read_to_string"], ["File", "open"]];

/// Finds the uses of functions that read files without a limit, except in unit tests.
pub fn findings(of: &Crate) -> Vec<Finding> {
    let modules = of.modules.values().filter(|module| PROGRAM.iter().any(|folder| module.file.starts_with(folder)));
    let found = modules.flat_map(|module| {
        let imports = module.code.imports.iter().map(|import| (&import.path, import.line));
        let paths = module.code.paths.iter().map(|path| (&path.names, path.line));
        imports.chain(paths).filter_map(|(path, line)| {
            let unbounded = UNBOUNDED.iter().find(|names| path.ends_with(&names.map(str::to_owned)))?;
            Some(Finding {
                file: module.file.clone(),
                line,
                what: format!("`{}` reads any file without a limit; use `bounded-files`", unbounded.join("::")),
            })
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, shown};
    use super::*;

    fn findings_in(folder: &str, text: &str) -> Vec<String> {
        let tree = Tree::new(&[(&format!("{folder}/src/lib.rs"), text)]);
        let mut workspace = tree.workspace(&["a"]);
        workspace.packages[0].folder = folder.to_owned();
        let crates = Crate::of_package(&workspace, &workspace.packages[0]).unwrap();
        crates.iter().flat_map(|of| shown(&findings(of))).collect()
    }

    #[test]
    fn an_unbounded_read_is_found_wherever_the_program_is() {
        for (text, name) in [
            ("use std::fs;\nfn f() { fs::read(p); }\n", "fs::read"),
            ("\nfn f() { std::fs::read_to_string(p); }\n", "fs::read_to_string"),
            ("\nuse std::fs::{write, read};\n", "fs::read"),
            ("\nfn f() { File::open(p); }\n", "File::open"),
        ] {
            for folder in ["host", "host/sdk", "functions/a", "opcon"] {
                let expected =
                    format!("{folder}/src/lib.rs:2: `{name}` reads any file without a limit; use `bounded-files`");
                assert_eq!(findings_in(folder, text), [expected], "{text}");
            }
        }
    }

    #[test]
    fn other_uses_are_allowed() {
        let text = "use std::fs;\nfn f() { fs::write(p, b); fs::read_dir(p); }\n#[cfg(test)]\nmod tests {\n    fn f() { \
                    fs::read(p); }\n}\n";
        assert_eq!(findings_in("opcon", text), [""; 0]);
        for folder in ["host/files", "xtask", "opcon/stand-in"] {
            assert_eq!(findings_in(folder, "fn f() { std::fs::read(p); }\n"), [""; 0]);
        }
    }
}
