package records_test

import (
	"fmt"
	"hash/crc32"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"go.etcd.io/bbolt"
)

// rewriteHeader replaces a text in the header's row and gives it the checksum that the format asks for:
// CRC-32C over bucket, key and JSON.
func rewriteHeader(dir, old, new string) {
	GinkgoHelper()
	inFile(dir, func(tx *bbolt.Tx) error {
		bucket, key := tx.Bucket([]byte("run")), "header"
		_, data, found := strings.Cut(string(bucket.Get([]byte(key))), " ")
		Expect(found).To(BeTrue())
		Expect(data).To(ContainSubstring(old))
		data = strings.Replace(data, old, new, 1)
		sum := crc32.Checksum([]byte("run"+key+data), crc32.MakeTable(crc32.Castagnoli))
		return bucket.Put([]byte(key), fmt.Appendf(nil, "%08x %s", sum, data))
	})
}
