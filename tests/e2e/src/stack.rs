//! The deployed stack: its outputs, its API, and AWS as its operator.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::SystemTime};

use anyhow::{Context, Result, bail};
use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use drape_common::aws::Aws;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Call, Person, Photo};

const HOW_TO_RUN: &str = "DRAPE_OUTPUTS is not set. These tests need a deployed stack: `make test` starts one and \
    runs them. Against one that runs already (`make run`): \
    DRAPE_OUTPUTS=.local/outputs.json cargo test -p drape-e2e --features stack";

/// The repository's root.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder of real photos for tests, where there is one: `DRAPE_PHOTOS`, else `shared/photos` beside the
/// repository. It holds `wardrobe/<category>/*.jpg` and `people/full-body.jpg`.
#[must_use]
pub fn real_photos() -> Option<PathBuf> {
    let folder = std::env::var_os("DRAPE_PHOTOS")
        .map_or_else(|| root().join("../shared/photos"), PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// A deployed stack.
#[derive(Debug, Clone)]
pub struct Stack {
    outputs: Arc<BTreeMap<String, String>>,
    http: Client,
}

impl Stack {
    /// The stack whose outputs are in the file that `DRAPE_OUTPUTS` names.
    ///
    /// # Errors
    /// When the variable is missing (the message says how to run) or the file cannot be read.
    pub fn from_env() -> Result<Self> {
        let path = PathBuf::from(std::env::var_os("DRAPE_OUTPUTS").context(HOW_TO_RUN)?);
        // Tests run in their crate's folder, people in the repository's root.
        let path = if path.is_file() {
            path
        } else {
            root().join(path)
        };
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading {}", path.display()))?;
        let outputs = serde_json::from_str(&text).context("outputs are not a map of texts")?;
        // Taken already when another test was first. Nothing here speaks TLS, but the client wants to know how.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            outputs: Arc::new(outputs),
            http: Client::builder().build()?,
        })
    }

    /// An output of the stack.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn output(&self, name: &str) -> Result<&str> {
        let value = self.outputs.get(name);
        Ok(value.with_context(|| format!("no output {name}"))?)
    }

    /// Where the emulator listens.
    ///
    /// # Errors
    /// When the outputs do not say.
    pub fn endpoint(&self) -> Result<&str> {
        self.output("Endpoint")
    }

    /// A function's full name, from its crate's.
    ///
    /// # Errors
    /// When the outputs name no table, whose prefix all names share.
    pub fn function_name(&self, crate_name: &str) -> Result<String> {
        let table = self.output("UsersTable")?;
        let prefix = table.strip_suffix("users").context("an unusual name")?;
        Ok(format!("{prefix}{crate_name}"))
    }

    fn region(&self) -> &str {
        self.outputs
            .get("Region")
            .map_or("us-east-1", String::as_str)
    }

    /// AWS as the operator, who may do everything.
    ///
    /// # Errors
    /// When the outputs do not name the endpoint.
    pub fn aws(&self) -> Result<Aws> {
        self.aws_as(operator())
    }

    /// AWS as somebody else.
    ///
    /// # Errors
    /// When the outputs do not name the endpoint.
    pub fn aws_as(&self, credentials: Credentials) -> Result<Aws> {
        let endpoint = self.endpoint()?.to_owned();
        Ok(Aws::new(
            self.region().to_owned(),
            credentials,
            Some(endpoint),
        ))
    }

    /// Whether the emulator checks every call against IAM policies.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn enforces_iam(&self) -> Result<bool> {
        let url = format!("{}/_ministack/health", self.endpoint()?);
        let text = self.http.get(url).send().await?.text().await?;
        let health: Value = serde_json::from_str(&text)?;
        Ok(health["auth"] == "enabled")
    }

    /// A request to the API, without a token.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let base = self.outputs.get("ApiUrl").map_or("", String::as_str);
        let url = format!("{}{path}", base.trim_end_matches('/'));
        Call::new(format!("{method} {path}"), self.http.request(method, url))
    }

    /// `POST` without a token, with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    /// A new person, with an email of their own.
    ///
    /// # Errors
    /// When signing up fails.
    pub async fn sign_up(&self) -> Result<Person> {
        self.sign_up_as("user").await
    }

    /// A new boutique.
    ///
    /// # Errors
    /// When signing up fails.
    pub async fn sign_up_boutique(&self) -> Result<Person> {
        self.sign_up_as("boutique").await
    }

    async fn sign_up_as(&self, role: &str) -> Result<Person> {
        let email = format!("{}@example.com", Uuid::now_v7());
        let password = "correct horse battery";
        let body = json!({ "email": email, "password": password, "name": "Shopper", "role": role });
        let answer = self.post("/auth/signup", &body).expect(201).await?;
        Person::from_answer(self.clone(), &email, password, &answer)
    }

    /// The same person on another device.
    ///
    /// # Errors
    /// When signing in fails.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<Person> {
        let body = json!({ "email": email, "password": password });
        let answer = self.post("/auth/login", &body).expect(200).await?;
        Person::from_answer(self.clone(), email, password, &answer)
    }

    /// Sends a photo as a presigned upload says, and answers S3's status.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn send_photo(&self, upload: &Value, photo: &Photo) -> Result<u16> {
        let url = upload["url"].as_str().context("no url")?;
        let mut request = self.http.put(url);
        for (name, value) in upload["headers"].as_object().context("no headers")? {
            // The client counts the length and writes the type by itself.
            if !["content-length", "content-type", "host"].contains(&name.as_str()) {
                request = request.header(name, value.as_str().context("not a text")?);
            }
        }
        let request = request.header("content-type", photo.content_type);
        let answer = request.body(photo.bytes.clone()).send().await?;
        Ok(answer.status().as_u16())
    }

    /// Reads what a link leads to: status, type and content.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn follow(&self, link: &Value) -> Result<(u16, String, Vec<u8>)> {
        let url = link.as_str().context("no link")?;
        let answer = self.http.get(url).send().await?;
        let status = answer.status().as_u16();
        let content_type = answer.headers().get("content-type");
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        Ok((status, content_type, answer.bytes().await?.to_vec()))
    }

    /// What a browser asks before it lets a web app call this URL, or this path of the API.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn preflight(&self, url: &str, method: &str, headers: &str) -> Result<Answer> {
        let call = if url.starts_with('/') {
            self.call(Method::OPTIONS, url)
        } else {
            let request = self.http.request(Method::OPTIONS, url);
            Call::new("OPTIONS of S3".to_owned(), request)
        };
        let call = call
            .header("origin", "https://app.example.com")
            .header("access-control-request-method", method)
            .header("access-control-request-headers", headers);
        call.send().await
    }

    /// Runs a function with an event and waits, as AWS does when it delivers one. The answer's status says
    /// whether it was run, and `x-amz-function-error` whether it failed.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn invoke(&self, crate_name: &str, event: &Value) -> Result<Answer> {
        self.invocation(crate_name, "RequestResponse", event).await
    }

    /// Hands a function an event to work on later, with the retries and the destination of failures that
    /// the template gives it: the way of the buckets' events.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn invoke_later(&self, crate_name: &str, event: &Value) -> Result<Answer> {
        self.invocation(crate_name, "Event", event).await
    }

    async fn invocation(&self, crate_name: &str, kind: &str, event: &Value) -> Result<Answer> {
        let function = self.function_name(crate_name)?;
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let headers = [
            ("content-type", "application/json"),
            ("x-amz-invocation-type", kind),
        ];
        self.signed("lambda", Method::POST, &path, &headers, event.to_string())
            .await
    }

    /// Asks Step Functions for something.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub async fn states(&self, action: &str, body: &Value) -> Result<Value> {
        let target = format!("AWSStepFunctions.{action}");
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", target.as_str()),
        ];
        let answer = self.signed("states", Method::POST, "/", &headers, body.to_string());
        answer.await?.expect(200)
    }

    /// A function's configuration.
    ///
    /// # Errors
    /// When there is no such function.
    pub async fn function(&self, crate_name: &str) -> Result<Value> {
        let name = self.function_name(crate_name)?;
        let path = format!("/2015-03-31/functions/{name}/configuration");
        let answer = self.signed("lambda", Method::GET, &path, &[], String::new());
        answer.await?.expect(200)
    }

    /// Credentials of a role.
    ///
    /// # Errors
    /// When the role cannot be assumed.
    pub async fn assume(&self, role_arn: &str) -> Result<Credentials> {
        let body = format!(
            "Action=AssumeRole&Version=2011-06-15&RoleSessionName=check&RoleArn={}",
            role_arn.replace(':', "%3A").replace('/', "%2F")
        );
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self
            .signed("sts", Method::POST, "/", &headers, body)
            .await?;
        if answer.status != 200 {
            bail!("assuming {role_arn}: {}", answer.text);
        }
        let field = |name: &str| -> Result<String> {
            let (start, end) = (format!("<{name}>"), format!("</{name}>"));
            let rest = answer.text.split_once(&start).context("no credentials")?.1;
            Ok(rest
                .split_once(&end)
                .context("no credentials")?
                .0
                .to_owned())
        };
        Ok(Credentials::new(
            field("AccessKeyId")?,
            field("SecretAccessKey")?,
            Some(field("SessionToken")?),
            None,
            "assumed role",
        ))
    }

    /// A call to an AWS service that no SDK is built in for.
    async fn signed(
        &self,
        service: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Answer> {
        let url = format!("{}{path}", self.endpoint()?);
        let identity = operator().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region())
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let request = SignableRequest::new(
            method.as_str(),
            &url,
            headers.iter().copied(),
            SignableBody::Bytes(body.as_bytes()),
        )?;
        let (instructions, _) = sign(request, &parameters)?.into_parts();
        let mut request = self.http.request(method.clone(), &url);
        let signature = instructions.headers();
        for (name, value) in headers.iter().copied().chain(signature) {
            request = request.header(name, value);
        }
        Call::new(format!("{method} {service}{path}"), request.body(body))
            .send()
            .await
    }
}

/// The emulator's administrator.
fn operator() -> Credentials {
    Credentials::new("test", "test", None, None, "local stack")
}
