//! Finds, changes, and removes instances in XML responses.

use xmltree::{Element, XMLNode};

use crate::support::http::Message;

/// Changes the document of a response.
pub fn edit(answer: &mut Message, change: impl FnOnce(&mut Element)) {
    let mut root = Element::parse(&*answer.body).expect("XML of moto");
    change(&mut root);
    answer.body.clear();
    root.write(&mut answer.body).expect("writing to memory");
}

/// Keeps the instances below an element for which `keep` returns true. `keep` gets the ID, and may change the instance.
/// Every element with an `instanceId` of its own is an instance or a status. A reservation without instances is
/// removed, too.
pub fn retain_instances(parent: &mut Element, keep: &mut dyn FnMut(&str, &mut Element) -> bool) {
    parent.children.retain_mut(|child| {
        let XMLNode::Element(element) = child else { return true };
        match text_at(element, &["instanceId"]) {
            Some(id) => keep(&id, element),
            None => {
                let had_instances = has_instances(element);
                retain_instances(element, keep);
                !had_instances || has_instances(element)
            }
        }
    });
}

fn has_instances(reservation: &Element) -> bool {
    reservation.get_child("instancesSet").is_some_and(|set| !set.children.is_empty())
}

/// The text of the element at this path, or `None` if it does not exist.
pub fn text_at(element: &Element, path: &[&str]) -> Option<String> {
    let found = path.iter().try_fold(element, |element, name| element.get_child(*name))?;
    found.get_text().map(|text| text.into_owned())
}

/// Sets the text of the element at this path, which is created if necessary.
pub fn set(element: &mut Element, path: &[&str], text: &str) {
    let mut element = element;
    for name in path {
        if element.get_child(*name).is_none() {
            element.children.push(XMLNode::Element(Element::new(name)));
        }
        element = element.get_mut_child(*name).expect("made just now");
    }
    element.children = vec![XMLNode::Text(text.to_owned())];
}

/// Sets a state, e.g. `instanceState` or `currentState`.
pub fn set_state(element: &mut Element, field: &str, name: &str) {
    set(element, &[field, "code"], state_code(name));
    set(element, &[field, "name"], name);
}

/// The code of a state (AWS API reference, `InstanceState`).
fn state_code(name: &str) -> &'static str {
    match name {
        "pending" => "0",
        "running" => "16",
        "shutting-down" => "32",
        "terminated" => "48",
        "stopping" => "64",
        "stopped" => "80",
        _ => panic!("EC2 has no state `{name}`"),
    }
}

/// The texts of all elements with this name in a response.
pub fn texts(answer: &Message, name: &str) -> Vec<String> {
    fn collect(element: &Element, name: &str, texts: &mut Vec<String>) {
        if element.name == name {
            texts.extend(element.get_text().map(|text| text.into_owned()));
        }
        for child in element.children.iter().filter_map(XMLNode::as_element) {
            collect(child, name, texts);
        }
    }
    let mut found = Vec::new();
    collect(&Element::parse(&*answer.body).expect("XML of moto"), name, &mut found);
    found
}
