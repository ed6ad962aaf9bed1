//! The client against a server that behaves well, badly and not at all.

use std::time::{Duration, Instant};

use drape_providers::{LatLon, OpenMeteo, Weather, WeatherError, When};
use time::macros::date;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, query_param, query_param_contains},
};

#[allow(clippy::unwrap_used)]
fn lagos() -> LatLon {
    LatLon::new(6.4541, 3.3947).unwrap()
}

const NOW: &str = r#"{"latitude":6.5,"longitude":3.375,"utc_offset_seconds":0,"timezone":"GMT",
    "current_units":{"temperature_2m":"°C"},
    "current":{"time":"2026-11-23T10:45","interval":900,"temperature_2m":30.4,"relative_humidity_2m":71,"weather_code":2,"wind_speed_10m":9.7,"is_day":1}}"#;

const DAY: &str = r#"{"timezone":"Africa/Lagos","daily":{"time":["2026-12-24"],"temperature_2m_max":[32.0],
    "temperature_2m_min":[24.0],"relative_humidity_2m_max":[90],"relative_humidity_2m_min":[50],"weather_code":[95],"wind_speed_10m_max":[12.0]}}"#;

/// A busy machine may take its time.
#[allow(clippy::unwrap_used)]
fn patient(url: &str) -> OpenMeteo {
    OpenMeteo::new(url)
        .unwrap()
        .with_timeout(Duration::from_secs(30))
}

#[allow(clippy::unwrap_used)]
async fn answering(response: ResponseTemplate) -> (MockServer, OpenMeteo) {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/forecast"))
        .respond_with(response)
        .mount(&server)
        .await;
    let weather = patient(&server.uri());
    (server, weather)
}

fn json(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

#[tokio::test]
async fn the_current_weather_is_read() {
    let server = MockServer::start().await;
    Mock::given(query_param("latitude", "6.5"))
        .and(query_param("longitude", "3.4"))
        .and(query_param_contains("current", "temperature_2m"))
        .respond_with(json(NOW))
        .mount(&server)
        .await;
    let seen = OpenMeteo::new(&server.uri())
        .unwrap()
        .at(lagos(), When::Now)
        .await
        .unwrap();
    assert_eq!(
        (seen.temp_c, seen.humidity, seen.condition),
        (30.4, Some(71.0), "cloudy")
    );
}

#[tokio::test]
async fn a_day_is_told_by_its_warm_hours() {
    let server = MockServer::start().await;
    Mock::given(query_param("start_date", "2026-12-24"))
        .and(query_param("end_date", "2026-12-24"))
        .respond_with(json(DAY))
        .mount(&server)
        .await;
    let weather = patient(&server.uri());
    let seen = weather
        .at(lagos(), When::Day(date!(2026 - 12 - 24)))
        .await
        .unwrap();
    assert_eq!(
        (seen.temp_c, seen.humidity, seen.condition),
        (30.0, Some(60.0), "storm")
    );
}

#[tokio::test]
async fn a_humidity_that_is_missing_or_cannot_be_is_unknown() {
    for humidity in ["null", "-1", "101", "1e30"] {
        let now = NOW.replace(":71,", &format!(":{humidity},"));
        let (_server, weather) = answering(json(&now)).await;
        let seen = weather.at(lagos(), When::Now).await.unwrap();
        assert_eq!((seen.temp_c, seen.humidity), (30.4, None), "{humidity}");
    }
    let without =
        r#"{"daily":{"temperature_2m_max":[32],"temperature_2m_min":[24],"weather_code":[1]}}"#;
    let (_server, weather) = answering(json(without)).await;
    let seen = weather.at(lagos(), When::Day(date!(2026 - 12 - 24))).await;
    assert_eq!(seen.unwrap().humidity, None);
}

#[tokio::test]
async fn asking_again_within_the_hour_costs_no_request() {
    let (server, weather) = answering(json(NOW)).await;
    // Three in a row: at most one of the two steps between them can fall on the turn of an hour.
    for _ in 0..3 {
        weather.at(lagos(), When::Now).await.unwrap();
    }
    assert!(server.received_requests().await.unwrap().len() <= 2);
}

#[tokio::test]
async fn a_failure_is_not_remembered() {
    let (server, weather) = answering(ResponseTemplate::new(500)).await;
    assert!(weather.at(lagos(), When::Now).await.is_err());
    server.reset().await;
    Mock::given(method("GET"))
        .respond_with(json(NOW))
        .mount(&server)
        .await;
    assert!(weather.at(lagos(), When::Now).await.is_ok());
}

#[tokio::test]
async fn other_statuses_are_errors_and_are_asked_once() {
    for status in [204, 301, 400, 404, 429, 500, 503] {
        let (server, weather) =
            answering(ResponseTemplate::new(status).insert_header("location", "/v1/forecast"))
                .await;
        let error = weather.at(lagos(), When::Now).await.unwrap_err();
        assert!(
            matches!(error, WeatherError::Status(code) if code == status),
            "{status}: {error}"
        );
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn garbage_is_an_error() {
    for body in [
        "",
        "<html>busy</html>",
        "[]",
        "{}",
        r#"{"error":true,"reason":"no"}"#,
        r#"{"current":{"temperature_2m":null,"weather_code":0}}"#,
        r#"{"current":{"temperature_2m":"hot","weather_code":0}}"#,
        r#"{"current":{"temperature_2m":4e38,"weather_code":0}}"#,
        r#"{"current":{"temperature_2m":1e400,"weather_code":0}}"#,
        r#"{"current":{"temperature_2m":21.0,"weather_code":42}}"#,
        &NOW[..NOW.len() / 2],
    ] {
        let (_server, weather) = answering(json(body)).await;
        let error = weather.at(lagos(), When::Now).await.unwrap_err();
        assert!(matches!(error, WeatherError::Garbage(_)), "{body}: {error}");
    }
}

#[tokio::test]
async fn a_day_without_values_is_an_error() {
    for body in [
        r#"{"daily":{"temperature_2m_max":[],"temperature_2m_min":[],"weather_code":[]}}"#,
        r#"{"daily":{"temperature_2m_max":[null],"temperature_2m_min":[3.0],"weather_code":[1]}}"#,
        NOW,
    ] {
        let (_server, weather) = answering(json(body)).await;
        let error = weather
            .at(lagos(), When::Day(date!(2027 - 01 - 01)))
            .await
            .unwrap_err();
        assert!(matches!(error, WeatherError::Garbage(_)), "{body}: {error}");
    }
}

#[tokio::test]
async fn a_slow_server_is_given_up() {
    let (server, _) = answering(json(NOW).set_delay(Duration::from_secs(20))).await;
    let weather = OpenMeteo::new(&server.uri()).unwrap();
    let start = Instant::now();
    let error = weather.at(lagos(), When::Now).await.unwrap_err();
    assert!(
        matches!(error, WeatherError::Unreachable("too slow")),
        "{error}"
    );
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_huge_body_is_not_read_to_its_end() {
    let (_server, weather) =
        answering(json(&format!("{{\"pad\":\"{}\"}}", "x".repeat(8 << 20)))).await;
    let error = weather.at(lagos(), When::Now).await.unwrap_err();
    assert!(
        matches!(error, WeatherError::Garbage("far too long")),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_at_home_is_an_error() {
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let weather = patient(&format!("http://{address}"));
    let error = weather.at(lagos(), When::Now).await.unwrap_err();
    assert!(matches!(error, WeatherError::Unreachable(_)), "{error}");
    assert!(
        !error.to_string().contains("6.5"),
        "the place must not reach the logs"
    );
}

#[tokio::test]
async fn an_https_address_is_reached_for_without_any_set_up_by_the_caller() {
    // The other side speaks no TLS, so all that can be seen is that a handshake was begun.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut first = [0u8; 1];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut first)
            .await
            .unwrap();
        first[0]
    });
    let weather = patient(&format!("https://{address}"));
    let error = weather.at(lagos(), When::Now).await.unwrap_err();
    assert!(
        matches!(error, WeatherError::Unreachable("no connection")),
        "{error}"
    );
    assert_eq!(
        heard.await.unwrap(),
        22,
        "the type of a TLS handshake record"
    );
}
