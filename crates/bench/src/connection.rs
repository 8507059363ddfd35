//! One HTTP connection that posts commands one after the other. It does as little work as possible,
//! because a client on the server's cores is measured along with the server.

use domain::inventory_item::InventoryItemCommand;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::Error;
use crate::daybook::Daybook;

/// The size that no answer to a command reaches, in bytes.
const ANSWER_BYTES: usize = 64 * 1024;

pub(crate) struct Connection {
    host: String,
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(daybook: &Daybook) -> Result<Self, Error> {
        let host = daybook.url.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { host, stream, answer: Vec::with_capacity(4096) })
    }

    /// Posts the command and reads the whole answer, whose status has to be 201.
    pub(crate) async fn command(
        &mut self,
        item: Uuid,
        command: &InventoryItemCommand,
    ) -> Result<(), Error> {
        let body = serde_json::json!({
            "command_id": Uuid::now_v7(),
            "aggregate": { "kind": "inventory-item", "id": item },
            "command": command,
        })
        .to_string();
        let request = format!(
            "POST /api/v1/commands HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.answer.clear();
        while !self.is_whole()? {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(Error::Daybook("the server closed the connection".into()));
            }
        }
        if self.answer.starts_with(b"HTTP/1.1 201 ") {
            return Ok(());
        }
        Err(Error::Daybook(String::from_utf8_lossy(&self.answer).into_owned()))
    }

    fn is_whole(&self) -> Result<bool, Error> {
        if self.answer.len() > ANSWER_BYTES {
            return Err(Error::Daybook("the answer is too long".into()));
        }
        let Some(end) = self.answer.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(false);
        };
        let head = String::from_utf8_lossy(&self.answer[..end]);
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        let length: usize =
            length.ok_or_else(|| Error::Daybook(format!("no content-length in: {head}")))?;
        Ok(self.answer.len() >= end + 4 + length)
    }
}
