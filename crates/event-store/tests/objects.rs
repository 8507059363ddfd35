//! Object storage by itself.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use event_store::objects::{
    DirectoryObjects, MemoryObjects, ObjectError, ObjectKey, Objects, Put, S3Objects, for_endpoint,
};

use crate::object_contract::{all_of, is_kept};

#[tokio::test]
async fn in_memory() {
    is_kept(&MemoryObjects::default(), 250).await;
}

#[tokio::test]
async fn in_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    // Created with all above it.
    let root = directory.path().join("data").join("objects");
    is_kept(&DirectoryObjects::new(&root), 250).await;
}

#[tokio::test]
async fn a_file_is_named_by_what_is_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let objects = DirectoryObjects::new(directory.path());
    // `printf abc | sha256sum` (FIPS 180-4, B.1).
    let name = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let key: ObjectKey = name.parse().unwrap();
    assert_eq!((key, key.to_string()), (ObjectKey::of(b"abc"), name.to_owned()));
    objects.put(key, b"abc".to_vec()).await.unwrap();
    let file = directory.path().join("ba").join("78").join(name);
    assert_eq!(fs::read(file).unwrap(), b"abc");
    let beside = fs::read_dir(directory.path().join("ba").join("78")).unwrap();
    assert_eq!(beside.count(), 1, "something unfinished is left");
    for other in ["", "ba78", &name.to_uppercase(), &name.replace('b', "g")] {
        assert!(other.parse::<ObjectKey>().is_err(), "{other}");
    }
}

/// Whatever became of a file, a put makes it whole and young.
#[tokio::test]
async fn a_damaged_file_is_mended_by_the_next_put() {
    let directory = tempfile::tempdir().unwrap();
    let objects = DirectoryObjects::new(directory.path());
    let key = ObjectKey::of(b"abc");
    objects.put(key, b"abc".to_vec()).await.unwrap();
    let name = key.to_string();
    let file = directory.path().join(&name[..2]).join(&name[2..4]).join(&name);
    fs::write(&file, b"a").unwrap();
    let old = SystemTime::now() - Duration::from_secs(1_000_000);
    fs::File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
    assert_eq!(objects.look(key).await.unwrap().unwrap().put_at, old);

    assert_eq!(objects.put(key, b"abc".to_vec()).await.unwrap(), Put::Again);
    assert_eq!(objects.get(key).await.unwrap().unwrap(), b"abc");
    assert!(objects.look(key).await.unwrap().unwrap().put_at > old + Duration::from_secs(1));
}

#[tokio::test]
async fn what_is_no_object_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let objects = DirectoryObjects::new(directory.path());
    let key = ObjectKey::of(b"abc");
    objects.put(key, b"abc".to_vec()).await.unwrap();
    for (place, name) in [("", "README"), ("ba", "notes"), ("ba/78", ".unfinished-7")] {
        fs::write(directory.path().join(place).join(name), "not ours").unwrap();
    }
    assert_eq!(all_of(&objects).await.into_keys().collect::<Vec<_>>(), [key]);
}

/// What a killed process was about to write, and what another one is about to write.
#[tokio::test]
async fn what_was_left_unfinished_is_tidied_up_once_it_is_old() {
    let directory = tempfile::tempdir().unwrap();
    let objects = DirectoryObjects::new(directory.path());
    let key = ObjectKey::of(b"abc");
    objects.put(key, b"abc".to_vec()).await.unwrap();
    let now = SystemTime::now();
    let old = now - Duration::from_secs(1_000);
    let files = [("notes", old), (".unfinished-7", old), (".unfinished-8", now)];
    let files = files.map(|(name, put_at)| {
        let path = directory.path().join("ba/78").join(name);
        fs::write(&path, "some of it").unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(put_at).unwrap();
        path
    });
    objects.tidy(now - Duration::from_secs(500)).await.unwrap();
    assert_eq!(files.map(|path| path.exists()), [true, false, true]);
    assert_eq!(objects.get(key).await.unwrap().unwrap(), b"abc");
}

#[tokio::test]
async fn a_place_that_is_no_directory_is_a_refusal_that_names_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let objects = DirectoryObjects::new(file.path());
    let key = ObjectKey::of(b"abc");
    let name = file.path().display().to_string();
    for failed in [objects.put(key, b"abc".to_vec()).await.map(|_| ()), objects.delete(key).await] {
        match failed {
            Err(ObjectError::Refused(reason)) => assert!(reason.contains(&name), "{reason}"),
            other => unreachable!("{other:?}"),
        }
    }
}

/// A server need not say how long its answer is.
#[tokio::test]
async fn what_comes_without_its_length_is_whole() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (mut connection, _) = server.accept().unwrap();
        assert!(connection.read(&mut [0; 4096]).unwrap() > 0);
        connection.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc").unwrap();
    });
    let client = aws_sdk_s3::Client::from_conf(for_endpoint(url));
    let objects = S3Objects::new(client, "books", "daybook");
    assert_eq!(objects.get(ObjectKey::of(b"abc")).await.unwrap(), Some(b"abc".to_vec()));
    answering.join().unwrap();
}

#[tokio::test]
async fn an_endpoint_that_nobody_answers_at_is_away() {
    let client = aws_sdk_s3::Client::from_conf(for_endpoint("http://127.0.0.1:1"));
    let objects = S3Objects::new(client, "books", "daybook");
    assert!(matches!(objects.check().await, Err(ObjectError::Away(_))));
    let put = objects.put(ObjectKey::of(b"abc"), b"abc".to_vec()).await;
    assert!(matches!(put, Err(ObjectError::Away(_))), "{put:?}");
}
