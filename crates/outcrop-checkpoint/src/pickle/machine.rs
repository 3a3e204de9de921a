use std::collections::HashMap;
use std::num::{IntErrorKind, ParseIntError};

use super::cursor::Cursor;
use super::names::Global;
use super::value::{Id, Value};
use super::{Refusal, Result};

/// Values and copied elements that a pickle may make: a hundred times what the largest published
/// models need.
const MAX_VALUES: usize = 4_000_000;

/// Values that are made once.
const NONE: Id = 0;
const EMPTY_TUPLE: Id = 1;
pub(super) const IGNORED: Id = 2;
const FALSE: Id = 3;
const TRUE: Id = 4;

/// What only protocol 0 has: lines of text, numbers and names of the memo, and storages as words.
const PROTOCOL_0: &[u8] = b"pgVSFP";

/// The stack machine of the pickle protocols 1 to 5, as Python's `pickletools` describes it, without
/// the operations that only code needs.
pub(crate) struct Machine<'a> {
    cursor: Cursor<'a>,
    values: Vec<Value>,
    charged: usize,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    /// For the pickle with which `bytes` begin.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let values = vec![
            Value::None,
            Value::Tuple(Vec::new()),
            Value::Ignored,
            Value::Bool(false),
            Value::Bool(true),
        ];
        Self {
            cursor: Cursor::new(bytes),
            values,
            charged: 0,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        }
    }

    /// Runs to the end and returns the value that is left.
    pub(crate) fn run(&mut self) -> Result<Id> {
        loop {
            let at = self.cursor.at;
            match self.cursor.byte()? {
                b'.' => return self.pop(),
                op => self.step(op, at)?,
            }
        }
    }

    /// How many bytes the pickle has, when it was run.
    pub(crate) fn read(&self) -> usize {
        self.cursor.at
    }

    /// The length of what was given.
    pub(super) fn bytes(&self) -> usize {
        self.cursor.len()
    }

    pub(super) fn value(&self, id: Id) -> &Value {
        &self.values[id as usize]
    }

    /// Every value that was made.
    pub(super) fn all(&self) -> &[Value] {
        &self.values
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
        let limit = MAX_VALUES.min(self.bytes());
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
            _ => Err(self.cursor.broken("takes a value from an empty stack")),
        }
    }

    fn top(&self) -> Result<Id> {
        let empty = || self.cursor.broken("reads an empty stack");
        self.stack.last().copied().ok_or_else(empty)
    }

    /// What was pushed since the last mark.
    fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let missing = self.cursor.broken("needs a mark that is missing");
        let mark = self.marks.pop().ok_or(missing)?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn step(&mut self, op: u8, at: usize) -> Result<()> {
        match op {
            0x80 => self.cursor.take(1).map(|_| ()),
            0x95 => self.cursor.take(8).map(|_| ()),
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
            b'h' => self.cursor.number(1).and_then(|key| self.get(key)),
            b'j' => self.cursor.number(4).and_then(|key| self.get(key)),
            b'N' | 0x88 | 0x89 | b')' | 0x8f => {
                self.stack.push(match op {
                    b'N' => NONE,
                    b')' => EMPTY_TUPLE,
                    0x88 => TRUE,
                    0x89 => FALSE,
                    _ => IGNORED,
                });
                Ok(())
            }
            b'K' | b'M' | b'J' | 0x8a => self.integer(op),
            b'I' | b'L' => self.number(op),
            b'X' | 0x8c | 0x8d | b'U' | b'T' => self.string(op),
            b'G' => {
                let bits = self.cursor.take(8)?.iter();
                let bits = bits.fold(0, |bits, byte| bits << 8 | u64::from(*byte));
                self.push(Value::Float(f64::from_bits(bits)))
            }
            b'C' | b'B' | 0x8b | 0x8e | 0x96 => self.skip(op),
            b']' => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            0x85..=0x87 | b't' | b'l' | b'd' | 0x91 => self.collect(op),
            b'a' | b'e' | b's' | b'u' | 0x90 => self.extend(op),
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
            _ if PROTOCOL_0.contains(&op) => Err(Refusal::other(
                "it is of pickle protocol 0, in which `torch.save` writes what `torch.load` cannot read either; \
                 save it again where it was made, without `pickle_protocol`",
            )),
            _ => Err(Refusal::Other(format!(
                "its pickle has the operation {op:#04x} at byte {at}, which no tensor needs"
            ))),
        }
    }

    fn put(&mut self, op: u8) -> Result<()> {
        let key = match op {
            b'q' => self.cursor.number(1)? as u32,
            b'r' => self.cursor.number(4)? as u32,
            _ => self.memo.len() as u32,
        };
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn get(&mut self, key: u64) -> Result<()> {
        let missing = || self.cursor.broken("reads a memo that was not written");
        let id = *self.memo.get(&(key as u32)).ok_or_else(missing)?;
        self.stack.push(id);
        Ok(())
    }

    fn integer(&mut self, op: u8) -> Result<()> {
        let int = match op {
            b'K' => self.cursor.number(1)? as i64,
            b'M' => self.cursor.number(2)? as i64,
            b'J' => i64::from(self.cursor.number(4)? as u32 as i32),
            _ => match self.cursor.signed()? {
                Some(int) => int,
                None => {
                    self.stack.push(IGNORED);
                    return Ok(());
                }
            },
        };
        self.push(Value::Int(int))
    }

    /// A number in a line of its own, or a truth value, as protocol 1 writes them.
    fn number(&mut self, op: u8) -> Result<()> {
        let line = self.cursor.line()?;
        let digits = match op {
            b'L' => line.strip_suffix('L').unwrap_or(line),
            _ => line,
        };
        let number = digits.parse::<i64>();
        match (digits, number) {
            ("00", _) => self.stack.push(FALSE),
            ("01", _) => self.stack.push(TRUE),
            (_, Ok(number)) => return self.push(Value::Int(number)),
            // longer than any size of a tensor
            (_, Err(reason)) if is_overflow(&reason) => self.stack.push(IGNORED),
            _ => return Err(self.cursor.broken("has an invalid number")),
        }
        Ok(())
    }

    fn string(&mut self, op: u8) -> Result<()> {
        let bytes = match op {
            0x8c | b'U' => self.cursor.counted(1)?,
            0x8d => self.cursor.counted(8)?,
            _ => self.cursor.counted(4)?,
        };
        match std::str::from_utf8(bytes) {
            Ok(text) => self.push(Value::Text(text.into())),
            // bytes, as Python 2 wrote them, or half a surrogate: no name of a tensor
            Err(_) => {
                self.stack.push(IGNORED);
                Ok(())
            }
        }
    }

    /// Numbers and bytes that no tensor needs.
    fn skip(&mut self, op: u8) -> Result<()> {
        match op {
            b'C' => self.cursor.counted(1)?,
            b'B' | 0x8b => self.cursor.counted(4)?,
            _ => self.cursor.counted(8)?,
        };
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
            // a frozen set
            0x91 => Value::Ignored,
            _ => Value::Tuple(ids),
        };
        self.push(value)
    }

    fn pairs(&self, ids: Vec<Id>) -> Result<Vec<(Id, Id)>> {
        if ids.len() % 2 == 1 {
            return Err(self.cursor.broken("has a key without a value"));
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
        let misfit = self
            .cursor
            .broken("adds to something that is neither a list, a dict nor a set");
        if matches!(op, b's' | b'u') {
            let pairs = self.pairs(ids)?;
            match &mut self.values[target] {
                Value::Dict(members) => members.extend(pairs),
                _ => return Err(misfit),
            }
        } else {
            match (&mut self.values[target], op) {
                (Value::List(items), b'a' | b'e') => items.extend(ids),
                // a set, or a queue
                (Value::Ignored, _) => {}
                _ => return Err(misfit),
            }
        }
        Ok(())
    }

    fn global(&mut self, op: u8) -> Result<()> {
        let (module, name) = match op {
            b'c' => {
                let (module, name) = (self.cursor.line()?, self.cursor.line()?);
                if let Some(known) = Global::named(module, name) {
                    return self.push(Value::Global(known));
                }
                let module = self.add(Value::Text(module.into()))?;
                (module, self.add(Value::Text(name.into()))?)
            }
            _ => {
                let (name, module) = (self.pop()?, self.pop()?);
                (module, name)
            }
        };
        let (Value::Text(of), Value::Text(called)) = (self.value(module), self.value(name)) else {
            return Err(self.cursor.broken("asks for a name that is no text"));
        };
        self.push(match Global::named(of, called) {
            Some(known) => Value::Global(known),
            None => Value::Unknown(module, name),
        })
    }

    /// The attributes that a value is given carry no weights; those of known classes are kept.
    fn build(&mut self) -> Result<()> {
        let state = self.pop()?;
        let top = self.top()?;
        match &mut self.values[top as usize] {
            Value::Object(_, held) => {
                *held = Some(state);
                Ok(())
            }
            Value::Dict(_) | Value::Tensor(_) | Value::Odd(_) | Value::Ignored => Ok(()),
            _ => Err(self.cursor.broken("gives attributes to what has none")),
        }
    }
}

fn is_overflow(reason: &ParseIntError) -> bool {
    matches!(
        reason.kind(),
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow
    )
}
