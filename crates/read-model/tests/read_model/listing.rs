//! Search, sort and paging.

use domain::inventory_item::{ChangeMaxQuantity, CheckInItems, SetReorderLevel, TransferItems};
use domain::list::{ListRequest, Row, Sort};
use domain::{InventoryItem, Kind, Location};
use event_store::Aggregate;
use read_model::{ListError, Listed, ReadModel};

use crate::shop::{KIND, Shop, filled_from, find, item, items, searching, sorted_by};

async fn names(model: &ReadModel, list: &ListRequest) -> Vec<String> {
    items(model.list(KIND, list).await.unwrap().rows)
        .into_iter()
        .map(|row| row.state.name)
        .collect()
}

/// Returns the rows of all pages, and the number of pages.
async fn pages(model: &ReadModel, mut list: ListRequest) -> (Vec<Row<InventoryItem>>, usize) {
    let mut rows = Vec::new();
    for count in 1..1000 {
        let Listed { rows: page, next, .. } = model.list(KIND, &list).await.unwrap();
        assert!(page.len() <= list.limit as usize);
        rows.extend(items(page));
        if next.is_none() {
            return (rows, count);
        }
        list.after = next;
    }
    panic!("the pages never end")
}

async fn model_of(items: &[(&str, &str)]) -> ReadModel {
    let shop = Shop::new();
    for (number, (sku, name)) in (1..).zip(items) {
        shop.create(number, sku, name).await;
    }
    filled_from(&shop).await
}

#[tokio::test]
async fn a_search_matches_parts_of_sku_and_name_in_any_case_and_order() {
    let model = model_of(&[
        ("W-100", "Blue Widget"),
        ("W-200", "Écrou à œil"),
        ("G-1", "Gear wide"),
        ("Ω-7", "ΟΔΟΣ Straße"),
    ])
    .await;
    for (search, found) in [
        ("WID", &["Blue Widget", "Gear wide"][..]),
        ("w-", &["Blue Widget", "Écrou à œil"]),
        ("ÉCROU À Œ", &["Écrou à œil"]),
        ("σ STRASSE", &["ΟΔΟΣ Straße"]),
        ("ω", &["ΟΔΟΣ Straße"]),
        ("blue  widget", &["Blue Widget"]),
        ("\u{feff}widget blue", &["Blue Widget"]),
        ("w-100 widg", &["Blue Widget"]),
        ("W-100 ", &["Blue Widget"]),
        ("e\u{301}crou", &["Écrou à œil"]),
        ("blue gear", &[]),
        ("wdget", &[]),
    ] {
        assert_eq!(names(&model, &searching(search)).await, found, "{search}");
    }
}

/// The stock at a location, and the items that a location's page lists.
#[tokio::test]
async fn the_items_at_a_location_are_those_in_stock_there() {
    let shop = Shop::new();
    let [back, van] = [item(901), item(902)];
    for (number, name) in [(1, "Bell"), (2, "Chain"), (3, "Axle")] {
        shop.create(number, name, name).await;
    }
    let check_in = |quantity, location| CheckInItems { quantity, location, ..<_>::default() };
    shop.perform(item(1), check_in(5, Some(back))).await;
    shop.perform(item(1), TransferItems { from: Some(back), to: Some(van), quantity: 5 }).await;
    shop.perform(item(2), check_in(3, Some(van))).await;
    shop.perform(item(2), check_in(2, None)).await;
    shop.perform(item(3), check_in(2, None)).await;
    let model = filled_from(&shop).await;

    let at = |location| ListRequest { refers_to: Some(location), ..searching("") };
    assert_eq!(names(&model, &at(van)).await, ["Bell", "Chain"]);
    assert_eq!(names(&model, &ListRequest { search: "ch".to_owned(), ..at(van) }).await, ["Chain"]);
    assert_eq!(model.list(KIND, &at(van)).await.unwrap().total, 2);
    assert_eq!(names(&model, &at(back)).await, [""; 0]);
    let chain = find(&model, item(2)).await.unwrap().state;
    assert_eq!((chain.balances.at(Some(van)), chain.balances.at(None), chain.on_hand), (3, 2, 5));

    let locations = model.list(Location::KIND, &at(van)).await.unwrap();
    assert_eq!((locations.rows.len(), locations.total), (0, 0), "a location refers to nothing");
}

#[tokio::test]
async fn characters_that_are_special_in_sql_are_literal() {
    let model =
        model_of(&[("50%", "Half_price"), ("X", "Halfxprice"), ("Q'", "it's \\ here")]).await;
    for (search, found) in [
        ("%", &["Half_price"][..]),
        ("f_p", &["Half_price"]),
        ("'", &["it's \\ here"]),
        ("\\", &["it's \\ here"]),
        ("*", &[]),
        ("' OR 1=1 --", &[]),
        ("\0", &[]),
    ] {
        assert_eq!(names(&model, &searching(search)).await, found, "{search}");
    }
}

#[tokio::test]
async fn a_blank_search_finds_everything_and_the_total_counts_all_matches() {
    let model = model_of(&[("A", "Apple"), ("B", "Banana"), ("C", "Apple pie")]).await;
    for blank in ["", " ", "\t\u{3000}"] {
        assert_eq!(model.list(KIND, &searching(blank)).await.unwrap().total, 3);
    }
    let list = ListRequest { limit: 1, ..searching("apple") };
    let Listed { rows, next, total } = model.list(KIND, &list).await.unwrap();
    assert_eq!((rows.len(), total), (1, 2));
    let second = model.list(KIND, &ListRequest { after: next, ..list }).await.unwrap();
    let rows = items(second.rows);
    assert_eq!((rows[0].state.name.as_str(), second.next, second.total), ("Apple pie", None, 2));
}

#[tokio::test]
async fn text_is_sorted_regardless_of_case() {
    let model =
        model_of(&[("b", "banana"), ("A", "Apple"), ("C", "cherry"), ("a2", "apple")]).await;
    assert_eq!(names(&model, &sorted_by("name", 50)).await, ["Apple", "apple", "banana", "cherry"]);
    assert_eq!(names(&model, &sorted_by("sku", 50)).await, ["Apple", "apple", "banana", "cherry"]);
    assert_eq!(
        names(&model, &sorted_by("-name", 50)).await,
        ["cherry", "banana", "apple", "Apple"]
    );
}

#[tokio::test]
async fn text_is_sorted_as_people_expect() {
    let model = model_of(&[
        ("T-10", "Zebra"),
        ("t-9", "10 mm"),
        ("T-1", "apple"),
        ("T-100", "9 mm"),
        ("T-11", "Äpfel"),
    ])
    .await;
    let by_name = ["9 mm", "10 mm", "Äpfel", "apple", "Zebra"];
    assert_eq!(names(&model, &sorted_by("name", 50)).await, by_name);
    let (paged, _) = pages(&model, sorted_by("name", 2)).await;
    assert!(paged.iter().map(|row| &row.state.name).eq(by_name), "page by page");
    let by_sku = ["apple", "10 mm", "Zebra", "Äpfel", "9 mm"];
    assert_eq!(names(&model, &sorted_by("sku", 50)).await, by_sku);
}

#[tokio::test]
async fn a_search_of_very_many_words_is_answered() {
    let model = model_of(&[("A", "Apple")]).await;
    assert_eq!(names(&model, &searching(&"a pp ".repeat(5_000))).await, ["Apple"]);
    assert_eq!(names(&model, &searching(&"a b ".repeat(5_000))).await, [""; 0]);
}

#[tokio::test]
async fn skus_that_read_the_same_are_found() {
    let model = model_of(&[("CAF\u{c9}-1", "a"), ("cafe\u{301}-1", "b"), ("CAFE-1", "c")]).await;
    let mut alike = model.skus_alike(" Caf\u{e9}-1").await.unwrap();
    alike.sort();
    assert_eq!(alike, ["CAF\u{c9}-1", "cafe\u{301}-1"]);
    assert_eq!(model.skus_alike("CAFE").await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn missing_figures_come_last_ascending_and_first_descending() {
    let shop = Shop::new();
    for (number, name) in [(1, "none"), (2, "ten"), (3, "zero or one"), (4, "most")] {
        shop.create(number, name, name).await;
    }
    for (number, level) in [(2, 10), (3, 0), (4, 1_000_000_000)] {
        let max_quantity = Some(level.max(1));
        shop.perform(item(number), ChangeMaxQuantity { max_quantity }).await;
        shop.perform(item(number), SetReorderLevel { level }).await;
    }
    let model = filled_from(&shop).await;
    let ascending = ["zero or one", "ten", "most", "none"];
    let descending = ["none", "most", "ten", "zero or one"];
    for (column, expected) in [
        ("max_quantity", ascending),
        ("reorder_level", ascending),
        ("-max_quantity", descending),
        ("-reorder_level", descending),
    ] {
        assert_eq!(names(&model, &sorted_by(column, 50)).await, expected, "{column}");
        let (paged, _) = pages(&model, sorted_by(column, 1)).await;
        assert!(paged.iter().map(|row| &row.state.name).eq(expected), "{column}, page by page");
    }
}

#[tokio::test]
async fn pages_in_any_order_hold_each_item_once_with_ties_ordered_by_id() {
    let shop = Shop::new();
    for number in 1..=25 {
        let name = format!("Thing {}", number % 3);
        shop.create(number, &format!("s{}", number % 4), &name).await;
        if number % 2 == 0 {
            shop.check_in(number, 5).await;
        }
    }
    let model = filled_from(&shop).await;
    for column in InventoryItem::COLUMNS.iter().map(|column| column.name) {
        let whole = items(model.list(KIND, &sorted_by(column, 200)).await.unwrap().rows);
        assert_eq!(whole.len(), 25);
        for limit in [1, 4, 24, 25, 26] {
            let (rows, count) = pages(&model, sorted_by(column, limit)).await;
            assert_eq!(rows, whole, "{column} by {limit}");
            assert_eq!(count, 25_usize.div_ceil(limit as usize), "{column} by {limit}");
        }
        let (mut backwards, _) = pages(&model, sorted_by(&format!("-{column}"), 4)).await;
        backwards.reverse();
        assert_eq!(backwards, whole, "{column} descending");
    }
    let by_name = items(model.list(KIND, &sorted_by("name", 200)).await.unwrap().rows);
    assert!(by_name.is_sorted_by_key(|row| (row.state.name.clone(), row.id)));
}

#[tokio::test]
async fn an_item_that_appears_between_two_pages_shifts_no_other_item() {
    let shop = Shop::new();
    for (number, name) in (1..).zip(["b", "d", "f", "h"]) {
        shop.create(number, name, name).await;
    }
    let model = filled_from(&shop).await;
    let first = model.list(KIND, &sorted_by("name", 2)).await.unwrap();
    model.apply(&[shop.create(9, "a", "a").await]).await.unwrap();
    let second =
        model.list(KIND, &ListRequest { after: first.next, ..sorted_by("name", 2) }).await.unwrap();
    assert!(items(second.rows).iter().map(|row| row.state.name.as_str()).eq(["f", "h"]));
}

#[tokio::test]
async fn a_limit_is_1_to_200() {
    let model = model_of(&[("A", "Apple")]).await;
    for limit in [0, 201, u32::MAX] {
        let refused = model.list(KIND, &sorted_by("name", limit)).await.unwrap_err();
        assert!(matches!(refused, ListError::Limit(l) if l == limit), "{refused}");
    }
    for limit in [1, 200] {
        assert_eq!(model.list(KIND, &sorted_by("name", limit)).await.unwrap().rows.len(), 1);
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_order() {
    let model = model_of(&[("A", "Apple"), ("B", "Banana")]).await;
    let after = model.list(KIND, &sorted_by("name", 1)).await.unwrap().next;
    let alphabet = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    assert!(after.as_deref().unwrap().chars().all(alphabet), "{after:?} in a URL");
    for other in ["-name", "sku", "on_hand"] {
        let list = ListRequest { after: after.clone(), ..sorted_by(other, 1) };
        let refused = model.list(KIND, &list).await.unwrap_err();
        let asked = Sort::of::<InventoryItem>(other).unwrap();
        assert!(
            matches!(&refused, ListError::OtherSort { sort, .. } if *sort == asked),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_garbled_cursor_is_refused() {
    let model = model_of(&[("A", "Apple"), ("B", "Banana")]).await;
    let real = model.list(KIND, &sorted_by("name", 1)).await.unwrap().next.unwrap();
    let number_for_a_name = "eyJzb3J0IjoibmFtZSIsImtleSI6NywiaWQiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDEifQ";
    let garbled = [
        String::new(),
        "abc".to_owned(),
        "%%%".to_owned(),
        "é".to_owned(),
        real[..real.len() - 5].to_owned(),
        format!("{real}AAAA"),
        format!("{real}=="),
        number_for_a_name.to_owned(),
        "W10".to_owned(),
        "x".repeat(100_000),
    ];
    for after in garbled {
        let list = ListRequest { after: Some(after.clone()), ..sorted_by("name", 1) };
        let refused = model.list(KIND, &list).await.unwrap_err();
        assert!(matches!(refused, ListError::Cursor), "{after}: {refused}");
    }
}

#[tokio::test]
async fn the_items_that_changed_last_come_newest_first() {
    let shop = Shop::new();
    let model = filled_from(&shop).await;
    assert!(model.is_empty().await.unwrap());
    assert_eq!(items(model.recent(KIND, 3).await.unwrap()), []);
    for (number, name) in (1..).zip(["a", "b", "c", "d"]) {
        model.apply(&[shop.create(number, name, name).await]).await.unwrap();
    }
    model.apply(&[shop.check_in(2, 1).await]).await.unwrap();
    let recent = items(model.recent(KIND, 3).await.unwrap());
    assert!(recent.iter().map(|row| row.state.name.as_str()).eq(["b", "d", "c"]));
    assert!(!model.is_empty().await.unwrap());
    assert_eq!((model.count(KIND).await.unwrap(), find(&model, item(99)).await), (4, None));
}

#[tokio::test]
async fn an_unknown_kind_or_order_is_refused() {
    let model = model_of(&[("A", "Apple")]).await;
    let refused = model.list("invoice", &sorted_by("name", 1)).await.unwrap_err();
    assert!(matches!(&refused, ListError::Kind(kind) if kind == "invoice"), "{refused}");
    let sort = Some(Sort::ascending("price"));
    let list = ListRequest { sort, ..sorted_by("name", 1) };
    let refused = model.list(KIND, &list).await.unwrap_err();
    assert!(matches!(refused, ListError::Sort(_)), "{refused}");
}
