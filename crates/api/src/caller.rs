/// The person or program that sends a request, as the host has identified it.
///
/// No part of it comes from the request's body: a client must not choose the name under which its
/// commands are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The stable id, by which the host recognises the caller even after a change of name.
    pub id: String,
    /// The display name: the actor of the change sets that the caller's commands become.
    pub name: String,
    /// The roles, in no particular order. No operation of the desk asks for one yet.
    pub roles: Vec<String>,
}

impl Caller {
    /// Creates a caller whose id is its name, without roles.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { id: name.clone(), name, roles: Vec::new() }
    }
}
