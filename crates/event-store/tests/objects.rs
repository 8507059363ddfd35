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
async fn objects_in_memory_keep_the_contract() {
    is_kept(&MemoryObjects::default(), 250).await;
}

#[tokio::test]
async fn objects_in_a_directory_keep_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    // Created with its missing parents.
    let root = directory.path().join("data").join("objects");
    is_kept(&DirectoryObjects::new(&root), 250).await;
}

#[tokio::test]
async fn a_file_is_named_by_the_hash_of_its_content() {
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
    assert_eq!(beside.count(), 1, "an unfinished file is left");
    for other in ["", "ba78", &name.to_uppercase(), &name.replace('b', "g")] {
        assert!(other.parse::<ObjectKey>().is_err(), "{other}");
    }
}

/// A put restores the bytes of a file and renews its time.
#[tokio::test]
async fn a_damaged_file_is_repaired_by_the_next_put() {
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
async fn files_that_are_not_objects_are_skipped() {
    let directory = tempfile::tempdir().unwrap();
    let objects = DirectoryObjects::new(directory.path());
    let key = ObjectKey::of(b"abc");
    objects.put(key, b"abc".to_vec()).await.unwrap();
    for (place, name) in [("", "README"), ("ba", "notes"), ("ba/78", ".unfinished-7")] {
        fs::write(directory.path().join(place).join(name), "not ours").unwrap();
    }
    assert_eq!(all_of(&objects).await.into_keys().collect::<Vec<_>>(), [key]);
}

/// The unfinished file of a killed process goes; that of a process still writing stays.
#[tokio::test]
async fn unfinished_files_are_tidied_up_once_they_are_old() {
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
async fn a_root_that_is_not_a_directory_is_named_in_the_refusal() {
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

/// A server need not send the length of its answer.
#[tokio::test]
async fn an_answer_without_its_length_is_read_whole() {
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
async fn an_unreachable_endpoint_is_unavailable() {
    let client = aws_sdk_s3::Client::from_conf(for_endpoint("http://127.0.0.1:1"));
    let objects = S3Objects::new(client, "books", "daybook");
    assert!(matches!(objects.check().await, Err(ObjectError::Away(_))));
    let put = objects.put(ObjectKey::of(b"abc"), b"abc".to_vec()).await;
    assert!(matches!(put, Err(ObjectError::Away(_))), "{put:?}");
}
