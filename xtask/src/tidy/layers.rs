//! Checks the layers of the SDK: a module uses only modules of its own layer and of lower layers.

use super::finding::Finding;
use super::modules::Crate;

/// A layer and its modules, from the lowest layer up.
struct Layer {
    name: &'static str,
    modules: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer {
        name: "values",
        modules: &[
            "args",
            "call",
            "checked_text",
            "choices",
            "codes",
            "error",
            "hints",
            "ids",
            "instance",
            "names",
            "no_answer",
            "option_list",
            "outcome",
            "quoted",
        ],
    },
    Layer {
        name: "state",
        modules: &[
            "attempts",
            "context",
            "files",
            "iam",
            "journal",
            "operation",
            "option_list_store",
            "property_store",
            "records",
        ],
    },
    Layer { name: "EC2", modules: &["catalog", "client_token", "filter", "instances", "pages", "wait"] },
    Layer { name: "workflows", modules: &["action", "creation", "option_lists", "properties", "selection"] },
    Layer { name: "all of it", modules: &["prelude"] },
    Layer { name: "tests", modules: &["sample", "testing"] },
];

/// The imports from a higher layer, and the modules without a layer.
pub fn findings(sdk: &Crate) -> Vec<Finding> {
    let file = |path: &[String]| sdk.modules.get(path).map_or_else(String::new, |module| module.file.clone());
    let unassigned = sdk.modules.keys().filter(|path| path.len() == 1 && layer(path).is_none()).map(|path| Finding {
        file: file(path),
        line: 1,
        what: format!("the module {} is in no layer of the SDK, see xtask/src/tidy/layers.rs", path[0]),
    });
    let upward = sdk.arrows().into_iter().filter_map(|arrow| {
        let (from, to) = (layer(&arrow.from)?, layer(&arrow.to)?);
        (from < to).then(|| Finding {
            file: file(&arrow.from),
            line: arrow.line,
            what: format!(
                "a module of the layer {} uses {} of the layer {}, which is above it",
                LAYERS[from].name,
                file(&arrow.to),
                LAYERS[to].name
            ),
        })
    });
    unassigned.chain(upward).collect()
}

fn layer(path: &[String]) -> Option<usize> {
    let module = path.first()?;
    LAYERS.iter().position(|layer| layer.modules.contains(&module.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, shown};
    use super::*;

    #[test]
    fn imports_are_from_lower_layers_and_every_module_has_a_layer() {
        let tree = Tree::new(&[
            ("functions/a/src/lib.rs", "mod attic;\nmod error;\nmod ids;\nmod wait;\npub use wait::Wait;\n"),
            ("functions/a/src/attic.rs", "use crate::error::E;\n"),
            ("functions/a/src/error.rs", "use crate::ids::Id;\nfn f(wait: crate::Wait) {}\n"),
            ("functions/a/src/ids.rs", "pub struct Id;\n"),
            ("functions/a/src/wait.rs", "use crate::error::E;\npub struct Wait;\n"),
        ]);
        let workspace = tree.workspace(&["a"]);
        let crates = Crate::of_package(&workspace, &workspace.packages[0]).unwrap();
        assert_eq!(
            shown(&findings(&crates[0])),
            [
                "functions/a/src/attic.rs:1: the module attic is in no layer of the SDK, see xtask/src/tidy/layers.rs",
                "functions/a/src/error.rs:2: a module of the layer values uses functions/a/src/wait.rs of the layer \
                 EC2, which is above it"
            ]
        );
    }
}
