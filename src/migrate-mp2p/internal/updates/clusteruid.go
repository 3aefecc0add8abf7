package updates

import (
	"crypto/sha1" //nolint:gosec // what version 5 of UUIDs is made of; nothing is kept secret by it
	"fmt"
)

// namespaceX500 is the name space of X.500 names (RFC 9562, appendix).
var namespaceX500 = [16]byte{0x6b, 0xa7, 0xb8, 0x14, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// clusterUID is the uid by which NCP knows a whole cluster: the UUID of version 5 that its name has in the name space of
// X.500 names (nsx-operator; seen on objects of NCP in Policy mode).
func clusterUID(cluster string) string {
	sum := sha1.Sum(append(namespaceX500[:], cluster...)) //nolint:gosec // as above
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
