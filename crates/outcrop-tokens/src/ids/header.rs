//! The Python literal in the header of a `.npy` file, such as
//! `{'descr': '<u2', 'fortran_order': False, 'shape': (10, 2048), }`.

/// What the header says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Header {
    pub(super) descr: String,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<u64>,
}

/// Reads the literal; the error is the reason, in words.
pub(super) fn parse(text: &str) -> Result<Header, String> {
    let mut reader = Reader { rest: text };
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    reader.expect('{')?;
    while !reader.take('}') {
        let key = reader.string()?;
        reader.expect(':')?;
        let known = match key {
            "descr" => descr.replace(reader.descr()?).is_none(),
            "fortran_order" => fortran_order.replace(reader.boolean()?).is_none(),
            "shape" => shape.replace(reader.tuple()?).is_none(),
            _ => false,
        };
        if !known {
            let shown: String = key.chars().take(20).collect();
            return Err(format!(
                "its header has an unknown or repeated key {shown:?}"
            ));
        }
        if !reader.take(',') {
            reader.expect('}')?;
            break;
        }
    }
    if !reader.rest.trim().is_empty() {
        return Err("its header continues after its dict".into());
    }
    let missing = |key: &str| format!("its header has no {key:?}");
    Ok(Header {
        descr: descr.ok_or_else(|| missing("descr"))?,
        fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
        shape: shape.ok_or_else(|| missing("shape"))?,
    })
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, c: char) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.strip_prefix(c);
        self.rest = found.unwrap_or(rest);
        found.is_some()
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        match self.take(c) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("{c:?}"))),
        }
    }

    fn unexpected(&self, expected: &str) -> String {
        let shown: String = self.rest.chars().take(20).collect();
        format!("its header has {shown:?} where {expected} is expected")
    }

    fn string(&mut self) -> Result<&'a str, String> {
        let quote = match (self.take('\''), self.rest) {
            (true, _) => '\'',
            _ if self.take('"') => '"',
            _ => return Err(self.unexpected("a string")),
        };
        let (string, rest) = self
            .rest
            .split_once(quote)
            .ok_or("a string in its header does not end")?;
        self.rest = rest;
        Ok(string)
    }

    fn descr(&mut self) -> Result<String, String> {
        match self.take('[') {
            true => Err("its dtype has fields; save one of them alone".into()),
            false => self.string().map(str::to_owned),
        }
    }

    fn boolean(&mut self) -> Result<bool, String> {
        self.rest = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(self.unexpected("True or False"))
    }

    fn tuple(&mut self) -> Result<Vec<u64>, String> {
        self.expect('(')?;
        let mut sizes = Vec::new();
        while !self.take(')') {
            sizes.push(self.number()?);
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(sizes)
    }

    fn number(&mut self) -> Result<u64, String> {
        let rest = self.rest.trim_start();
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let number = rest[..end].parse();
        let number = number.map_err(|_| self.unexpected("a size"))?;
        self.rest = &rest[end..];
        Ok(number)
    }
}
