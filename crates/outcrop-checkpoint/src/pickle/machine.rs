use std::collections::HashMap;

use super::value::{Global, Id, Value};
use super::{Refusal, Result};

/// Values and copied elements that a pickle may make: a hundred times what the largest published
/// models need.
const MAX_VALUES: usize = 4_000_000;

/// Values that are made once.
const NONE: Id = 0;
const EMPTY_TUPLE: Id = 1;
pub(super) const IGNORED: Id = 2;

/// The stack machine of the pickle protocols 0 to 5, as Python's `pickletools` describes it, without
/// the operations that only code needs.
pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    charged: usize,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let values = vec![Value::None, Value::Tuple(Vec::new()), Value::Ignored];
        Self {
            bytes,
            at: 0,
            values,
            charged: 0,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        }
    }

    /// Runs to the end and returns the value that is left.
    pub(super) fn run(&mut self) -> Result<Id> {
        loop {
            let at = self.at;
            match self.byte()? {
                b'.' => return self.pop(),
                op => self.step(op, at)?,
            }
        }
    }

    /// The length of the pickle.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn value(&self, id: Id) -> &Value {
        &self.values[id as usize]
    }

    pub(super) fn values(&self, ids: &[Id]) -> Vec<&Value> {
        ids.iter().map(|id| self.value(*id)).collect()
    }

    pub(super) fn tuple(&self, id: Id, what: &str) -> Result<&[Id]> {
        match self.value(id) {
            Value::Tuple(ids) => Ok(ids),
            _ => Err(Refusal::Other(format!("{what} is no tuple"))),
        }
    }

    /// Counts `n` elements against the limit. Every value takes an operation of a byte, and what
    /// is made of values made before takes a few: no pickle makes more than it has bytes.
    pub(super) fn charge(&mut self, n: usize) -> Result<()> {
        self.charged += n;
        let limit = MAX_VALUES.min(self.bytes.len());
        if self.charged > limit {
            let reason = format!("its pickle makes more than {limit} values");
            return Err(Refusal::Other(reason));
        }
        Ok(())
    }

    pub(super) fn add(&mut self, value: Value) -> Result<Id> {
        self.charge(1)?;
        self.values.push(value);
        Ok((self.values.len() - 1) as Id)
    }

    fn push(&mut self, value: Value) -> Result<()> {
        let id = self.add(value)?;
        self.stack.push(id);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.pop() {
            Some(id) if self.stack.len() >= floor => Ok(id),
            _ => Err(self.broken("takes a value from an empty stack")),
        }
    }

    fn top(&self) -> Result<Id> {
        let empty = || self.broken("reads an empty stack");
        self.stack.last().copied().ok_or_else(empty)
    }

    /// What was pushed since the last mark.
    fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let missing = self.broken("looks for a mark that is not there");
        let mark = self.marks.pop().ok_or(missing)?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn broken(&self, what: &str) -> Refusal {
        Refusal::Other(format!("its pickle {what}, before byte {}", self.at))
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(n).filter(|e| *e <= self.bytes.len());
        let end = end.ok_or_else(|| self.broken("ends in the middle"))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    /// An unsigned little-endian number of `n` bytes, at most 8.
    fn number(&mut self, n: usize) -> Result<u64> {
        let bytes = self.take(n)?.iter().rev();
        Ok(bytes.fold(0, |number, b| number << 8 | u64::from(*b)))
    }

    fn length(&mut self, n: usize) -> Result<usize> {
        let length = self.number(n)?;
        usize::try_from(length).map_err(|_| self.broken("claims a length beyond its end"))
    }

    fn line(&mut self) -> Result<&'a str> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| *b == b'\n');
        let line = self.take(length.ok_or_else(|| self.broken("ends in a line"))?)?;
        self.at += 1;
        self.text(line)
    }

    fn text(&self, bytes: &'a [u8]) -> Result<&'a str> {
        std::str::from_utf8(bytes).map_err(|_| self.broken("holds text that is no UTF-8"))
    }

    fn step(&mut self, op: u8, at: usize) -> Result<()> {
        match op {
            0x80 => self.take(1).map(|_| ()),
            0x95 => self.take(8).map(|_| ()),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(|_| ()),
            b'1' => self.pop_mark().map(|_| ()),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            b'q' | b'r' | 0x94 => self.put(op),
            b'h' => self.number(1).and_then(|key| self.get(key)),
            b'j' => self.number(4).and_then(|key| self.get(key)),
            b'N' | 0x88 | 0x89 | b')' => {
                self.stack.push(match op {
                    b'N' => NONE,
                    b')' => EMPTY_TUPLE,
                    _ => IGNORED,
                });
                Ok(())
            }
            b'K' | b'M' | b'J' | 0x8a | b'G' => self.literal(op),
            b'X' | 0x8c | 0x8d | b'U' | b'T' => self.string(op),
            b'C' | b'B' | 0x8e => self.skip_bytes(op),
            b']' => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            0x85..=0x87 | b't' | b'l' | b'd' => self.collect(op),
            b'a' | b'e' | b's' | b'u' => self.extend(op),
            b'c' | 0x93 => self.global(op),
            b'Q' => {
                let id = self.pop()?;
                let storage = self.storage(id)?;
                self.push(storage)
            }
            b'R' | 0x81 => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let made = self.call(function, arguments)?;
                self.stack.push(made);
                Ok(())
            }
            b'b' => self.build(),
            _ => Err(Refusal::Other(format!(
                "its pickle has the operation {op:#04x} at byte {at}, which no tensor needs"
            ))),
        }
    }

    fn put(&mut self, op: u8) -> Result<()> {
        let key = match op {
            b'q' => self.number(1)? as u32,
            b'r' => self.number(4)? as u32,
            _ => self.memo.len() as u32,
        };
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn get(&mut self, key: u64) -> Result<()> {
        let missing = || self.broken("reads a memo that was not written");
        let id = *self.memo.get(&(key as u32)).ok_or_else(missing)?;
        self.stack.push(id);
        Ok(())
    }

    fn literal(&mut self, op: u8) -> Result<()> {
        let int = match op {
            b'K' => self.number(1)? as i64,
            b'M' => self.number(2)? as i64,
            b'J' => i64::from(self.number(4)? as u32 as i32),
            0x8a => match self.length(1)? {
                0 => 0,
                n @ 1..=8 => {
                    let unused = 64 - 8 * n as u32;
                    (self.number(n)? << unused) as i64 >> unused
                }
                n => {
                    self.take(n)?;
                    self.stack.push(IGNORED);
                    return Ok(());
                }
            },
            _ => {
                self.take(8)?;
                self.stack.push(IGNORED);
                return Ok(());
            }
        };
        self.push(Value::Int(int))
    }

    fn string(&mut self, op: u8) -> Result<()> {
        let length = match op {
            0x8c | b'U' => self.length(1)?,
            0x8d => self.length(8)?,
            _ => self.length(4)?,
        };
        let bytes = self.take(length)?;
        let text = self.text(bytes)?;
        self.push(Value::Text(text.into()))
    }

    fn skip_bytes(&mut self, op: u8) -> Result<()> {
        let length = match op {
            b'C' => self.length(1)?,
            b'B' => self.length(4)?,
            _ => self.length(8)?,
        };
        self.take(length)?;
        self.stack.push(IGNORED);
        Ok(())
    }

    fn collect(&mut self, op: u8) -> Result<()> {
        let ids = match op {
            0x85..=0x87 => {
                let mut ids = vec![NONE; usize::from(op - 0x84)];
                for id in ids.iter_mut().rev() {
                    *id = self.pop()?;
                }
                ids
            }
            _ => self.pop_mark()?,
        };
        let value = match op {
            b'l' => Value::List(ids),
            b'd' => Value::Dict(self.pairs(ids)?),
            _ => Value::Tuple(ids),
        };
        self.push(value)
    }

    fn pairs(&self, ids: Vec<Id>) -> Result<Vec<(Id, Id)>> {
        if ids.len() % 2 == 1 {
            return Err(self.broken("has a key without a value"));
        }
        Ok(ids.chunks(2).map(|pair| (pair[0], pair[1])).collect())
    }

    fn extend(&mut self, op: u8) -> Result<()> {
        let ids = match op {
            b'a' => vec![self.pop()?],
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.pop_mark()?,
        };
        let target = self.top()? as usize;
        let misfit = self.broken("adds to what is neither a list nor a dict");
        if matches!(op, b's' | b'u') {
            let pairs = self.pairs(ids)?;
            match &mut self.values[target] {
                Value::Dict(members) => members.extend(pairs),
                _ => return Err(misfit),
            }
        } else {
            match &mut self.values[target] {
                Value::List(items) => items.extend(ids),
                _ => return Err(misfit),
            }
        }
        Ok(())
    }

    fn global(&mut self, op: u8) -> Result<()> {
        let (module, name) = match op {
            b'c' => (self.line()?.to_owned(), self.line()?.to_owned()),
            _ => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.value(module), self.value(name)) {
                    (Value::Text(module), Value::Text(name)) => (module.clone(), name.clone()),
                    _ => return Err(self.broken("asks for a name that is no text")),
                }
            }
        };
        match Global::named(&module, &name) {
            Some(global) => self.push(Value::Global(global)),
            None => Err(Refusal::Global(format!("{module}.{name}"))),
        }
    }

    /// The attributes that a dict or parameter is given carry no weights.
    fn build(&mut self) -> Result<()> {
        self.pop()?;
        match self.value(self.top()?) {
            Value::Dict(_) | Value::Tensor(_) => Ok(()),
            _ => Err(self.broken("gives attributes to what is neither a dict nor a tensor")),
        }
    }
}
