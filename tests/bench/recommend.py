"""Recommendations as one would write them in Python, with numpy and faiss: `make bench` starts this beside our
function, through the same Runtime API, over the same tables and bucket.

The handler is what a FastAPI route would call, without the framework's own time. It reads what ours reads (account,
revisions of the wardrobe, signals, style; items and vectors where the wardrobe has changed), makes outfits of a top and a
bottom, or a dress, with shoes, adds what boutiques sell that is near, picks three by MMR, and keeps what it showed. It
scores less than ours: cosine of vectors and distance of colours, no rules of weather, occasion or budget.
"""

import base64
import concurrent.futures
import http.client
import json
import os
import urllib.parse
import uuid

import faiss
import numpy as np

TABLES = {name: os.environ.get(f"{name}_TABLE", "") for name in ("USERS", "ITEMS", "EMBEDDINGS", "SIGNALS", "STYLES", "SHOWINGS")}
AWS = urllib.parse.urlparse(os.environ["AWS_ENDPOINT_URL"])
BUCKET = os.environ["LEARNED_BUCKET"]
DIM, PART, LAMBDA = 512, 8 << 20, 0.7
SLOTS = {"shirt": "top", "t_shirt": "top", "pants": "bottom", "shorts": "bottom", "shoes": "shoes", "dress": "dress", "outerwear": "outer", "bag": "bag"}
POOL = concurrent.futures.ThreadPoolExecutor(16)
faiss.omp_set_num_threads(1)


class Connections:
    """One kept connection for each thread."""

    def __init__(self):
        import threading

        self.local = threading.local()

    def request(self, method, path, body=None, headers=None):
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = http.client.HTTPConnection(AWS.netloc)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer, answer.read()


connections = Connections()


def dynamodb(operation, **question):
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}", "content-type": "application/x-amz-json-1.0"}
    return json.loads(connections.request("POST", "/", json.dumps(question), headers)[1])


def query(table, **question):
    rows, start = [], None
    while True:
        more = {"ExclusiveStartKey": start} if start else {}
        page = dynamodb("Query", TableName=table, **question, **more)
        rows += page["Items"]
        start = page.get("LastEvaluatedKey")
        if not start:
            return rows


def read_object(key):
    head, _ = connections.request("HEAD", f"/{BUCKET}/{key}")
    if head.status != 200:
        return None
    length = int(head.headers["content-length"])

    def part(start):
        headers = {"range": f"bytes={start}-{min(start + PART, length) - 1}"}
        return connections.request("GET", f"/{BUCKET}/{key}", headers=headers)[1]

    return b"".join(POOL.map(part, range(0, length, PART)))


class Shelf:
    """What boutiques sell: a flat index for each slot."""

    def __init__(self):
        self.slots = {}
        vectors = read_object("peer/vectors.f32")
        if vectors is None:
            return
        vectors = np.frombuffer(vectors, np.float32).reshape(-1, DIM)
        items = json.loads(read_object("peer/items.json"))
        rows = {}
        for row, (_, _, slot, _) in enumerate(items):
            rows.setdefault(slot, []).append(row)
        for slot, own in rows.items():
            index = faiss.IndexFlatIP(DIM)
            index.add(vectors[own])
            self.slots[slot] = (index, [items[row] for row in own], vectors[own])

    def near(self, slot, vectors, count):
        if slot not in self.slots:
            return []
        index, items, own = self.slots[slot]
        _, found = index.search(vectors, count)
        return [(items[row], own[row]) for row in dict.fromkeys(found.ravel().tolist())]


shelf = Shelf()
wardrobes = {}


def wardrobe(user):
    values = {":owner": {"S": user}}
    state = query(TABLES["ITEMS"], IndexName="by_revision", KeyConditionExpression="owner_id = :owner", ExpressionAttributeValues=values)
    state = {row["item_id"]["S"]: row["revision"]["N"] for row in state}
    known = wardrobes.get(user)
    if known and known[0] == state:
        return known[1]
    both = [POOL.submit(query, TABLES[name], KeyConditionExpression="owner_id = :owner", ExpressionAttributeValues=values) for name in ("ITEMS", "EMBEDDINGS")]
    items, vectors = (read.result() for read in both)
    vectors = {row["item_id"]["S"]: np.frombuffer(base64.b64decode(row["vector"]["B"]), np.float32) for row in vectors}
    pieces = []
    for row in items:
        item, seen = row["item_id"]["S"], row["inferred"].get("M")
        if row["status"]["S"] != "ready" or seen is None or item not in vectors:
            continue
        color = seen["colors"]["L"][0]["M"]["hex"]["S"]
        pieces.append({"item": item, "slot": SLOTS.get(seen["category"]["S"], "accessory"), "vector": vectors[item], "color": rgb(color), "owner": None})
    wardrobes[user] = (state, pieces)
    return pieces


def rgb(text):
    return np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)], np.float32) / 255


def outfits(pieces, with_shelf):
    slots = {}
    for piece in pieces:
        slots.setdefault(piece["slot"], []).append(piece)
    tops, bottoms, shoes = slots.get("top", []), slots.get("bottom", []), slots.get("shoes", [])
    if with_shelf and tops:
        wanted = np.stack([piece["vector"] for piece in tops[:32]])
        for slot, into in (("bottom", bottoms), ("shoes", shoes), ("outer", slots.setdefault("outer", [])), ("bag", slots.setdefault("bag", []))):
            for (item, owner, _, color), vector in shelf.near(slot, wanted, 8)[:64]:
                into.append({"item": item, "slot": slot, "vector": vector, "color": rgb(color), "owner": owner})
    if not tops or not bottoms or not shoes:
        return []
    matrix = {name: np.stack([piece["vector"] for piece in own]) for name, own in (("top", tops), ("bottom", bottoms), ("shoes", shoes))}
    colors = {name: np.stack([piece["color"] for piece in own]) for name, own in (("top", tops), ("bottom", bottoms), ("shoes", shoes))}

    def fit(one, other):
        near = matrix[one] @ matrix[other].T
        apart = np.linalg.norm(colors[one][:, None] - colors[other][None], axis=2)
        return near + np.exp(-((apart - 0.6) ** 2))

    pairs = fit("top", "bottom")
    best = np.argsort(-pairs, axis=None)[:200]
    with_shoes = fit("top", "shoes"), fit("bottom", "shoes")
    pool = []
    for at in best:
        top, bottom = divmod(int(at), pairs.shape[1])
        scores = with_shoes[0][top] + with_shoes[1][bottom]
        shoe = int(np.argmax(scores))
        score = float(pairs[top, bottom] + scores[shoe]) / 3
        vector = matrix["top"][top] + matrix["bottom"][bottom] + matrix["shoes"][shoe]
        pool.append((score, [tops[top], bottoms[bottom], shoes[shoe]], vector / np.linalg.norm(vector)))
    pool = sorted(pool, key=lambda outfit: -outfit[0])[:30]
    chosen = []
    while pool and len(chosen) < 3:
        def gain(outfit):
            alike = [0.5 * float(outfit[2] @ other[2]) + 0.5 * len({p["item"] for p in outfit[1]} & {p["item"] for p in other[1]}) / 3 for other in chosen]
            return LAMBDA * outfit[0] - (1 - LAMBDA) * max(alike, default=0)

        pick = max(range(len(pool)), key=lambda at: gain(pool[at]))
        chosen.append(pool.pop(pick))
    # What is bought completes the look.
    bags = [piece for piece in slots.get("bag", []) if piece["owner"]]
    for _, own, vector in chosen:
        if bags:
            own.append(max(bags, key=lambda bag: float(bag["vector"] @ vector)))
    return chosen


def handler(event):
    user = event["requestContext"]["authorizer"]["lambda"]["user_id"]
    asked = event["queryStringParameters"]
    reads = [
        POOL.submit(dynamodb, "GetItem", TableName=TABLES["USERS"], Key={"id": {"S": user}}),
        POOL.submit(dynamodb, "GetItem", TableName=TABLES["STYLES"], Key={"user_id": {"S": user}}),
        POOL.submit(query, TABLES["SIGNALS"], KeyConditionExpression="user_id = :user", ExpressionAttributeValues={":user": {"S": user}}, Limit=500),
    ]
    pieces = wardrobe(user)
    for read in reads:
        read.result()
    chosen = outfits(pieces, asked.get("include_boutiques") == "true")
    sold = {(piece["owner"], piece["item"]) for _, own, _ in chosen for piece in own if piece["owner"]}
    if sold:
        keys = [{"owner_id": {"S": owner}, "item_id": {"S": item}} for owner, item in sold]
        dynamodb("BatchGetItem", RequestItems={TABLES["ITEMS"]: {"Keys": keys}})
    answer = [
        {
            "id": str(uuid.uuid4()),
            "items": [piece["item"] for piece in own],
            "score": score,
            "explain": ["colors go together", "pieces are alike in style"],
            "pieces": [{"item_id": piece["item"], "slot": piece["slot"], "owned": piece["owner"] is None} for piece in own],
        }
        for score, own, _ in chosen
    ]
    dynamodb("PutItem", TableName=TABLES["SHOWINGS"], Item={"day": {"S": "today"}, "shown": {"S": json.dumps(answer)}})
    body = {"recommendations": answer, "context": {"temp_c": float(asked["temp_c"]), "condition": asked["condition"]}}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def main():
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    path = "/2018-06-01/runtime/invocation"
    while True:
        runtime.request("GET", f"{path}/next")
        answer = runtime.getresponse()
        event = json.loads(answer.read())
        reply = json.dumps(handler(event))
        runtime.request("POST", f"{path}/{answer.headers['lambda-runtime-aws-request-id']}/response", reply)
        runtime.getresponse().read()


main()
