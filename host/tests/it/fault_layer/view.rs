//! How an answer of EC2 is changed: instances that look other than they are.
//!
//! Only the answer changes, moto goes its own way: an instance that is shown as `pending` runs there already.

use xmltree::{Element, XMLNode};

use super::http::Message;

/// A change to what an answer says of instances.
#[derive(Clone, Debug)]
pub struct View {
    what: What,
    /// Those that it concerns; `None` for all.
    ids: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
enum What {
    State { name: &'static str, reason: Option<[&'static str; 2]> },
    StatusChecks(&'static str),
    PublicAddresses(&'static str),
    Absent,
}

/// Instances in another state, as in `pending`: for DescribeInstances.
pub fn state(name: &'static str) -> View {
    View { what: What::State { name, reason: None }, ids: None }
}

/// Running instances whose status checks are not what they are, as in `initializing`: for DescribeInstanceStatus.
pub fn status_checks(status: &'static str) -> View {
    View { what: What::StatusChecks(status), ids: None }
}

/// Instances with this text as their public address and name, or without any when it is empty: for DescribeInstances.
pub fn public_addresses(text: &'static str) -> View {
    View { what: What::PublicAddresses(text), ids: None }
}

/// Instances that are left out of the answer.
pub fn absent() -> View {
    View { what: What::Absent, ids: None }
}

impl View {
    /// With the StateReason of the state.
    pub fn because(mut self, code: &'static str, message: &'static str) -> Self {
        match &mut self.what {
            What::State { reason, .. } => *reason = Some([code, message]),
            What::StatusChecks(_) | What::PublicAddresses(_) | What::Absent => panic!("only a state has a reason"),
        }
        self
    }

    /// Only of these instances.
    pub fn of<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        self.ids = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Changes an answer.
    pub fn change(&self, answer: &mut Message) {
        let mut root = Element::parse(&*answer.body).expect("XML of moto");
        self.change_below(&mut root);
        answer.body.clear();
        root.write(&mut answer.body).expect("writing to memory");
    }

    /// Everything with an `instanceId` of its own is an instance, or its status.
    fn change_below(&self, parent: &mut Element) {
        parent.children.retain_mut(|child| {
            let XMLNode::Element(element) = child else { return true };
            let id = element.get_child("instanceId").and_then(Element::get_text).map(|id| id.into_owned());
            match id {
                Some(id) if self.concerns(&id) => self.keep_changed(element),
                Some(_) => true,
                None => {
                    self.change_below(element);
                    true
                }
            }
        });
    }

    fn concerns(&self, id: &str) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.iter().any(|other| other == id))
    }

    /// Changes an instance; `false` when it is to be left out.
    fn keep_changed(&self, instance: &mut Element) -> bool {
        match self.what {
            What::State { name, reason } => {
                set(instance, ["instanceState", "code"], state_code(name));
                set(instance, ["instanceState", "name"], name);
                if let Some([code, message]) = reason {
                    set(instance, ["stateReason", "code"], code);
                    set(instance, ["stateReason", "message"], message);
                }
            }
            What::StatusChecks(status) => {
                set(instance, ["instanceStatus", "status"], status);
                set(instance, ["systemStatus", "status"], status);
            }
            What::PublicAddresses(text) => {
                for name in ["ipAddress", "dnsName"] {
                    instance.take_child(name);
                    let mut child = Element::new(name);
                    child.children.push(XMLNode::Text(text.to_owned()));
                    instance.children.push(XMLNode::Element(child));
                }
            }
            What::Absent => return false,
        }
        true
    }
}

/// The number that belongs to a state (AWS API reference, `InstanceState`).
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

/// Sets the text of an element two levels down, which is made if it is not there.
fn set(element: &mut Element, path: [&str; 2], text: &str) {
    let mut element = element;
    for name in path {
        if element.get_child(name).is_none() {
            element.children.push(XMLNode::Element(Element::new(name)));
        }
        element = element.get_mut_child(name).expect("made just now");
    }
    element.children = vec![XMLNode::Text(text.to_owned())];
}

/// The texts of all elements of that name in an answer.
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
