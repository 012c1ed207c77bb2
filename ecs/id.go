package ecs

import (
	"crypto/sha256"
	"encoding/hex"
)

// DocumentID is the _id of the document of an object with that key, as stix.Object.Key gives it: the key
// itself, or a hash of one that is longer than Elasticsearch takes. Who deletes a document
// without having its object needs it.
func DocumentID(key string) string {
	const longest = 512 // bytes
	if len(key) <= longest {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256-" + hex.EncodeToString(sum[:])
}
