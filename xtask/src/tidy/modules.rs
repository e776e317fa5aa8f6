//! Resolves the modules of a crate, and the files to which their paths refer.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

use super::code::{Code, Import};
use crate::workspace::{Package, Workspace};

/// The maximum length of a chain of imports. A longer chain is cyclic.
const CHAIN: usize = 16;

/// The path of a module below the crate root.
type ModulePath = Vec<String>;

/// The modules of a library or program, without those of unit tests.
pub struct Crate {
    /// The folder of the root file, with a trailing `/`.
    folder: String,
    pub modules: BTreeMap<ModulePath, Module>,
}

/// A module with a file of its own.
pub struct Module {
    /// Path in the workspace.
    pub file: String,
    pub text: String,
    pub code: Code,
}

/// A reference from one file to another.
#[derive(Debug, Clone)]
pub struct Arrow {
    pub from: ModulePath,
    pub to: ModulePath,
    pub line: usize,
}

/// The target of a path.
enum Target {
    Module(ModulePath),
    /// An item of that module.
    Item(ModulePath),
}

impl Target {
    fn module(self) -> ModulePath {
        match self {
            Self::Module(path) | Self::Item(path) => path,
        }
    }
}

impl Crate {
    /// The library and the programs of a package.
    pub fn of_package(workspace: &Workspace, package: &Package) -> Result<Vec<Self>> {
        let mut roots: Vec<String> = ["src/lib.rs", "src/main.rs", "lib.rs"].map(str::to_owned).into();
        let programs = workspace.root.join(&package.folder).join("src/bin");
        for entry in fs::read_dir(programs).into_iter().flatten() {
            let name = entry.context("reading the folder of programs")?.file_name();
            roots.push(format!("src/bin/{}", name.to_string_lossy()));
        }
        roots.sort();
        let files = roots.into_iter().map(|root| format!("{}/{root}", package.folder));
        files.filter(|file| workspace.root.join(file).is_file()).map(|file| Self::load(workspace, &file)).collect()
    }

    fn load(workspace: &Workspace, root: &str) -> Result<Self> {
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut found = Self { folder: format!("{folder}/"), modules: BTreeMap::new() };
        let mut left = vec![(Vec::new(), root.to_owned())];
        while let Some((path, file)) = left.pop() {
            let text = fs::read_to_string(workspace.root.join(&file)).with_context(|| format!("reading {file}"))?;
            let code = Code::parse(&text).with_context(|| format!("parsing {file}"))?;
            for name in &code.modules {
                let child = [path.as_slice(), std::slice::from_ref(name)].concat();
                let base = format!("{}{}", found.folder, child.join("/"));
                let beside = format!("{base}.rs");
                let inside = format!("{base}/mod.rs");
                left.push((child, if workspace.root.join(&beside).is_file() { beside } else { inside }));
            }
            found.modules.insert(path, Module { file, text, code });
        }
        Ok(found)
    }

    /// The references between files, without duplicates, in file order.
    ///
    /// A module that reexports names of its submodules does not refer to them.
    pub fn arrows(&self) -> Vec<Arrow> {
        let mut arrows = BTreeMap::new();
        for (from, module) in &self.modules {
            for (to, line) in self.mentions(from, &module.code) {
                if to != *from {
                    let arrow = Arrow { from: from.clone(), to: to.clone(), line };
                    arrows.entry((from.clone(), to)).or_insert(arrow);
                }
            }
        }
        arrows.into_values().collect()
    }

    fn mentions(&self, from: &[String], code: &Code) -> Vec<(ModulePath, usize)> {
        let imports = code.imports.iter().filter_map(|import| {
            let to = self.resolve(from, &import.path, 0)?.module();
            let line = if import.public && to.starts_with(from) { *code.names.get(&import.name)? } else { import.line };
            Some((to, line))
        });
        let paths =
            code.paths.iter().filter_map(|path| Some((self.resolve(from, &path.names, 0)?.module(), path.line)));
        let macros = code.names.iter().filter_map(|(name, line)| Some((self.macro_home(name)?, *line)));
        let methods = code.impls.iter().flat_map(|own| {
            own.calls.iter().filter_map(|(method, line)| Some((self.method_home(from, &own.of, method)?, *line)))
        });
        imports.chain(paths).chain(macros).chain(methods).collect()
    }

    /// The module that implements this method for the type, or `None` if it is `from` itself.
    fn method_home(&self, from: &[String], of: &str, method: &str) -> Option<ModulePath> {
        let has_it = |module: &Module| module.code.impls.iter().any(|own| own.of == of && own.methods.contains(method));
        if self.modules.get(from).is_some_and(has_it) {
            return None;
        }
        self.modules.iter().find(|(_, module)| has_it(module)).map(|(path, _)| path.clone())
    }

    fn macro_home(&self, name: &str) -> Option<ModulePath> {
        self.modules.iter().find(|(_, module)| module.code.macros.contains(name)).map(|(path, _)| path.clone())
    }

    /// The target of the path in the module `at`, or `None` outside the crate.
    fn resolve(&self, at: &[String], path: &[String], depth: usize) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.walk(Vec::new(), rest, depth),
            "self" => self.walk(at.to_vec(), rest, depth),
            "super" => {
                let ups = path.iter().take_while(|name| *name == "super").count();
                let parent = at.get(..at.len().checked_sub(ups)?)?;
                self.walk(parent.to_vec(), &path[ups..], depth)
            }
            name if self.knows(at, name) => self.walk(at.to_vec(), path, depth),
            _ => None,
        }
    }

    fn knows(&self, at: &[String], name: &str) -> bool {
        self.child(at, name).is_some() || self.import(at, name).is_some()
    }

    fn child(&self, at: &[String], name: &str) -> Option<ModulePath> {
        let child = [at, &[name.to_owned()]].concat();
        self.modules.contains_key(&child).then_some(child)
    }

    fn import(&self, at: &[String], name: &str) -> Option<&Import> {
        self.modules.get(at)?.code.imports.iter().find(|import| import.name == name)
    }

    fn walk(&self, mut at: ModulePath, names: &[String], depth: usize) -> Option<Target> {
        if depth > CHAIN {
            return None;
        }
        for (index, name) in names.iter().enumerate() {
            if let Some(child) = self.child(&at, name) {
                at = child;
            } else if let Some(import) = self.import(&at, name) {
                match self.resolve(&at, &import.path, depth + 1)? {
                    Target::Module(module) => at = module,
                    item => return Some(item),
                }
            } else {
                let home = self.glob_home(&at, &names[index..], depth);
                let home = home.or_else(|| at.is_empty().then(|| self.macro_home(name)).flatten());
                return Some(Target::Item(home.unwrap_or(at)));
            }
        }
        Some(Target::Module(at))
    }

    /// The module from which a `use module::*` in `at` imports the name.
    fn glob_home(&self, at: &[String], names: &[String], depth: usize) -> Option<ModulePath> {
        let code = &self.modules.get(at)?.code;
        let globs = code.imports.iter().filter(|import| import.name == "*" && !code.items.contains(&names[0]));
        globs.filter_map(|glob| self.resolve(at, &glob.path, depth + 1)).find_map(|target| {
            let module = target.module();
            let has_it = self.modules.get(&module)?.code.items.contains(&names[0]) || self.knows(&module, &names[0]);
            has_it.then(|| self.walk(module, names, depth + 1)).flatten().map(Target::module)
        })
    }
}
