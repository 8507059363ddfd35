//! The calls of a client, and their outcomes.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::process::{Reply, request};

/// A command, or an atomic batch of several.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Alone(Value),
    Together(Vec<Value>),
}

/// The outcome of a call, as far as its client knows.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// An answer for each command.
    Accepted(Vec<Value>),
    /// Rejected, or in conflict with the current version. Only a conflict names that version.
    Refused {
        current: Option<u64>,
    },
    Nothing,
}

impl Call {
    pub(super) fn commands(&self) -> &[Value] {
        match self {
            Self::Alone(command) => std::slice::from_ref(command),
            Self::Together(commands) => commands,
        }
    }

    pub(super) fn send(&self, to: SocketAddr) -> Told {
        Told::of(match self {
            Self::Alone(command) => request(to, "POST", "/api/v1/commands", &command.to_string()),
            Self::Together(commands) => {
                let batch = json!({ "commands": commands, "atomic": true });
                request(to, "POST", "/api/v1/commands/batch", &batch.to_string())
            }
        })
    }
}

impl Told {
    fn of(answer: io::Result<Reply>) -> Self {
        let Ok(reply) = answer else { return Self::Nothing };
        match reply.status {
            // A process that is killed while it writes may send half an answer.
            200 | 201 => match serde_json::from_str::<Value>(&reply.body) {
                Err(_) => Self::Nothing,
                Ok(mut answer) => {
                    Self::Accepted(match answer.get_mut("results").map(Value::take) {
                        Some(Value::Array(results)) => results,
                        _ => vec![answer],
                    })
                }
            },
            404 | 409 | 422 => {
                let problem: Value = serde_json::from_str(&reply.body).unwrap_or_default();
                assert_ne!(problem["code"], "command-id-reused", "{reply:?}");
                Self::Refused { current: problem["current_version"].as_u64() }
            }
            503 => Self::Nothing,
            _ => panic!("{reply:?}"),
        }
    }

    /// Returns whether every command had been carried out before.
    pub(super) fn is_repeat(&self) -> bool {
        let repeat = |answer: &Value| answer["duplicate"] == true;
        matches!(self, Self::Accepted(answers) if answers.iter().all(repeat))
    }
}
