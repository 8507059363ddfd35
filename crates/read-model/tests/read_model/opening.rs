//! The files that can be opened, and the record of the last stop.

use std::fs;
use std::path::Path;

use read_model::{Error, LastStop, OpenError, ReadModel};

use crate::files::{place, with_sql};
use crate::shop::{KIND, Shop, catch_up, find, item};

/// A cleanly closed file with 500 items.
async fn filled(path: &Path) -> Shop {
    let shop = Shop::new();
    let model = ReadModel::open(path).await.unwrap();
    model.take_up("shop").await.unwrap();
    for number in 1..=500 {
        shop.create(number, &format!("S-{number}"), "A thing of some length").await;
    }
    catch_up(&model, &shop.store).await;
    model.close().await;
    shop
}

/// Asserts that the remedy works: a recreated read model that has caught up shows everything.
async fn assert_rebuilt(path: &Path, shop: &Shop) {
    let model = ReadModel::recreate(path).await.unwrap();
    assert_eq!(model.take_up("shop").await.unwrap(), LastStop::Never);
    catch_up(&model, &shop.store).await;
    assert_eq!(model.count(KIND).await.unwrap(), 500);
    model.close().await;
}

/// Applies one more change set to each item.
async fn everything(shop: &Shop, model: &ReadModel) -> Result<(), Error> {
    for number in 1..=500 {
        model.apply(&[shop.check_in(number, 1).await]).await?;
    }
    Ok(())
}

fn names_path_and_remedy(error: &OpenError, path: &Path) -> bool {
    let text = error.to_string();
    text.contains(&path.display().to_string()) && text.contains("daybook rebuild")
}

#[tokio::test]
async fn a_truncated_file_is_refused_and_can_be_recreated() {
    let (_directory, path) = place();
    let shop = filled(&path).await;
    let whole = fs::read(&path).unwrap();
    for kept in [whole.len() - 1, whole.len() / 2, 4096, 512] {
        fs::write(&path, &whole[..kept]).unwrap();
        let error = ReadModel::open(&path).await.unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{kept} bytes: {error}");
        assert!(names_path_and_remedy(&error, &path), "{error}");
        assert_eq!(fs::read(&path).unwrap(), whole[..kept], "untouched");
    }
    assert_rebuilt(&path, &shop).await;
}

#[tokio::test]
async fn damage_that_shows_only_in_use_names_the_remedy_too() {
    let (_directory, path) = place();
    let shop = filled(&path).await;
    let mut damaged = fs::read(&path).unwrap();
    let middle = damaged.len() / 8..damaged.len() / 8 * 7;
    damaged[middle].fill(0xA5);
    fs::write(&path, &damaged).unwrap();
    let model = ReadModel::open(&path).await.unwrap();
    let error = everything(&shop, &model).await.unwrap_err();
    assert!(matches!(error, Error::Damaged(_)), "{error}");
    assert!(error.to_string().contains("daybook rebuild"), "{error}");
    model.close().await;
    assert_rebuilt(&path, &shop).await;
}

#[tokio::test]
async fn a_foreign_file_is_left_untouched_and_can_be_moved_aside() {
    let (_directory, path) = place();
    let shop = filled(&path).await;
    fs::remove_file(&path).unwrap();
    with_sql(&path, "CREATE TABLE customers (name TEXT); INSERT INTO customers VALUES ('Ada')")
        .await;
    let database = fs::read(&path).unwrap();
    let text = "Dear Ada, ".repeat(1000).into_bytes();
    for (foreign, found) in [(database, "customers"), (text, "not a database")] {
        fs::write(&path, &foreign).unwrap();
        let error = ReadModel::open(&path).await.unwrap_err();
        assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
        assert!(
            names_path_and_remedy(&error, &path) && error.to_string().contains(found),
            "{error}"
        );
        assert_eq!(fs::read(&path).unwrap(), foreign, "untouched");
        assert_rebuilt(&path, &shop).await;
        let old = path.with_file_name("read-model.db.old");
        assert_eq!(fs::read(old).unwrap(), foreign, "moved aside");
    }
}

#[tokio::test]
async fn a_file_of_another_program_version_is_refused() {
    let (_directory, path) = place();
    let shop = filled(&path).await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                 execution_time) VALUES (9999, 'of the future', TRUE, x'00', 0)";
    with_sql(&path, newer).await;
    let error = ReadModel::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Newer { migration: 9999, .. }), "{error}");
    assert!(names_path_and_remedy(&error, &path), "{error}");

    with_sql(&path, "DELETE FROM _sqlx_migrations WHERE version = 9999").await;
    with_sql(&path, "UPDATE _sqlx_migrations SET checksum = x'00'").await;
    let error = ReadModel::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    assert!(names_path_and_remedy(&error, &path), "{error}");
    assert_rebuilt(&path, &shop).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_inaccessible() {
    let (directory, path) = place();
    let missing = path.join("no such directory").join("read-model.db");
    for inaccessible in [missing.as_path(), directory.path()] {
        let error = ReadModel::open(inaccessible).await.unwrap_err();
        assert!(matches!(error, OpenError::Inaccessible { .. }), "{error}");
        assert!(error.to_string().contains(&inaccessible.display().to_string()), "{error}");
    }
}

#[tokio::test]
async fn an_empty_file_becomes_a_new_read_model() {
    let (_directory, path) = place();
    fs::write(&path, "").unwrap();
    let model = ReadModel::open(&path).await.unwrap();
    assert_eq!(model.take_up("shop").await.unwrap(), LastStop::Never);
}

#[tokio::test]
async fn a_stop_is_clean_only_after_a_complete_catch_up() {
    let (_directory, path) = place();
    let shop = Shop::new();
    let left = async |caught_up: bool, close: bool| {
        let model = ReadModel::open(&path).await.unwrap();
        let last_stop = model.take_up("shop").await.unwrap();
        if caught_up {
            catch_up(&model, &shop.store).await;
        }
        if close {
            model.close().await;
        }
        last_stop
    };
    assert_eq!(left(false, true).await, LastStop::Never);
    assert_eq!(left(true, false).await, LastStop::Unclean, "it had not caught up");
    assert_eq!(left(true, true).await, LastStop::Unclean, "it was not closed");
    assert_eq!(left(false, true).await, LastStop::Clean);
    assert_eq!(left(false, false).await, LastStop::Clean, "it was clean and stayed clean");
    assert_eq!(left(false, true).await, LastStop::Unclean, "it was not closed");
}

#[tokio::test]
async fn rows_of_another_store_are_deleted() {
    let (_directory, path) = place();
    filled(&path).await;
    let model = ReadModel::open(&path).await.unwrap();
    assert_eq!(model.take_up("another shop").await.unwrap(), LastStop::Never);
    assert!(model.is_empty().await.unwrap());
    let other = Shop::new();
    other.create(1, "O-1", "Other").await;
    catch_up(&model, &other.store).await;
    assert_eq!(find(&model, item(1)).await.unwrap().state.sku, "O-1");
    assert_eq!(model.count(KIND).await.unwrap(), 1);
}

#[tokio::test]
async fn a_stop_is_clean_while_the_store_keeps_its_seal() {
    let (_directory, path) = place();
    filled(&path).await;
    let taken_up = async |seal: &str, close: Option<&str>| {
        let model = ReadModel::open(&path).await.unwrap();
        let last_stop = model.take_up_sealed("shop", seal).await.unwrap();
        let rows = model.count(KIND).await.unwrap();
        if let Some(seal) = close {
            model.close_sealed(seal).await;
        }
        (last_stop, rows)
    };
    assert_eq!(taken_up("", Some("10 bytes")).await, (LastStop::Clean, 500));
    assert_eq!(taken_up("10 bytes", Some("11 bytes")).await, (LastStop::Clean, 500));
    assert_eq!(taken_up("11 bytes", None).await, (LastStop::Clean, 500));
    assert_eq!(taken_up("12 bytes", None).await, (LastStop::Unclean, 500), "it was written to");
}

#[tokio::test]
async fn a_store_with_another_seal_is_another_store() {
    let (_directory, path) = place();
    filled(&path).await;
    let model = ReadModel::open(&path).await.unwrap();
    assert_eq!(model.take_up_sealed("shop", "10 bytes").await.unwrap(), LastStop::Never);
    assert!(model.is_empty().await.unwrap());
}

#[tokio::test]
async fn rows_of_an_earlier_schema_are_refilled() {
    let (_directory, path) = place();
    let shop = filled(&path).await;
    let undo = "DELETE FROM _sqlx_migrations WHERE version >= 5; DROP TABLE locations";
    with_sql(&path, undo).await;
    let model = ReadModel::open(&path).await.unwrap();
    assert_eq!(model.take_up("shop").await.unwrap(), LastStop::Unclean);
    assert!(model.is_empty().await.unwrap());
    catch_up(&model, &shop.store).await;
    assert_eq!(model.count(KIND).await.unwrap(), 500);
}
