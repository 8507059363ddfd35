//! The caller of each request: under which name commands are recorded, and who is refused.

use std::net::SocketAddr;

use api::Caller;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request};
use serde_json::{Value, json};
use server::http::{Callers, Proxy};
use uuid::Uuid;

use crate::desk::{Answer, TestDesk, bolt, command, new_id, path, post};

const HEADER: &str = "x-forwarded-user";
const FORM: &str = "application/x-www-form-urlencoded";

/// A desk behind a proxy that connects from one of these networks, or from this machine.
async fn behind_a_proxy(networks: &[&str]) -> TestDesk {
    let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
    let proxy = Proxy::new(HEADER.parse().unwrap(), networks);
    TestDesk::with_callers(Callers::Proxied(proxy)).await
}

/// Sends the request over a connection from this address, with these values of the header.
async fn send(desk: &TestDesk, peer: &str, names: &[&[u8]], mut request: Request<Body>) -> Answer {
    let peer = SocketAddr::new(peer.parse().unwrap(), 50_000);
    request.extensions_mut().insert(ConnectInfo(peer));
    for name in names {
        request.headers_mut().append(HEADER, HeaderValue::from_bytes(name).unwrap());
    }
    desk.send(request).await
}

async fn send_as(desk: &TestDesk, name: &str, request: Request<Body>) -> Answer {
    send(desk, "127.0.0.1", &[name.as_bytes()], request).await
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn posted_to(path: &str, body: &Value) -> Request<Body> {
    let mut request = post(body.to_string());
    *request.uri_mut() = path.parse().unwrap();
    request
}

fn submitted(command: &Value) -> Request<Body> {
    posted_to("/ui/submit-command", &json!({ "request": command, "seen": 0 }))
}

fn form(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body = serde_urlencoded::to_string(fields).unwrap();
    Request::post(path).header("content-type", FORM).body(Body::from(body)).unwrap()
}

fn check_in(id: Uuid, quantity: u64) -> Value {
    command(id, "CheckInItems", json!({ "quantity": quantity }))
}

/// The names in the history of an item, oldest first.
async fn actors(desk: &TestDesk, id: Uuid) -> Vec<String> {
    let history = get(&format!("{}/change-sets", path(id)));
    let history = send_as(desk, "Reader", history).await.ok();
    let change_sets = history["change_sets"].as_array().unwrap();
    change_sets.iter().map(|c| c["actor"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_way_in_records_the_caller_whom_the_proxy_names() {
    let desk = behind_a_proxy(&[]).await;
    let id = new_id();
    let create = post(command(id, "CreateInventoryItem", bolt()).to_string());
    assert_eq!(send_as(&desk, "Zoë Ångström", create).await.status, 201);
    assert_eq!(
        send_as(&desk, " mara@books.example ", submitted(&check_in(id, 1))).await.status,
        200
    );
    let command_id = new_id().to_string();
    let fields = [("command_id", &*command_id), ("quantity", "2")];
    let checked_in = form(&format!("/inventory/{id}?task=check-in"), &fields);
    assert_eq!(send_as(&desk, "Petra", checked_in).await.status, 303);
    for (atomic, name, status) in [(false, "Jonas", 200), (true, "Lee", 201)] {
        let batch = json!({ "atomic": atomic, "commands": [check_in(id, 3)] });
        let answer = send_as(&desk, name, posted_to("/api/v1/commands/batch", &batch)).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let names = ["Zoë Ångström", "mara@books.example", "Petra", "Jonas", "Lee"];
    assert_eq!(actors(&desk, id).await, names);
    let page = send_as(&desk, "Reader", get(&format!("/inventory/{id}"))).await.text;
    for name in names {
        assert!(page.contains(&format!("<bdi>{name}<")), "{name}: {page}");
    }
}

#[tokio::test]
async fn an_item_that_a_form_creates_has_the_caller_and_so_has_its_sku() {
    let desk = behind_a_proxy(&[]).await;
    let (command_id, id) = (new_id().to_string(), new_id());
    let fields = [
        ("command_id", &*command_id),
        ("aggregate_id", &id.to_string()),
        ("name", "Espresso"),
        ("sku", "COF"),
        ("unit", "bag"),
        ("max_quantity", ""),
    ];
    assert_eq!(send_as(&desk, "Petra", form("/inventory/new", &fields)).await.status, 303);
    assert_eq!(actors(&desk, id).await, ["Petra"]);
    let sku = format!("/api/v1/aggregates/sku/{}/change-sets", domain::Sku::id("COF"));
    let claim = send_as(&desk, "Reader", get(&sku)).await.ok();
    assert_eq!(claim["change_sets"][0]["actor"], "Petra");
}

/// A repeat by somebody else changes nothing, so the first name stays.
#[tokio::test]
async fn a_repeat_keeps_the_first_name() {
    let desk = behind_a_proxy(&[]).await;
    let id = new_id();
    let create = command(id, "CreateInventoryItem", bolt()).to_string();
    assert_eq!(send_as(&desk, "Mara", post(create.clone())).await.status, 201);
    assert_eq!(send_as(&desk, "Jonas", post(create)).await.status, 200);
    assert_eq!(actors(&desk, id).await, ["Mara"]);
}

#[tokio::test]
async fn a_name_in_the_body_is_refused() {
    let desk = behind_a_proxy(&[]).await;
    for field in ["actor", "caller", "name"] {
        let mut create = command(new_id(), "CreateInventoryItem", bolt());
        create[field] = "Mallory".into();
        for request in [post(create.to_string()), submitted(&create)] {
            send_as(&desk, "Mara", request).await.problem(400, "malformed");
        }
    }
}

/// A request for each kind of handler, with the item that some of them would create.
fn one_of_each_kind() -> (Uuid, Vec<Request<Body>>) {
    let (id, command_id) = (new_id(), new_id().to_string());
    let create = command(id, "CreateInventoryItem", bolt());
    let batch = json!({ "atomic": true, "commands": [create] });
    let list = json!({ "list": { "search": "", "sort": "name", "after": null, "limit": 50 } });
    let fields = [
        ("command_id", &*command_id),
        ("aggregate_id", &id.to_string()),
        ("name", "Bolt"),
        ("sku", "M8"),
        ("unit", "pcs"),
        ("max_quantity", ""),
    ];
    let requests = vec![
        post(create.to_string()),
        posted_to("/api/v1/commands/batch", &batch),
        get("/api/v1/aggregates/inventory-item"),
        get("/api/v1/feed"),
        get("/api/v1/feed/live"),
        get("/api/v1/openapi.json"),
        get("/api/v1/nowhere"),
        get("/metrics"),
        get("/"),
        get("/inventory"),
        get("/inventory/new"),
        get(&format!("/inventory/{id}")),
        get("/nowhere"),
        get("/favicon.svg"),
        get("/healthz/"),
        submitted(&create),
        posted_to("/ui/list", &list),
        posted_to("/ui/load-sample", &json!({})),
        form("/inventory/new", &fields),
        form("/sample", &[]),
        Request::options("/inventory").body(Body::empty()).unwrap(),
        Request::options("*").body(Body::empty()).unwrap(),
    ];
    (id, requests)
}

#[tokio::test]
async fn a_request_that_names_no_caller_is_refused_before_any_handler() {
    let desk = behind_a_proxy(&[]).await;
    let long = "x".repeat(201);
    let unusable: [&[&[u8]]; 7] = [
        &[],
        &[b"Mara", b"Mara"],
        &[b""],
        &[b"  "],
        &[long.as_bytes()],
        &[b"Zo\xeb"],
        &[b"Ma\tra"],
    ];
    for names in unusable {
        let (id, requests) = one_of_each_kind();
        for request in requests {
            let of = format!("{} {} {names:?}", request.method(), request.uri());
            let answer = send(&desk, "127.0.0.1", names, request).await;
            assert_eq!(answer.status, 401, "{of}");
            let problem = answer.problem(401, "unauthenticated");
            assert!(problem["detail"].as_str().unwrap().contains(HEADER), "{of}: {problem}");
            // RFC 9110, 15.5.2. No scheme for which a browser would ask for a password.
            assert_eq!(answer.header("www-authenticate"), "Proxy realm=\"Daybook\"", "{of}");
            assert_eq!(answer.header("cache-control"), "no-store", "{of}");
        }
        send_as(&desk, "Mara", get(&path(id))).await.problem(404, "unknown-aggregate");
    }
    let list = get("/api/v1/aggregates/inventory-item");
    assert_eq!(send_as(&desk, "Mara", list).await.ok()["rows"], json!([]));
}

#[tokio::test]
async fn another_peer_than_the_proxy_is_refused_with_or_without_the_header() {
    let desk = behind_a_proxy(&["192.0.2.7", "fd00::/8"]).await;
    for peer in ["192.0.2.8", "::ffff:192.0.2.8", "127.0.0.1", "::1", "2001:db8::7"] {
        for names in [&[][..], &[&b"Mara"[..]]] {
            let (_, requests) = one_of_each_kind();
            for request in requests {
                let answer = send(&desk, peer, names, request).await;
                let problem = answer.problem(401, "unauthenticated");
                assert!(problem["detail"].as_str().unwrap().contains("--trusted-proxy"), "{peer}");
            }
        }
    }
    for (peer, name) in [("192.0.2.7", "Mara"), ("::ffff:192.0.2.7", "Jonas"), ("fd00::7", "Lee")] {
        let id = new_id();
        let create = post(command(id, "CreateInventoryItem", bolt()).to_string());
        assert_eq!(send(&desk, peer, &[name.as_bytes()], create).await.status, 201, "{peer}");
        let history = get(&format!("{}/change-sets", path(id)));
        let history = send(&desk, peer, &[b"Reader"], history).await.ok();
        assert_eq!(history["change_sets"][0]["actor"], name);
    }
}

/// Without `--trusted-proxy` the server listens on loopback, where other machines cannot come from.
#[tokio::test]
async fn without_networks_only_this_machine_is_trusted() {
    let desk = behind_a_proxy(&[]).await;
    for (peer, status) in
        [("127.0.0.1", 200), ("::1", 200), ("::ffff:127.0.0.1", 200), ("192.0.2.7", 401)]
    {
        let answer = send(&desk, peer, &[b"Mara"], get("/inventory")).await;
        assert_eq!(answer.status, status, "{peer}");
    }
}

#[tokio::test]
async fn probes_need_no_caller() {
    let desk = behind_a_proxy(&["192.0.2.7"]).await;
    for probe in ["/healthz", "/readyz"] {
        for peer in ["127.0.0.1", "192.0.2.8"] {
            assert_eq!(send(&desk, peer, &[], get(probe)).await.status, 200, "{probe} {peer}");
        }
    }
}

#[tokio::test]
async fn a_lone_desk_ignores_the_header() {
    let desk = TestDesk::with_callers(Callers::Lone(Caller::named("Tess"))).await;
    let id = new_id();
    let create = post(command(id, "CreateInventoryItem", bolt()).to_string());
    assert_eq!(send(&desk, "192.0.2.8", &[b"Mallory"], create).await.status, 201);
    let forged = send(&desk, "192.0.2.8", &[b"a", b"b"], submitted(&check_in(id, 1))).await;
    assert_eq!(forged.status, 200);
    let fields = [("command_id", &*new_id().to_string()), ("quantity", "2")];
    let forged = form(&format!("/inventory/{id}?task=check-in"), &fields);
    assert_eq!(send(&desk, "192.0.2.8", &[b""], forged).await.status, 303);
    assert_eq!(actors(&desk, id).await, ["Tess", "Tess", "Tess"]);
}
