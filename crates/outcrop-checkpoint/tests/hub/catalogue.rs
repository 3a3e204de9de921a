//! What a server may do to a client.

use outcrop_core::sha256_hex;

use crate::server::reply;

/// Which of the three requests of a fetch it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The commit and the files of a revision.
    List,
    /// What the hub says of the weights.
    Head,
    /// The weights.
    Content,
}

/// A request.
pub(crate) struct Ask<'a> {
    pub(crate) kind: Kind,
    /// How many of its kind there were before.
    pub(crate) n: usize,
    /// The first byte that is asked for.
    pub(crate) from: usize,
    /// What an honest server answers.
    pub(crate) good: &'a [u8],
    /// The weights.
    pub(crate) whole: &'a [u8],
    pub(crate) endpoint: &'a str,
}

/// What the server does.
pub(crate) enum Deed {
    Send(Vec<u8>),
    /// Sends it and resets the connection.
    Reset(Vec<u8>),
    /// Byte by byte.
    Drip(Vec<u8>),
    /// These again and again, after the first.
    Endless(Vec<u8>, &'static [u8]),
    /// Nothing for ever.
    Stall,
}

/// What must come of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Must {
    Fetch,
    /// After waiting so many seconds.
    FetchAfter(f64),
    /// With these words, after trying again.
    Refuse(&'static str),
    /// With these words, without trying again.
    RefuseAtOnce(&'static str),
}

/// One entry: its name, what the server does, what must come out.
pub(crate) struct Behaviour {
    pub(crate) name: &'static str,
    /// Seconds that pass at each look at the clock.
    pub(crate) tick: u64,
    pub(crate) act: fn(&Ask<'_>) -> Option<Deed>,
    pub(crate) must: Must,
}

const fn new(name: &'static str, act: fn(&Ask<'_>) -> Option<Deed>, must: Must) -> Behaviour {
    let tick = 0;
    Behaviour {
        name,
        tick,
        act,
        must,
    }
}

const GIVEN_UP: Must = Must::Refuse("tried 6 times");

#[rustfmt::skip]
pub(crate) const CATALOGUE: [Behaviour; 38] = [
    new("cuts the file short, then answers 416", |ask| content(ask, |ask| match ask.from {
        0 => cut(ask, 1000),
        _ => send(416, &[], b""),
    }), GIVEN_UP),
    new("sends 10 bytes an attempt", |ask| content(ask, |ask| cut(ask, 10)), GIVEN_UP),
    new("goes on with another range", |ask| broken(ask, |ask| {
        part(ask, 206, &format!("bytes 0-{}/{}", ask.whole.len() - 1, ask.whole.len()))
    }), Must::Fetch),
    new("goes on with another total", |ask| broken(ask, |ask| {
        part(ask, 206, &format!("bytes {}-{}/{}", ask.from, ask.whole.len() - 1, 7))
    }), Must::Fetch),
    new("answers a range with the whole", |ask| broken(ask, |ask| send(200, &[], ask.whole)), Must::Fetch),
    new("announces a longer body than it sends", |ask| content(ask, |ask| {
        lied(ask, ask.whole.len() - ask.from + 1000)
    }), Must::Fetch),
    new("announces a shorter body than it sends", |ask| content(ask, |ask| lied(ask, 100)), GIVEN_UP),
    new("sends more than it announced", |ask| content(ask, |ask| {
        send(200, &[], &[ask.whole, b"more"].concat())
    }), GIVEN_UP),
    new("sends without an end and tells no size", |ask| match ask.kind {
        Kind::Head => without(ask, "X-Linked-Size"),
        Kind::Content => Some(Deed::Endless(b"HTTP/1.1 200 X\r\n\r\n".to_vec(), &[7; 1 << 14])),
        Kind::List => None,
    }, Must::RefuseAtOnce("raise it")),
    new("tells no size and ends well", |ask| match ask.kind {
        Kind::Head => without(ask, "X-Linked-Size"),
        Kind::Content => without(ask, "Content-Length"),
        Kind::List => None,
    }, Must::Fetch),
    new("tells neither size nor hash", |ask| match ask.kind {
        Kind::Head => Some(Deed::Send(reply(302, &[
            format!("Location: /cdn/{:040x}/model.safetensors", 3), "X-Linked-Etag: \"opaque\"".into(),
        ], b""))),
        Kind::Content => without(ask, "Content-Length"),
        Kind::List => None,
    }, Must::RefuseAtOnce("whether it is complete")),
    Behaviour { tick: 30, ..new("sends a byte now and then", |ask| {
        content(ask, |ask| Some(Deed::Drip(ask.good.to_vec())))
    }, Must::Refuse("crawls")) },
    new("sends another content", |ask| content(ask, flipped), Must::Refuse("announced was")),
    new("sends another content once", |ask| first(ask, Kind::Content, flipped), Must::Fetch),
    new("announces another hash at each request", |ask| head(ask, |ask| {
        linked(ask, &sha256_hex(ask.n.to_string().as_bytes()))
    }), Must::Refuse("announced was")),
    new("announces its hash in upper case", |ask| head(ask, |ask| {
        linked(ask, &sha256_hex(ask.whole).to_uppercase())
    }), Must::Fetch),
    new("announces a hash that is a path", |ask| head(ask, |ask| linked(ask, "../../../evil")),
        Must::RefuseAtOnce("can be no file's name")),
    new("is busy for 7 seconds", |ask| first(ask, Kind::List, |_| {
        send(429, &["Retry-After: 7".into()], b"")
    }), Must::FetchAfter(7.0)),
    new("is busy until a date", |ask| first(ask, Kind::Head, |_| send(429, &[
        "Date: Sun, 06 Nov 1994 08:49:37 GMT".into(),
        "Retry-After: Sun, 06 Nov 1994 08:50:07 GMT".into(),
    ], b"")), Must::FetchAfter(30.0)),
    new("is busy for 31 years", |ask| first(ask, Kind::Content, |_| {
        send(429, &["Retry-After: 999999999".into()], b"")
    }), Must::RefuseAtOnce("fetch again later")),
    new("is busy for nobody knows how long", |ask| first(ask, Kind::List, |_| {
        send(429, &["Retry-After: soon".into()], b"")
    }), Must::Fetch),
    new("is unavailable three times, each request", |ask| (ask.n < 3).then(|| deed(503)), Must::Fetch),
    new("is unavailable", |_| Some(deed(503)), GIVEN_UP),
    new("has gateways that fail in turn", |ask| content(ask, |ask| {
        Some(deed(*[408, 500, 502, 504].get(ask.n)?))
    }), Must::Fetch),
    new("forbids", |ask| head(ask, |_| Some(deed(403))), Must::RefuseAtOnce("403")),
    new("sends a page in place of the list", |ask| list(ask, |_| {
        send(200, &[], b"<html>please log in</html>")
    }), Must::RefuseAtOnce("<html>")),
    new("sends a page in place of the weights", |ask| content(ask, |_| {
        send(200, &[], b"<html>please log in</html>")
    }), GIVEN_UP),
    new("sends the weights round in circles", |ask| content(ask, |_| {
        send(302, &["Location: /cdn/x/model.safetensors".into()], b"")
    }), Must::RefuseAtOnce("redirects")),
    new("sends the question round in circles", |ask| head(ask, |_| {
        send(307, &["Location: /org/model/resolve/x/model.safetensors".into()], b"")
    }), Must::RefuseAtOnce("on and on")),
    new("sends on to another host", |ask| first(ask, Kind::Content, |ask| {
        let other = ask.endpoint.replace("127.0.0.1", "localhost");
        send(302, &[format!("Location: {other}/cdn/{:040x}/model.safetensors", 3)], b"")
    }), Must::Fetch),
    new("sends nothing for the weights", |ask| content(ask, |_| send(200, &[], b"")), GIVEN_UP),
    new("cuts the list short", |ask| list(ask, |ask| send(200, &[], &body(ask)[..30])), GIVEN_UP),
    new("lists files twice, above the folder and from the root", |ask| list(ask, |_| {
        let names = ["config.json", "model.safetensors", "model.safetensors", "../../evil", "/evil", ""];
        let names = names.map(|n| format!("{{\"rfilename\":{n:?}}}")).join(",");
        send(200, &[], format!("{{\"sha\":\"{:040x}\",\"siblings\":[{names}]}}", 3).as_bytes())
    }), Must::Fetch),
    new("lists without an end", |ask| list(ask, |_| Some(Deed::Endless(
        b"HTTP/1.1 200 X\r\n\r\n{\"sha\":\"0\",\"siblings\":[".to_vec(), &[b' '; 1 << 16],
    ))), Must::RefuseAtOnce("50000000")),
    new("packs what was to come as it is", |ask| content(ask, |_| {
        send(200, &["Content-Encoding: gzip".into()], &[0x1f, 0x8b, 8, 0])
    }), Must::RefuseAtOnce("packed")),
    new("resets the first connection of each request, and one amid the weights", |ask| match ask.n {
        0 => Some(Deed::Reset(Vec::new())),
        1 if ask.kind == Kind::Content => Some(Deed::Reset(ask.good[..1500].to_vec())),
        _ => None,
    }, Must::Fetch),
    new("resets every connection", |_| Some(Deed::Reset(Vec::new())), GIVEN_UP),
    new("never answers", |_| Some(Deed::Stall), GIVEN_UP),
];

/// At one kind of request.
fn list(ask: &Ask<'_>, act: fn(&Ask<'_>) -> Option<Deed>) -> Option<Deed> {
    (ask.kind == Kind::List).then(|| act(ask)).flatten()
}

fn head(ask: &Ask<'_>, act: fn(&Ask<'_>) -> Option<Deed>) -> Option<Deed> {
    (ask.kind == Kind::Head).then(|| act(ask)).flatten()
}

fn content(ask: &Ask<'_>, act: fn(&Ask<'_>) -> Option<Deed>) -> Option<Deed> {
    (ask.kind == Kind::Content).then(|| act(ask)).flatten()
}

/// At the first request of a kind.
fn first(ask: &Ask<'_>, kind: Kind, act: fn(&Ask<'_>) -> Option<Deed>) -> Option<Deed> {
    (ask.kind == kind && ask.n == 0).then(|| act(ask)).flatten()
}

/// The first content breaks off; `act` where the client wants to go on.
fn broken(ask: &Ask<'_>, act: fn(&Ask<'_>) -> Option<Deed>) -> Option<Deed> {
    match (ask.kind, ask.n, ask.from) {
        (Kind::Content, 0, _) => cut(ask, 1000),
        (Kind::Content, _, 1..) => act(ask),
        _ => None,
    }
}

fn deed(status: u16) -> Deed {
    Deed::Send(reply(status, &[], b""))
}

fn send(status: u16, headers: &[String], body: &[u8]) -> Option<Deed> {
    Some(Deed::Send(reply(status, headers, body)))
}

/// The honest answer but for all of its body beyond some bytes.
fn cut(ask: &Ask<'_>, bytes: usize) -> Option<Deed> {
    let head = ask.good.len() - body(ask).len();
    Some(Deed::Send(ask.good[..head + bytes].to_vec()))
}

fn body<'a>(ask: &Ask<'a>) -> &'a [u8] {
    let end = ask.good.windows(4).position(|w| w == b"\r\n\r\n");
    &ask.good[end.unwrap() + 4..]
}

/// The rest, under a range that may be another.
fn part(ask: &Ask<'_>, status: u16, range: &str) -> Option<Deed> {
    send(status, &[format!("Content-Range: {range}")], body(ask))
}

/// The honest answer with another `Content-Length`.
fn lied(ask: &Ask<'_>, length: usize) -> Option<Deed> {
    let good = String::from_utf8_lossy(&ask.good[..ask.good.len() - body(ask).len()]).into_owned();
    let line = format!("Content-Length: {}\r\n", body(ask).len());
    let head = good.replace(&line, &format!("Content-Length: {length}\r\n"));
    Some(Deed::Send([head.as_bytes(), body(ask)].concat()))
}

/// The honest answer without a header.
fn without(ask: &Ask<'_>, name: &str) -> Option<Deed> {
    let (head, body) = ask.good.split_at(ask.good.len() - body(ask).len());
    let head = String::from_utf8_lossy(head);
    let lines = head
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with(name));
    Some(Deed::Send(
        [lines.collect::<String>().as_bytes(), body].concat(),
    ))
}

fn flipped(ask: &Ask<'_>) -> Option<Deed> {
    let mut bytes = ask.good.to_vec();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    Some(Deed::Send(bytes))
}

/// What the hub says of the weights, under another hash.
fn linked(ask: &Ask<'_>, etag: &str) -> Option<Deed> {
    let headers = [
        format!("Location: /cdn/{:040x}/model.safetensors", 3),
        format!("X-Linked-Etag: \"{etag}\""),
        format!("X-Linked-Size: {}", ask.whole.len()),
    ];
    send(302, &headers, b"")
}
