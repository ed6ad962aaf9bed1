//! Tables and buckets: encrypted, recoverable, private, and kept or thrown away by stage.

use serde_json::{Value, json};

use crate::{Complaint, Resource, Template, template::one_or_many};

/// Tables whose rows expire by themselves.
const EXPIRING: [&str; 4] = [
    "SessionsTable",
    "LimitsTable",
    "ItemsTable",
    "IdempotencyTable",
];

/// Every table is paid by use, encrypted with a key whose use is logged, recoverable to any second, and
/// protected where the stage keeps its data.
#[must_use]
pub fn tables(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for table in template.of_type("AWS::DynamoDB::Table") {
        let properties = table.properties();
        let mut must = |holds: bool, fix: &str| {
            if !holds {
                complaints.push(format!("{}: {fix}", table.id));
            }
        };
        must(
            properties["BillingMode"] == "PAY_PER_REQUEST",
            "set BillingMode: PAY_PER_REQUEST",
        );
        must(
            properties["SSESpecification"]["SSEEnabled"] == true,
            "set SSESpecification: { SSEEnabled: true }",
        );
        must(
            properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == true,
            "set PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }",
        );
        must(
            by_condition(&properties["DeletionProtectionEnabled"], &true.into()),
            "set DeletionProtectionEnabled: !If [KeepData, true, false]",
        );
        if EXPIRING.contains(&table.id) {
            let ttl = &properties["TimeToLiveSpecification"];
            must(
                ttl["AttributeName"] == "expires_at" && ttl["Enabled"] == true,
                "its rows expire; set TimeToLiveSpecification: { AttributeName: expires_at, Enabled: true }",
            );
        }
    }
    complaints
}

/// What holds data outlives its stack where the stage keeps data, and only there.
#[must_use]
pub fn outlives_its_stack(template: &Template) -> Vec<Complaint> {
    let holds_data = [
        "AWS::DynamoDB::Table",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
    ];
    let mut complaints = Vec::new();
    for kind in holds_data {
        for resource in template.of_type(kind) {
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                if !by_condition(&resource.body[policy], &"Retain".into()) {
                    complaints.push(format!(
                        "{}: set {policy}: !If [KeepData, Retain, Delete]",
                        resource.id
                    ));
                }
            }
        }
    }
    if template.document()["Conditions"]["KeepData"]
        != json!({ "Fn::Equals": [{ "Ref": "Stage" }, "prod"] })
    {
        complaints.push("Conditions.KeepData: must be !Equals [!Ref Stage, prod]".to_owned());
    }
    complaints
}

fn by_condition(value: &Value, when_kept: &Value) -> bool {
    value["Fn::If"][0] == "KeepData" && value["Fn::If"][1] == *when_kept
}

/// Every bucket is private, encrypted, spoken to over TLS, and cleans up after broken uploads.
#[must_use]
pub fn buckets(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for bucket in template.of_type("AWS::S3::Bucket") {
        let properties = bucket.properties();
        let mut must = |holds: bool, fix: &str| {
            if !holds {
                complaints.push(format!("{}: {fix}", bucket.id));
            }
        };
        let block = &properties["PublicAccessBlockConfiguration"];
        must(
            [
                "BlockPublicAcls",
                "BlockPublicPolicy",
                "IgnorePublicAcls",
                "RestrictPublicBuckets",
            ]
            .iter()
            .all(|word| block[*word] == true),
            "set all four of PublicAccessBlockConfiguration",
        );
        must(
            properties["OwnershipControls"]["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced",
            "set ObjectOwnership: BucketOwnerEnforced",
        );
        let encryption = &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
        must(
            encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"].is_string(),
            "set BucketEncryption with an SSEAlgorithm",
        );
        must(
            rules(bucket).any(|rule| {
                rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"].is_u64()
                    && rule["Prefix"].is_null()
                    && rule["Status"] == "Enabled"
            }),
            "add a lifecycle rule with AbortIncompleteMultipartUpload for the whole bucket",
        );
        must(
            tls_only(template, bucket.id),
            "add a bucket policy that denies aws:SecureTransport false",
        );
    }
    complaints
}

fn rules(bucket: Resource<'_>) -> impl Iterator<Item = &Value> {
    one_or_many(&bucket.properties()["LifecycleConfiguration"]["Rules"]).iter()
}

fn tls_only(template: &Template, bucket: &str) -> bool {
    template.of_type("AWS::S3::BucketPolicy").any(|policy| {
        policy.properties()["Bucket"]["Ref"] == bucket
            && one_or_many(&policy.properties()["PolicyDocument"]["Statement"])
                .iter()
                .any(|statement| {
                    statement["Effect"] == "Deny"
                        && statement["Condition"]["Bool"]["aws:SecureTransport"] == "false"
                })
    })
}

/// What people upload does not stay: each prefix of the uploads bucket expires.
#[must_use]
pub fn uploads_expire(template: &Template) -> Vec<Complaint> {
    let Some(bucket) = template.find("AWS::S3::Bucket", "UploadsBucket") else {
        return vec!["UploadsBucket: is missing".to_owned()];
    };
    ["uploads/items/", "uploads/body/"]
        .into_iter()
        .filter(|prefix| {
            !rules(bucket).any(|rule| {
                rule["Prefix"] == *prefix
                    && rule["Status"] == "Enabled"
                    && rule["ExpirationInDays"].is_u64()
            })
        })
        .map(|prefix| {
            format!("UploadsBucket: add a lifecycle rule with ExpirationInDays for {prefix}")
        })
        .collect()
}

/// The app's web build may write uploads and read media, from the origins of the parameter.
#[must_use]
pub fn cors(template: &Template) -> Vec<Complaint> {
    [("UploadsBucket", "PUT"), ("MediaBucket", "GET")]
        .into_iter()
        .filter(|(id, method)| {
            !template.find("AWS::S3::Bucket", id).is_some_and(|bucket| {
                one_or_many(&bucket.properties()["CorsConfiguration"]["CorsRules"])
                    .iter()
                    .any(|rule| {
                        rule["AllowedOrigins"]["Ref"] == "AllowedOrigins"
                            && one_or_many(&rule["AllowedMethods"])
                                .iter()
                                .any(|allowed| allowed == *method)
                    })
            })
        })
        .map(|(id, method)| {
            format!("{id}: add a CORS rule for {method} with AllowedOrigins: !Ref AllowedOrigins")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
Conditions: { KeepData: !Equals [!Ref Stage, prod] }
Resources:
  SessionsTable:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: !If [KeepData, Retain, Delete]
    UpdateReplacePolicy: !If [KeepData, Retain, Delete]
    Properties:
      BillingMode: PAY_PER_REQUEST
      TimeToLiveSpecification: { AttributeName: expires_at, Enabled: true }
      SSESpecification: { SSEEnabled: true }
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
      DeletionProtectionEnabled: !If [KeepData, true, false]
  UploadsBucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: !If [KeepData, Retain, Delete]
    UpdateReplacePolicy: !If [KeepData, Retain, Delete]
    Properties:
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true }
      OwnershipControls: { Rules: [{ ObjectOwnership: BucketOwnerEnforced }] }
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: AES256 } }] }
      LifecycleConfiguration:
        Rules:
          - { Status: Enabled, Prefix: uploads/items/, ExpirationInDays: 7 }
          - { Status: Enabled, Prefix: uploads/body/, ExpirationInDays: 90 }
          - { Status: Enabled, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }
      CorsConfiguration: { CorsRules: [{ AllowedOrigins: !Ref AllowedOrigins, AllowedMethods: [PUT, GET] }] }
  UploadsBucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref UploadsBucket
      PolicyDocument: { Statement: [{ Effect: Deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }] }
";

    fn all(text: &str) -> Vec<Complaint> {
        let template = Template::parse(text).unwrap();
        [tables, outlives_its_stack, buckets, uploads_expire, cors]
            .iter()
            .flat_map(|lint| lint(&template))
            .filter(|complaint| !complaint.starts_with("MediaBucket"))
            .collect()
    }

    fn spoiled(good: &str, bad: &str) -> Vec<Complaint> {
        assert!(GOOD.contains(good), "{good}");
        all(&GOOD.replace(good, bad))
    }

    #[test]
    fn a_good_template_passes() {
        assert_eq!(all(GOOD), Vec::<Complaint>::new());
    }

    #[test]
    fn each_careless_table_is_found() {
        for (good, bad, named) in [
            ("PAY_PER_REQUEST", "PROVISIONED", "BillingMode"),
            ("SSEEnabled: true", "SSEEnabled: false", "SSESpecification"),
            (
                "PointInTimeRecoveryEnabled: true",
                "PointInTimeRecoveryEnabled: false",
                "PointInTimeRecovery",
            ),
            (
                "DeletionProtectionEnabled: !If [KeepData, true, false]",
                "DeletionProtectionEnabled: false",
                "DeletionProtection",
            ),
            (
                "AttributeName: expires_at",
                "AttributeName: expires",
                "TimeToLive",
            ),
        ] {
            let complaints = spoiled(good, bad);
            assert!(
                complaints.len() == 1 && complaints[0].contains(named),
                "{bad}: {complaints:?}"
            );
            assert!(complaints[0].starts_with("SessionsTable: "));
        }
    }

    #[test]
    fn data_that_goes_with_its_stack_is_found() {
        let complaints = spoiled(
            "DeletionPolicy: !If [KeepData, Retain, Delete]",
            "DeletionPolicy: Delete",
        );
        assert_eq!(complaints.len(), 2);
        let complaints = spoiled("!Equals [!Ref Stage, prod]", "!Equals [!Ref Stage, local]");
        assert!(
            complaints[0].starts_with("Conditions.KeepData"),
            "{complaints:?}"
        );
    }

    #[test]
    fn each_careless_bucket_is_found() {
        for (good, bad, named) in [
            ("BlockPublicPolicy: true, ", "", "PublicAccessBlock"),
            ("BucketOwnerEnforced", "ObjectWriter", "ObjectOwnership"),
            ("SSEAlgorithm: AES256", "x: y", "BucketEncryption"),
            (
                "AbortIncompleteMultipartUpload",
                "Abort",
                "AbortIncompleteMultipartUpload",
            ),
            ("Effect: Deny", "Effect: Allow", "SecureTransport"),
            (
                "Prefix: uploads/body/, ExpirationInDays: 90",
                "Prefix: uploads/body/",
                "uploads/body/",
            ),
            (
                "AllowedMethods: [PUT, GET]",
                "AllowedMethods: [GET]",
                "CORS rule for PUT",
            ),
            (
                "AllowedOrigins: !Ref AllowedOrigins",
                "AllowedOrigins: ['*']",
                "AllowedOrigins",
            ),
        ] {
            let complaints = spoiled(good, bad);
            assert!(
                complaints.len() == 1 && complaints[0].contains(named),
                "{bad}: {complaints:?}"
            );
            assert!(complaints[0].starts_with("UploadsBucket: "));
        }
    }
}
