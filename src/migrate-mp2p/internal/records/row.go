package records

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"
)

// The buckets of the file.
const (
	bucketRun       = "run"       // the header, and from phase 3 on what was looked up of the platform's workloads
	bucketBatches   = "batches"   // sequence -> Batch without its entries
	bucketEntries   = "entries"   // sequence -> []Entry
	bucketRequests  = "requests"  // sequence -> nsx.Promotion
	bucketMigrated  = "migrated"  // type/id -> MigratedObject
	bucketOriginals = "originals" // type/id -> Original
	bucketUpdates   = "updates"   // sequence -> Update
)

// buckets lists them all, in the order in which they are archived and checked.
var buckets = []string{bucketRun, bucketBatches, bucketEntries, bucketRequests, bucketMigrated, bucketOriginals, bucketUpdates}

var (
	headerKey    = []byte("header")
	workloadsKey = []byte("workloads")
)

// sequenceKey sorts as the number does.
func sequenceKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func objectKey(kind, id string) []byte { return []byte(kind + "/" + id) }

// rowName spells a key for people.
func rowName(bucket string, key []byte) string {
	switch bucket {
	case bucketBatches, bucketEntries, bucketRequests, bucketUpdates:
		if len(key) == 8 {
			return strconv.FormatUint(binary.BigEndian.Uint64(key), 10)
		}
	}
	return string(key)
}

// sumLength is the length of the checksum before the JSON: eight hexadecimal digits and a blank.
const sumLength = 9

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum covers bucket and key too, so that a row in the wrong place is noticed.
func sum(bucket string, key, data []byte) (text [sumLength]byte) {
	crc := crc32.Update(0, castagnoli, []byte(bucket))
	crc = crc32.Update(crc, castagnoli, key)
	crc = crc32.Update(crc, castagnoli, data)
	var binaryCRC [4]byte
	binary.BigEndian.PutUint32(binaryCRC[:], crc)
	hex.Encode(text[:], binaryCRC[:])
	text[sumLength-1] = ' '
	return text
}

// encode makes the row that is stored: checksum, blank, JSON.
func encode(bucket string, key []byte, value any) ([]byte, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding %s row %q: %w", bucket, rowName(bucket, key), err)
	}
	checksum := sum(bucket, key, data)
	return slices.Concat(checksum[:], data), nil
}

var errChecksum = errors.New("the checksum does not match")

// payload checks a row and returns its JSON, which shares the row's memory.
func payload(bucket string, key, row []byte) ([]byte, error) {
	if len(row) < sumLength || [sumLength]byte(row) != sum(bucket, key, row[sumLength:]) {
		return nil, &ErrDamaged{Bucket: bucket, Row: rowName(bucket, key), Cause: errChecksum}
	}
	return row[sumLength:], nil
}

// decode reads a row into value, which shares nothing with it.
func decode(bucket string, key, row []byte, value any) error {
	data, err := payload(bucket, key, row)
	if err != nil {
		return err
	}
	if err := jsonv2.Unmarshal(data, value); err != nil {
		return &ErrDamaged{Bucket: bucket, Row: rowName(bucket, key), Cause: err}
	}
	return nil
}
