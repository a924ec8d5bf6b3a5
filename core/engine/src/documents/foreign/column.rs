//! Readers for Automerge's columns that believe nothing: they never allocate by a claimed length and
//! take at most one step per row asked for. They know the encodings, not what a column means.

use super::ForeignBytes;

type Read<T> = Result<T, ForeignBytes>;

/// Bytes read from the front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(ForeignBytes::Truncated)?;
        self.0 = tail;
        Ok(head)
    }

    /// Takes as many bytes as a claimed length says, if they are there.
    pub(super) fn take_claimed(&mut self, claimed: u64) -> Read<&'a [u8]> {
        self.take(usize::try_from(claimed).map_err(|_| ForeignBytes::Truncated)?)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let taken = self.take(N)?;
        let mut array = [0; N];
        array.copy_from_slice(taken);
        Ok(array)
    }

    pub(super) fn byte(&mut self) -> Read<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// An unsigned LEB128 number in its shortest form.
    pub(super) fn unsigned(&mut self) -> Read<u64> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    break;
                }
                return Ok(value);
            }
        }
        Err(ForeignBytes::Malformed("a number is not in its shortest form"))
    }

    /// A signed LEB128 number in its shortest form.
    pub(super) fn signed(&mut self) -> Read<i64> {
        let mut value = 0_i64;
        let mut before = 0_u8;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte != 0 && byte != 0x7f {
                break;
            }
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let sign_only =
                    (byte == 0 && before & 0x40 == 0) || (byte == 0x7f && before & 0x40 != 0);
                if shift > 0 && sign_only {
                    break;
                }
                if shift < 57 && byte & 0x40 != 0 {
                    value |= -1 << (shift + 7);
                }
                return Ok(value);
            }
            before = byte;
        }
        Err(ForeignBytes::Malformed("a number is not in its shortest form"))
    }
}

/// What one cell of a run-length column can hold.
pub(super) trait Cell<'a>: Copy {
    fn read(bytes: &mut Bytes<'a>) -> Read<Self>;
}

impl<'a> Cell<'a> for u64 {
    fn read(bytes: &mut Bytes<'a>) -> Read<Self> {
        bytes.unsigned()
    }
}

impl<'a> Cell<'a> for i64 {
    fn read(bytes: &mut Bytes<'a>) -> Read<Self> {
        bytes.signed()
    }
}

impl<'a> Cell<'a> for &'a str {
    fn read(bytes: &mut Bytes<'a>) -> Read<Self> {
        let len = bytes.unsigned()?;
        std::str::from_utf8(bytes.take_claimed(len)?)
            .map_err(|_| ForeignBytes::Malformed("a text is not UTF-8"))
    }
}

#[derive(Debug, Clone, Copy)]
enum Run<V> {
    /// The same cell again and again; `None` is null.
    Same(Option<V>),
    /// Cells one after the other.
    Each,
}

/// A run-length column. An absent column stands for as many nulls as are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Runs<'a, V> {
    bytes: Bytes<'a>,
    run: Run<V>,
    left: u64,
    absent: bool,
}

impl<'a, V: Cell<'a>> Runs<'a, V> {
    pub(super) const fn new(column: &'a [u8]) -> Self {
        Self { bytes: Bytes::new(column), run: Run::Same(None), left: 0, absent: column.is_empty() }
    }

    fn next_run(&mut self) -> Read<()> {
        let count = self.bytes.signed()?;
        (self.run, self.left) = match count {
            1.. => (Run::Same(Some(V::read(&mut self.bytes)?)), count.unsigned_abs()),
            0 => (Run::Same(None), self.bytes.unsigned()?),
            _ => (Run::Each, count.unsigned_abs()),
        };
        if self.left == 0 {
            return Err(ForeignBytes::Malformed("a run has no length"));
        }
        Ok(())
    }

    /// The next row: a cell, or null.
    pub(super) fn next(&mut self) -> Read<Option<V>> {
        if self.absent {
            return Ok(None);
        }
        if self.left == 0 {
            self.next_run()?;
        }
        self.left -= 1;
        match self.run {
            Run::Same(cell) => Ok(cell),
            Run::Each => V::read(&mut self.bytes).map(Some),
        }
    }

    /// The next row, where null is not allowed.
    pub(super) fn require(&mut self, column: &'static str) -> Read<V> {
        self.next()?.ok_or(ForeignBytes::Malformed(column))
    }

    /// How many rows the column claims, without visiting them. Refuses more than `limit`.
    pub(super) fn count(mut self, limit: u64) -> Read<u64> {
        let mut rows = 0_u64;
        while !self.bytes.is_empty() {
            self.next_run()?;
            rows = rows.saturating_add(self.left);
            if rows > limit {
                return Err(ForeignBytes::TooManyOps { limit });
            }
            if matches!(self.run, Run::Each) {
                for _ in 0..self.left {
                    V::read(&mut self.bytes)?;
                }
            }
        }
        Ok(rows)
    }

    /// Refuses a column that claims more rows than were read.
    pub(super) fn finish(&self) -> Read<()> {
        if self.left == 0 && self.bytes.is_empty() {
            Ok(())
        } else {
            Err(ForeignBytes::ColumnsDisagree)
        }
    }
}

/// A run-length column of differences.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deltas<'a> {
    runs: Runs<'a, i64>,
    value: i64,
}

impl<'a> Deltas<'a> {
    pub(super) const fn new(column: &'a [u8]) -> Self {
        Self { runs: Runs::new(column), value: 0 }
    }

    /// The next row: a number that is not negative, or null.
    pub(super) fn next(&mut self) -> Read<Option<u64>> {
        let Some(delta) = self.runs.next()? else { return Ok(None) };
        self.value = self
            .value
            .checked_add(delta)
            .ok_or(ForeignBytes::Malformed("a column of differences overflows"))?;
        u64::try_from(self.value)
            .map(Some)
            .map_err(|_| ForeignBytes::Malformed("a counter is negative"))
    }

    pub(super) fn require(&mut self, column: &'static str) -> Read<u64> {
        self.next()?.ok_or(ForeignBytes::Malformed(column))
    }

    pub(super) fn finish(&self) -> Read<()> {
        self.runs.finish()
    }
}

/// A column of booleans: lengths of alternating runs, the first one of `false`. An absent column
/// stands for as many `false` as are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bools<'a> {
    bytes: Bytes<'a>,
    value: bool,
    left: u64,
    first: bool,
    absent: bool,
}

impl<'a> Bools<'a> {
    pub(super) const fn new(column: &'a [u8]) -> Self {
        Self {
            bytes: Bytes::new(column),
            value: true,
            left: 0,
            first: true,
            absent: column.is_empty(),
        }
    }

    pub(super) fn next(&mut self) -> Read<bool> {
        if self.absent {
            return Ok(false);
        }
        while self.left == 0 {
            self.left = self.bytes.unsigned()?;
            self.value = !self.value;
            // Only the first run may be empty: it says that the column begins with `true`.
            if self.left == 0 && !self.first {
                return Err(ForeignBytes::Malformed("a run has no length"));
            }
            self.first = false;
        }
        self.left -= 1;
        Ok(self.value)
    }

    pub(super) fn finish(&self) -> Read<()> {
        if self.left == 0 && self.bytes.is_empty() {
            Ok(())
        } else {
            Err(ForeignBytes::ColumnsDisagree)
        }
    }
}

/// The columns of a chunk, by specification.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'a, const N: usize> {
    specs: [u32; N],
    data: [&'a [u8]; N],
}

impl<'a, const N: usize> Columns<'a, N> {
    /// Reads the table of columns: only the `known` ones, each once, in order, none deflated.
    /// The data that the table describes is taken afterwards.
    pub(super) fn table(bytes: &mut Bytes<'a>, known: [u32; N]) -> Read<ColumnTable<N>> {
        const DEFLATED: u32 = 0b1000;
        let count = bytes.unsigned()?;
        let mut lengths = [0_u64; N];
        let mut next_known = 0;
        for _ in 0..count {
            let spec = u32::try_from(bytes.unsigned()?)
                .map_err(|_| ForeignBytes::Malformed("a column has an impossible name"))?;
            if spec & DEFLATED != 0 {
                return Err(ForeignBytes::Deflated);
            }
            let at = known[next_known..]
                .iter()
                .position(|k| *k == spec)
                .ok_or(ForeignBytes::UnknownColumn(spec))?
                + next_known;
            lengths[at] = bytes.unsigned()?;
            next_known = at + 1;
        }
        Ok(ColumnTable { specs: known, lengths })
    }

    /// One column; empty when it is absent.
    pub(super) fn get(&self, spec: u32) -> &'a [u8] {
        self.specs.iter().position(|s| *s == spec).map_or(&[], |at| self.data[at])
    }
}

/// Which columns follow, and how long each claims to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColumnTable<const N: usize> {
    specs: [u32; N],
    lengths: [u64; N],
}

impl<const N: usize> ColumnTable<N> {
    /// Takes the data of the columns.
    pub(super) fn fill<'a>(&self, bytes: &mut Bytes<'a>) -> Read<Columns<'a, N>> {
        let mut data: [&[u8]; N] = [&[]; N];
        for (column, length) in data.iter_mut().zip(self.lengths) {
            *column = bytes.take_claimed(length)?;
        }
        Ok(Columns { specs: self.specs, data })
    }
}
