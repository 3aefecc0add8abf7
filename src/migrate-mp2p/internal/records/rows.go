package records

import (
	"bytes"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// in finds a bucket, which every file of ours has.
func in(tx *bbolt.Tx, name string) (*bbolt.Bucket, error) {
	if b := tx.Bucket([]byte(name)); b != nil {
		return b, nil
	}
	return nil, &ErrDamaged{Bucket: name, Cause: errors.New("the bucket is missing")}
}

func put(tx *bbolt.Tx, name string, key []byte, value any) error {
	bucket, err := in(tx, name)
	if err != nil {
		return err
	}
	row, err := encode(name, key, value)
	if err != nil {
		return err
	}
	return bucket.Put(key, row)
}

// discard empties every bucket.
func discard(tx *bbolt.Tx) error { return empty(tx, buckets...) }

func empty(tx *bbolt.Tx, names ...string) error {
	for _, name := range names {
		if err := tx.DeleteBucket([]byte(name)); err != nil {
			return fmt.Errorf("clearing bucket %q: %w", name, err)
		}
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return fmt.Errorf("clearing bucket %q: %w", name, err)
		}
	}
	return nil
}

// get reads one row into value; false when there is none.
func (s *Store) get(name string, key []byte, value any) (found bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		bucket, err := in(tx, name)
		if err != nil {
			return err
		}
		row := bucket.Get(key)
		if row == nil {
			return nil
		}
		found = true
		return decode(name, key, row, value)
	})
	return found, err
}

// pageLimit bounds the rows that scan copies out of one transaction.
const pageLimit = 1 << 20

// each decodes the rows of a bucket in the order of their keys, beginning at from (nil: at the first), and
// hands them over outside of any transaction. It ends early when each returns false or an error.
func each[T any](s *Store, name string, from []byte, visit func(T) (more bool, err error)) error {
	for next := from; ; {
		rows, rest, err := s.page(name, next)
		if err != nil {
			return err
		}
		for _, r := range rows {
			var value T
			if err := decode(name, r.key, r.value, &value); err != nil {
				return s.named(err)
			}
			if more, err := visit(value); err != nil || !more {
				return err
			}
		}
		if rest == nil {
			return nil
		}
		next = rest
	}
}

// row is a copy of a row, or one to be written.
type row struct {
	bucket string
	key    []byte
	value  []byte
}

// page copies rows from a key on, at least one and about pageLimit bytes, and says where the rest begins.
func (s *Store) page(name string, from []byte) (rows []row, rest []byte, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		bucket, err := in(tx, name)
		if err != nil {
			return err
		}
		cursor, size := bucket.Cursor(), 0
		for k, v := cursor.Seek(from); k != nil; k, v = cursor.Next() {
			if size >= pageLimit {
				rest = bytes.Clone(k)
				return nil
			}
			rows = append(rows, row{bucket: name, key: bytes.Clone(k), value: bytes.Clone(v)})
			size += len(k) + len(v)
		}
		return nil
	})
	return rows, rest, err
}

// count returns how many rows a bucket has.
func (s *Store) count(name string) (n int, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		bucket, err := in(tx, name)
		if err == nil {
			n = bucket.Stats().KeyN
		}
		return err
	})
	return n, err
}

// chunk collects new rows and commits them in transactions of about transactionLimit bytes.
type chunk struct {
	store *Store
	rows  []row
	size  int
}

// add takes one more row; a key that is already in its bucket is refused when the chunk is written.
func (c *chunk) add(bucket string, key []byte, value any) error {
	data, err := encode(bucket, key, value)
	if err != nil {
		return err
	}
	c.rows = append(c.rows, row{bucket: bucket, key: key, value: data})
	c.size += len(key) + len(data)
	if c.size >= transactionLimit {
		return c.flush()
	}
	return nil
}

// plannedFill is how full pages of new rows get. They come mostly in the order of their keys, so that bbolt's
// usual half would double the file.
const plannedFill = 0.9

// flush commits what was collected.
func (c *chunk) flush() error {
	if len(c.rows) == 0 {
		return nil
	}
	rows := c.rows
	c.rows, c.size = nil, 0
	return c.store.update(func(tx *bbolt.Tx) error {
		for _, r := range rows {
			bucket, err := in(tx, r.bucket)
			if err != nil {
				return err
			}
			bucket.FillPercent = plannedFill
			if bucket.Get(r.key) != nil {
				return fmt.Errorf("%s row %q occurs twice", r.bucket, rowName(r.bucket, r.key))
			}
			if err := bucket.Put(r.key, r.value); err != nil {
				return err
			}
		}
		return nil
	})
}
