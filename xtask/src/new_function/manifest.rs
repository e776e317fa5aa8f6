//! Adds a function to `functions/Cargo.toml`, and preserves comments and formatting.

use anyhow::{Context, Result};
use toml_edit::{Array, DocumentMut, InlineTable, TableLike, Value, value};

const DEFAULT: &str = "default";

/// The manifest with the package as an optional dependency, and a feature with its name that is enabled by default.
pub fn with_function(manifest: &str, package: &str) -> Result<String> {
    let mut document: DocumentMut = manifest.parse().context("reading it as TOML")?;

    let features = table(&mut document, "features")?;
    let default = features.get_mut(DEFAULT).and_then(|item| item.as_array_mut()).context("finding features.default")?;
    insert_sorted(default, package);
    let feature: Array = std::iter::once(format!("dep:{package}")).collect();
    features.insert(package, value(feature));

    let mut dependency = InlineTable::new();
    dependency.insert("path", package.into());
    dependency.insert("optional", true.into());
    table(&mut document, "dependencies")?.insert(package, value(dependency));

    for name in ["features", "dependencies"] {
        if let Some(table) = document.get_mut(name).and_then(|item| item.as_table_mut()) {
            // `default` comes first, then the functions in alphabetical order.
            table.sort_values_by(|a, _, b, _| (a != DEFAULT, a.get()).cmp(&(b != DEFAULT, b.get())));
        }
    }
    Ok(document.to_string())
}

fn table<'a>(document: &'a mut DocumentMut, name: &str) -> Result<&'a mut dyn TableLike> {
    let item = document.get_mut(name).with_context(|| format!("finding [{name}]"))?;
    item.as_table_like_mut().with_context(|| format!("finding [{name}]"))
}

/// Inserts in alphabetical order, on a separate line if the array has one item per line.
fn insert_sorted(array: &mut Array, package: &str) {
    let index = array.iter().filter_map(Value::as_str).take_while(|name| *name < package).count();
    let line_start = array
        .iter()
        .filter_map(|value| value.decor().prefix()?.as_str())
        .find(|prefix| prefix.contains('\n'))
        .map(str::to_owned);
    match line_start {
        Some(prefix) => array.insert_formatted(index, Value::from(package).decorated(prefix, "")),
        None => {
            array.insert(index, package);
            array.fmt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# Links every function.\n\
        [features]\n\
        default = [\"create-instance\", \"stop-instance\"]\n\
        create-instance = [\"dep:create-instance\"]\n\
        stop-instance = [\"dep:stop-instance\"]\n\
        \n\
        # A line each.\n\
        [dependencies]\n\
        create-instance = { path = \"create-instance\", optional = true }\n\
        stop-instance = { path = \"stop-instance\", optional = true }\n\
        \n\
        [build-dependencies]\n\
        toml.workspace = true\n";

    #[test]
    fn lines_are_added_in_order_and_all_else_is_kept() {
        let after = with_function(BEFORE, "reboot-instance").unwrap();
        let wanted = BEFORE
            .replace("\"stop-instance\"]\ncreate", "\"reboot-instance\", \"stop-instance\"]\ncreate")
            .replace("stop-instance = [", "reboot-instance = [\"dep:reboot-instance\"]\nstop-instance = [")
            .replace(
                "stop-instance = { ",
                "reboot-instance = { path = \"reboot-instance\", optional = true }\nstop-instance = { ",
            )
            .replace(
                "default = [\"create-instance\", \"stop",
                "default = [\"create-instance\", \"reboot-instance\", \"stop",
            );
        assert_eq!(after, wanted);
    }

    #[test]
    fn an_array_with_one_item_per_line_is_kept() {
        let before = BEFORE.replace(
            "[\"create-instance\", \"stop-instance\"]",
            "[\n    \"create-instance\",\n    \"stop-instance\",\n]",
        );
        for (package, line) in [("allow-all", 4), ("reboot-instance", 5), ("zap-all", 6)] {
            let after = with_function(&before, package).unwrap();
            assert_eq!(after.lines().nth(line - 1), Some(format!("    \"{package}\",").as_str()), "{after}");
            assert!(after.contains(",\n]\n"), "{after}");
        }
    }

    #[test]
    fn a_manifest_without_features_is_refused() {
        let error = with_function("[dependencies]\n", "reboot-instance").unwrap_err();
        assert_eq!(error.to_string(), "finding [features]");
    }
}
