use event_store::Version;
use leptos_router::params::ParamsMap;
use uuid::Uuid;

use crate::kind::KindRef;
use crate::pages::not_found;
use api::{Code, Problem};
use domain::kind::Place;

/// The request in a record's address.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Address {
    pub(super) id: Uuid,
    pub(super) version: Option<Version>,
    pub(super) before: Option<Version>,
    pub(super) task: Option<String>,
}

impl Address {
    /// Reads the address.
    pub(super) fn read(
        kind: KindRef,
        path: &ParamsMap,
        query: &ParamsMap,
    ) -> Result<Self, Problem> {
        let id = path.get("id").unwrap_or_default();
        let Ok(id) = Uuid::parse_str(&id) else {
            let detail = not_found::CHECK_THE_ADDRESS;
            return Err(Problem::new(Code::NotFound, detail));
        };
        let version = |name: &str| match query.get(name) {
            None => Ok(None),
            Some(text) => match text.parse::<Version>() {
                Ok(version @ 1..) => Ok(Some(version)),
                _ => {
                    let detail =
                        format!("“{text}” is not a version. Versions are numbered from 1.");
                    Err(Problem::new(Code::Malformed, detail).with("id", id.to_string()))
                }
            },
        };
        let (version, before) = (version("version")?, version("before")?);
        let task = query.get("task");
        if let Some(slug) = &task
            && kind.task(slug).is_none_or(|task| task.place == Place::OwnPage)
        {
            let detail = format!("“{slug}” is not a known task.");
            return Err(Problem::new(Code::Malformed, detail).with("id", id.to_string()));
        }
        Ok(Self { id, version, before, task })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::KINDS;

    const ID: &str = "019a7f20-6b1e-7d42-8c55-0e6d7f1a2b3c";

    fn read(id: &str, query: &[(&str, &str)]) -> Result<Address, (u16, String)> {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<ParamsMap>()
        };
        Address::read(KINDS[0], &map(&[("id", id)]), &map(query)).map_err(|p| (p.status, p.detail))
    }

    #[test]
    fn a_permalink_names_a_version() {
        let address = read(ID, &[("version", "3"), ("task", "check-in")]);
        let address = address.map(|a| (a.version, a.before, a.task));
        assert_eq!(address, Ok((Some(3), None, Some("check-in".to_owned()))));
    }

    #[test]
    fn an_unknown_task_is_malformed() {
        for slug in ["nonsense", "create", ""] {
            let status = read(ID, &[("task", slug)]).map_err(|(status, _)| status);
            assert_eq!(status.map(|_| ()), Err(400), "{slug}");
        }
    }

    #[test]
    fn a_bad_version_is_malformed_and_a_bad_id_is_not_found() {
        for text in ["0", "-1", "abc", "1.5", "", "18446744073709551616"] {
            let status = read(ID, &[("version", text)]).map_err(|(status, _)| status);
            assert_eq!(status.map(|_| ()), Err(400), "{text}");
        }
        assert_eq!(read("nothing", &[]).map_err(|(status, _)| status).map(|_| ()), Err(404));
    }
}
