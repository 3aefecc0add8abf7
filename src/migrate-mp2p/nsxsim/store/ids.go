package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// uuidAt is the n-th UUID of a seed. It looks like a random (version 4) one, as NSX's ids do.
func uuidAt(seed, n uint64) string {
	var input [16]byte
	binary.BigEndian.PutUint64(input[:8], seed)
	binary.BigEndian.PutUint64(input[8:], n)
	return uuidOf(sha256.Sum256(input[:]))
}

// NameID is the UUID that belongs to a name, for what the store does not hold but has an id all the same.
func NameID(name string) string { return uuidOf(sha256.Sum256([]byte(name))) }

func uuidOf(sum [sha256.Size]byte) string {
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
