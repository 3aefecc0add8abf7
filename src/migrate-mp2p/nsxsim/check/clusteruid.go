package check

import (
	"crypto/sha1"
	"encoding/hex"
)

// namespaceX500 is the name space of X.500 names (RFC 9562, section 6.6), in which NCP makes the uid of a cluster from
// the cluster's name ("nsx-operator").
var namespaceX500 = []byte{0x6b, 0xa7, 0xb8, 0x14, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// clusterUID is the uid by which NCP knows a whole cluster: a UUID of version 5 (RFC 9562, section 5.5).
func clusterUID(cluster string) string {
	hash := sha1.New()
	// A hash takes whatever is written to it.
	_, _ = hash.Write(append(append([]byte{}, namespaceX500...), cluster...))
	uid := hash.Sum(nil)[:16]
	uid[6] = uid[6]&0x0f | 0x50
	uid[8] = uid[8]&0x3f | 0x80
	text := hex.EncodeToString(uid)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
