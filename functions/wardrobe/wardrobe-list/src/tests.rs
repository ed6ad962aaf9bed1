use drape_common::{
    store::{
        Create,
        memory::{MemoryBucket, MemoryTable},
    },
    testing::{TestAnswer, new_item, ready_item, request},
};
use drape_domain::{Category, Rgb, Season, Text, color::named};
use serde_json::Value;

use super::*;

type App = WardrobeList<MemoryTable<Item>, MemoryBucket>;

fn app() -> App {
    WardrobeList {
        items: MemoryTable::default(),
        media: MemoryBucket::default(),
    }
}

async fn add(app: &App, item: Item) -> String {
    app.items.create(&item).await.unwrap();
    item.item_id.to_string()
}

async fn add_shirt(app: &App, owner: UserId, color: &str, hex: Rgb) -> String {
    let mut item = ready_item(owner);
    item.inferred.as_mut().unwrap().colors[0].name = color.into();
    item.inferred.as_mut().unwrap().colors[0].hex = hex;
    add(app, item).await
}

async fn get(app: &App, owner: UserId, query: &[(&str, &str)]) -> TestAnswer {
    let mut asked = request().by(owner);
    for (name, value) in query {
        asked = asked.query(name, value);
    }
    asked.send(app).await
}

fn ids(answer: &TestAnswer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Every page in turn, and how many there were.
async fn walk(app: &App, owner: UserId, query: &[(&str, &str)]) -> (Vec<String>, usize) {
    let (mut all, mut pages) = (Vec::new(), 0);
    let mut cursor = Value::Null;
    loop {
        let text = cursor.as_str().unwrap_or_default().to_owned();
        let mut asked = query.to_vec();
        if !text.is_empty() {
            asked.push(("cursor", &text));
        }
        let answer = get(app, owner, &asked).await;
        all.extend(ids(&answer));
        pages += 1;
        cursor = answer.body["next_cursor"].clone();
        if cursor.is_null() {
            return (all, pages);
        }
    }
}

#[tokio::test]
async fn a_wardrobe_is_listed_newest_first_in_pages() {
    let (app, owner) = (app(), UserId::new());
    let mut expected = Vec::new();
    for _ in 0..7 {
        expected.insert(0, add(&app, ready_item(owner)).await);
    }
    add(&app, ready_item(UserId::new())).await;
    assert_eq!(walk(&app, owner, &[]).await, (expected.clone(), 1));
    assert_eq!(
        walk(&app, owner, &[("limit", "3")]).await,
        (expected.clone(), 3)
    );
    // A page that ends exactly with the last item says so.
    assert_eq!(walk(&app, owner, &[("limit", "7")]).await, (expected, 1));
}

#[tokio::test]
async fn an_empty_wardrobe_is_an_empty_list() {
    let answer = get(&app(), UserId::new(), &[]).await;
    assert_eq!(
        answer.body,
        serde_json::json!({"items": [], "next_cursor": null})
    );
}

#[tokio::test]
async fn each_filter_keeps_what_matches() {
    let (app, owner) = (app(), UserId::new());
    let shirt = add(&app, ready_item(owner)).await;
    let mut dress = ready_item(owner);
    dress.typed.category = Some(Category::Dress);
    dress.typed.season = Some(vec![Season::Summer]);
    dress.typed.tags = Some(vec![Text::try_from("Owambe").unwrap()]);
    dress.typed.description = Some(Text::try_from("from Balogun market").unwrap());
    dress.typed.title = Some(Text::try_from("Party piece").unwrap());
    let dress = add(&app, dress).await;
    let waiting = add(&app, new_item(owner)).await;
    let mut washed = ready_item(owner);
    washed.typed.category = Some(Category::Hat);
    washed.typed.season = Some(vec![]);
    washed.typed.colors = Some(vec![]);
    washed.in_wash = true;
    let washed = add(&app, washed).await;

    for (query, expected) in [
        (("category", "dress"), vec![&dress]),
        (("category", "other"), vec![]),
        (("season", "winter"), vec![&shirt]),
        (("season", "summer"), vec![&dress, &shirt]),
        (("status", "awaiting_upload"), vec![&waiting]),
        (("status", "failed"), vec![]),
        (("status", "in_wash"), vec![&washed]),
        (("status", "ready"), vec![&dress, &shirt]),
        (("q", "owambe"), vec![&dress]),
        (("q", "BALOGUN"), vec![&dress]),
        (("q", "party"), vec![&dress]),
        (("q", "shirt"), vec![&shirt]),
        (("q", "navy"), vec![&dress, &shirt]),
        (("q", "other"), vec![]),
    ] {
        assert_eq!(
            ids(&get(&app, owner, &[query]).await),
            expected.into_iter().cloned().collect::<Vec<_>>(),
            "{query:?}"
        );
    }
    let both = get(&app, owner, &[("q", "navy"), ("category", "shirt")]).await;
    assert_eq!(ids(&both), [shirt]);
}

#[tokio::test]
async fn a_colour_is_found_by_word_by_hex_and_by_family() {
    let (app, owner) = (app(), UserId::new());
    let navy = add_shirt(&app, owner, "navy", named("navy").unwrap()).await;
    let light = add_shirt(&app, owner, "light blue", named("light blue").unwrap()).await;
    let own = add_shirt(&app, owner, "Oxblood", Rgb([100, 20, 40])).await;
    for (color, expected) in [
        ("navy", vec![&navy]),
        ("NAVY", vec![&navy]),
        ("#1C2448", vec![&navy]),
        ("blue", vec![&light]),
        ("light_blue", vec![&light]),
        ("oxblood", vec![&own]),
        ("burgundy", vec![&own]),
        ("red", vec![]),
    ] {
        assert_eq!(
            ids(&get(&app, owner, &[("color", color)]).await),
            expected.into_iter().cloned().collect::<Vec<_>>(),
            "{color}"
        );
    }
}

#[tokio::test]
async fn rare_matches_are_found_in_a_large_wardrobe_and_none_twice() {
    let (app, owner) = (app(), UserId::new());
    let mut rare = Vec::new();
    for number in 0..2_500 {
        if number % 500 == 0 {
            rare.insert(
                0,
                add_shirt(&app, owner, "pink", Rgb([242, 172, 190])).await,
            );
        } else {
            add(&app, new_item(owner)).await;
        }
    }
    // 2,000 rows are read at once, so the end comes with the second page.
    assert_eq!(
        walk(&app, owner, &[("color", "pink")]).await,
        (rare.clone(), 2)
    );
    let (found, _) = walk(&app, owner, &[("color", "pink"), ("limit", "2")]).await;
    assert_eq!(found, rare);
}

#[tokio::test]
async fn bad_input_names_its_parameter() {
    let (app, owner) = (app(), UserId::new());
    let long = "x".repeat(10_000);
    for (name, value) in [
        ("category", "cape"),
        ("season", "autum"),
        ("status", "done"),
        ("color", "#12"),
        ("color", ""),
        ("q", long.as_str()),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "many"),
        ("cursor", "nonsense"),
        ("page", "2"),
    ] {
        let answer = get(&app, owner, &[(name, value)]).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (422, vec![name]),
            "{name}={value}"
        );
    }
    assert_eq!(request().send(&app).await.status, 401);
}
